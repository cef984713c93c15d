//! Calls between workloads of one host.

use chartwright_contract::control::WorkloadState::{Error, Running};
use serde_json::{Value, json};

use crate::host::{Host, Scene};

/// A workload in a namespace, with settings of its `wasi:http` entry.
async fn start(host: &Host, image: &str, id: &str, namespace: &str, config: Value) -> String {
    let request = json!({
        "workloadId": id,
        "workload": { "namespace": namespace, "name": id, "witWorld": {
            "components": [{ "name": "api", "image": image,
                "localResources": { "allowedHosts": ["*.example", "*.internal", "api"], "environment": { "NAME": id } } }],
            "hostInterfaces": [{ "namespace": "wasi", "package": "http", "interfaces": ["incoming-handler"],
                "config": config }],
        } },
    });
    let status = host.command("workload.start", request).await.unwrap();
    assert!(matches!(status.workload_state, Running | Error));
    if status.workload_state == Running { String::new() } else { status.message }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_is_called_without_the_network() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&["--http-local-routing"]).await else { return };
    let caller = json!({ "host": "a.example" });
    assert_eq!(start(&host, &image, "a", "shop", caller).await, "");
    let callee = json!({ "host": "b.example", "localRoute": "b.internal, shop.internal/env" });
    assert_eq!(start(&host, &image, "b", "shop", callee).await, "");
    let foreign = json!({ "host": "c.example", "localRoute": "c.internal" });
    assert_eq!(start(&host, &image, "c", "other", foreign).await, "");

    let call = async |url: &str| host.get("a.example", &format!("/call?{url}")).await.body;
    for url in ["http://b.example/env?NAME", "http://B.internal:8080/env?NAME", "https://shop.internal/env?NAME"] {
        assert_eq!(call(url).await, "200 b", "{url}");
    }
    assert_eq!(call("http://b.internal/seen").await, r#"200 Method::Get Some(Scheme::Http) Some("b.internal")"#);
    // Not below its path, of another namespace, not allowed: none of these is answered by a neighbour.
    for url in ["http://shop.internal/other", "http://c.example/", "http://c.internal/", "http://b.elsewhere/"] {
        assert!(!call(url).await.starts_with("200"), "{url}");
    }
    assert_eq!(host.get("b.internal", "/").await.status, 404, "local names are not for the network");
    let metrics = host.metrics().await;
    assert!(metrics.contains(r#"workload="b",component="api",class="2xx"} 4"#), "{metrics}");
    host.command("workload.stop", json!({ "workloadId": "b" })).await;
    assert!(!call("http://b.internal/env?NAME").await.starts_with("200"));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_namespaces_have_a_service_of_one_name() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&["--http-local-routing"]).await else { return };
    let service = |namespace: &str| json!({ "host": format!("{namespace}.example"), "host-aliases": format!("api, api.{namespace}") });
    assert_eq!(start(&host, &image, "a", "shop", service("shop")).await, "");
    assert_eq!(host.get("api", "/env?NAME").await.body, "a", "one namespace has it");
    assert_eq!(start(&host, &image, "b", "other", service("other")).await, "");
    let ambiguous = host.get("api", "/env?NAME").await;
    assert_eq!((ambiguous.status, ambiguous.reason.as_str()), (404, "ambiguous-host"));
    assert!(ambiguous.body.contains("`api.NAMESPACE`"), "{ambiguous:?}");
    for (name, workload) in [("api.shop", "a"), ("api.other", "b"), ("shop.example", "a"), ("other.example", "b")] {
        assert_eq!(host.get(name, "/env?NAME").await.body, workload, "{name}");
    }
    // Between workloads it leads to the one of the same namespace.
    for (asking, workload) in [("shop.example", "a"), ("other.example", "b")] {
        assert_eq!(host.get(asking, "/call?http://api/env?NAME").await.body, format!("200 {workload}"));
    }
    // Who has it as its main name is not disturbed by another's Service.
    assert_eq!(start(&host, &image, "c", "third", json!({ "host": "api" })).await, "");
    assert_eq!(host.get("api", "/env?NAME").await.body, "c");
    host.command("workload.stop", json!({ "workloadId": "c" })).await;
    host.command("workload.stop", json!({ "workloadId": "a" })).await;
    assert_eq!(host.get("api", "/env?NAME").await.body, "b", "one namespace has it again");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_local_route_fails_the_start_and_none_is_used_unasked() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&[]).await else { return };
    let bad = start(&host, &image, "a", "shop", json!({ "host": "a.example", "localRoute": "*.internal" })).await;
    assert!(bad.contains("`localRoute`") && bad.contains("`*.internal`"), "{bad}");
    let good = json!({ "host": "a.example", "localRoute": "a.internal" });
    assert_eq!(start(&host, &image, "a", "shop", good).await, "");
    let answer = host.get("a.example", "/call?http://a.internal/").await;
    assert_eq!(answer.status, 502, "{answer:?}");
    host.stop().await;
}
