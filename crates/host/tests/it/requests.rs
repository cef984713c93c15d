//! Requests: routing, limits, guests that misbehave, the end.

use std::time::{Duration, Instant};

use chartwright_contract::control::WorkloadState::{Error, Running};
use futures::future::join_all;
use serde_json::json;

use crate::host::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn names_in_any_spelling_lead_to_their_workload() {
    let Some(Scene { host, image, registry, nats: _nats }) = Scene::new(&[]).await else { return };
    for (id, name) in [("a", "a.example"), ("b", "b.example")] {
        let environment = json!({ "localResources": { "environment": { "NAME": id } } });
        let status = host.run(id, &image, name, environment).await;
        assert_eq!(status.workload_state, Running, "{}", status.message);
    }
    for (name, id) in [("A.Example:8080", "a"), ("b.example.", "b"), ("b.example", "b")] {
        assert_eq!(host.get(name, "/env?NAME").await.body, id, "{name}");
    }
    assert_eq!(host.get("c.example", "/").await.status, 404);
    // One digest, one pull, one compilation: the second workload had nothing left to do.
    assert_eq!(registry.pulls(), 1);
    let metrics = host.metrics().await;
    let counted = r#"chartwright_host_http_requests_total{workload_namespace="shop",workload="a-name",component="api",class="2xx"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
    assert!(metrics.contains(r#"chartwright_host_http_misses_total{reason="unknown-host"} 1"#), "{metrics}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h01_a_workload_answers_to_all_names_of_its_service() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&[]).await else { return };
    for (interface, service) in [("incoming-handler", "web"), ("handler", "api")] {
        let aliases = [service.to_owned(), format!("{service}.apps"), format!("{service}.apps.svc")];
        let full = format!("{service}.apps.svc.cluster.local");
        let start = json!({ "witWorld": {
            "components": [{ "name": "c", "image": image }],
            "hostInterfaces": [{ "namespace": "wasi", "package": "http", "interfaces": [interface], "config": {
                "host": format!("{service}.example.test"), "host-aliases": format!("{}, {full}", aliases.join(",")) } }],
        } });
        assert_eq!(host.workload(service, start).await.workload_state, Running);
        for name in aliases.iter().chain([&full, &format!("{service}.example.test")]) {
            assert_eq!(host.get(name, "/").await.status, 200, "{name}");
        }
    }
    let nobody = host.get("nobody.example.test", "/").await;
    assert_eq!((nobody.status, nobody.reason.as_str()), (404, "unknown-host"));
    assert!(nobody.body.contains("`nobody.example.test`") && !nobody.body.contains("web"), "{}", nobody.body);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_another_namespace_is_not_shared() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&[]).await else { return };
    host.run("a", &image, "a.example", json!({})).await;
    let foreign = json!({ "workloadId": "b", "workload": { "namespace": "other", "name": "b", "witWorld": {
        "components": [{ "image": image }],
        "hostInterfaces": [{ "namespace": "wasi", "package": "http", "interfaces": ["incoming-handler"],
            "config": { "host": "b.example", "host-aliases": "A.example" } }],
    } } });
    let status = host.command("workload.start", foreign).await.unwrap();
    assert_eq!(status.workload_state, Error);
    assert!(status.message.contains("`a.example`") && status.message.contains("`shop`"), "{}", status.message);
    assert_eq!(host.get("b.example", "/").await.status, 404);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_harms_only_its_own_request() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&["--request-timeout=2s"]).await else { return };
    host.run("a", &image, "a.example", json!({})).await;
    let begin = Instant::now();
    let (trap, eat, busy, fine) = tokio::join!(
        host.get("a.example", "/trap"),
        host.get("a.example", "/eat"),
        host.get("a.example", "/loop"),
        async {
            let mut all = Vec::new();
            for _ in 0..20 {
                all.push(host.get("a.example", "/").await.status);
            }
            all
        },
    );
    assert_eq!((trap.status, trap.reason.as_str()), (500, "guest-failed"));
    assert_eq!((eat.status, eat.reason.as_str()), (500, "guest-failed"));
    assert_eq!((busy.status, busy.reason.as_str()), (504, "timeout"));
    assert_eq!(fine, [200; 20]);
    assert!(begin.elapsed() < Duration::from_secs(15));
    assert_eq!(host.get("a.example", "/").await.status, 200);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_not_taken_for_a_whole_one() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&[]).await else { return };
    host.run("a", &image, "a.example", json!({})).await;
    let stream = tokio::net::TcpStream::connect(host.addresses.http.unwrap()).await.unwrap();
    let (mut one, connection) =
        hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    // While nothing was sent, the host can still say so itself.
    let soon = host.get("a.example", "/cut?1").await;
    assert_eq!((soon.status, soon.reason.as_str()), (500, "guest-failed"));
    let request = http::Request::get("/cut?100").header("host", "a.example").body(String::new()).unwrap();
    let response = one.send_request(request).await.unwrap();
    assert_eq!(response.status(), 200, "the guest said so before it failed");
    assert!(http_body_util::BodyExt::collect(response.into_body()).await.is_err());
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_stream_both_ways() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&[]).await else { return };
    host.run("a", &image, "a.example", json!({})).await;
    let body = "0123456789abcdef".repeat(64 * 1024);
    let answer = host.send("a.example", "/echo", &body).await;
    assert_eq!((answer.status, answer.body.len()), (200, body.len()));
    assert!(answer.body == body);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_reaches_what_it_may_and_nothing_else() {
    let Some(Scene { host, image, registry, nats: _nats }) = Scene::new(&[]).await else { return };
    let allowed = json!({ "localResources": { "allowedHosts": ["127.0.0.1"] } });
    host.run("a", &image, "a.example", allowed).await;
    host.run("b", &image, "b.example", json!({})).await;
    let path = format!("/fetch?{}", registry.address);
    assert_eq!(host.get("a.example", &path).await.body, "status 404");
    let denied = host.get("b.example", &path).await;
    assert!(denied.status == 502 && denied.body.contains("HttpRequestDenied"), "{denied:?}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&["--max-body-bytes=1Ki"]).await else { return };
    host.run("a", &image, "a.example", json!({})).await;
    assert_eq!(host.send("a.example", "/echo", &"x".repeat(1024)).await.body.len(), 1024);
    let answer = host.send("a.example", "/echo", &"x".repeat(1025)).await;
    assert_eq!((answer.status, answer.reason.as_str()), (413, "body-too-large"));
    assert!(host.metrics().await.contains(r#"chartwright_host_http_misses_total{reason="body-too-large"} 1"#));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_its_limit_a_workload_says_so() {
    let Some(Scene { host, image, nats: _nats, .. }) =
        Scene::new(&["--max-in-flight-per-workload=1", "--request-timeout=2s"]).await
    else {
        return;
    };
    host.run("a", &image, "a.example", json!({})).await;
    let (_, second) = tokio::join!(host.get("a.example", "/loop"), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        host.get("a.example", "/").await
    });
    assert_eq!((second.status, second.reason.as_str()), (503, "workload-busy"));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_for_an_instance_the_answer_says_so() {
    let more = ["--core-instances=4", "--max-in-flight=40", "--max-in-flight-per-workload=40"];
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&more).await else { return };
    host.run("a", &image, "a.example", json!({})).await;
    let many = join_all((0..20).map(|_| host.get("a.example", "/sleep?500"))).await;
    let refused: Vec<_> = many.iter().filter(|answer| answer.status != 200).collect();
    assert!(!refused.is_empty() && refused.len() < 20, "{many:?}");
    assert!(refused.iter().all(|answer| (answer.status, answer.reason.as_str()) == (503, "no-instance")), "{many:?}");
    assert_eq!(host.get("a.example", "/").await.status, 200, "there is room again");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_all_guests_has_a_limit_that_is_enforced_when_asked() {
    let limits = ["--max-guest-memory=16Mi", "--guest-memory-mode=enforce", "--request-timeout=5s"];
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&limits).await else { return };
    host.run("a", &image, "a.example", json!({})).await;
    assert_eq!(host.get("a.example", "/eat").await.status, 500);
    let metrics = host.metrics().await;
    let over = metrics.lines().find(|line| line.starts_with("chartwright_host_guest_memory_over ")).unwrap();
    assert!(!over.ends_with(" 0"), "{over}");
    assert!(metrics.contains("chartwright_host_guest_memory_bytes 0"), "all is given back: {metrics}");
    assert_eq!(host.get("a.example", "/").await.status, 200);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_may_have_less_memory_than_the_host_allows() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&["--request-timeout=5s"]).await else { return };
    let little = json!({ "localResources": { "memoryLimitMb": 1 } });
    host.run("a", &image, "a.example", little).await;
    let answer = host.get("a.example", "/").await;
    assert_eq!((answer.status, answer.reason.as_str()), (503, "no-instance"), "it needs more to begin with");
    host.run("b", &image, "b.example", json!({ "localResources": { "memoryLimitMb": 8 } })).await;
    assert_eq!(host.get("b.example", "/").await.status, 200);
    assert_eq!(host.get("b.example", "/eat").await.status, 500);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_loses_nothing() {
    let Some(Scene { mut host, image, nats: _nats, .. }) = Scene::new(&["--drain-delay=1s"]).await else { return };
    host.run("a", &image, "a.example", json!({})).await;
    host.drain();
    // Those who have not heard yet are served; the probe says what goes on.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(host.probe("/readyz").await.body, "the host drains\n");
    for _ in 0..5 {
        assert_eq!(host.get("a.example", "/").await.status, 200);
    }
    let late = host.run("b", &image, "b.example", json!({})).await;
    assert!(late.message.contains("about to end"), "{}", late.message);
}
