//! Components of a workload that call each other.

use chartwright_contract::control::WorkloadState::{Error, Running};
use serde_json::{Value, json};

use crate::guests::guest;
use crate::host::{Scene, serves};

/// A workload of these components that serves `shop.example`.
fn workload(components: &Value) -> Value {
    json!({ "witWorld": { "components": components, "hostInterfaces": [
        serves("shop.example"),
        { "namespace": "wasi", "package": "config", "version": "0.2.0-rc.1", "interfaces": ["store"],
          "config": { "KEY": "of all" } },
    ] } })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_component_has_its_own_surroundings() {
    let Some(Scene { host, registry, nats: _nats, .. }) = Scene::new(&[]).await else { return };
    let (shop, prices) = (registry.put("shop", "1", &guest("shop")), registry.put("prices", "1", &guest("prices")));
    let seed = tempfile::tempdir().unwrap();
    std::fs::write(seed.path().join("note"), "seen").unwrap();
    let mut start = workload(&json!([
        { "name": "shop", "image": shop, "localResources": {
            "environment": { "NAME": "the shop" }, "config": { "KEY": "of the shop" } } },
        { "name": "prices", "image": prices, "localResources": {
            "environment": { "NAME": "the prices" }, "allowedHosts": ["127.0.0.1"],
            "volumeMounts": [{ "name": "seed", "mountPath": "/seed", "readOnly": true }] } },
    ]));
    start["volumes"] = json!([{ "name": "seed", "hostPath": { "localPath": seed.path() } }]);
    let status = host.workload("a", start.clone()).await;
    assert_eq!(status.workload_state, Running, "{}", status.message);
    let get = async |path: &str| host.get("shop.example", path).await.body;
    assert_eq!(get("/price?apple").await, "Ok(3)");
    assert_eq!(get("/price?stone").await, r#"Err("nobody sells `stone`")"#);
    assert_eq!(get("/basket?apple,pear,apple").await, "11");
    assert_eq!(get("/env?NAME").await, r#"Some("the shop") Some("the prices")"#);
    assert_eq!(get("/config?KEY").await, r#"Some("of the shop") Some("of all")"#);
    assert_eq!(get("/config?NAME").await, r#"Some("the shop") Some("the prices")"#);
    // What one may read or ask, the other may not by that.
    assert_eq!(get("/read?/seed/note").await, r#"None Some("seen")"#);
    assert_eq!(get(&format!("/fetch?{}", registry.address)).await, "status 404");
    assert!(get("/fetch?elsewhere.example").await.contains("HttpRequestDenied"));
    // A failure in one ends the request, and nothing else.
    assert_eq!(host.get("shop.example", "/fail").await.status, 500);
    assert_eq!(get("/price?pear").await, "Ok(5)");
    // Another workload of the same components finds them composed and compiled.
    let pulls = registry.pulls();
    start["witWorld"]["hostInterfaces"][0]["config"]["host"] = json!("other.example");
    assert_eq!(host.workload("b", start).await.workload_state, Running);
    assert_eq!((host.get("other.example", "/price?apple").await.body.as_str(), registry.pulls()), ("Ok(3)", pulls));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_two_export_is_refused_with_both_names() {
    let Some(Scene { host, registry, image, nats: _nats }) = Scene::new(&[]).await else { return };
    let (shop, prices) = (registry.put("shop", "1", &guest("shop")), registry.put("prices", "1", &guest("prices")));
    let component = |name: &str, image: &str| json!({ "name": name, "image": image, "localResources": {} });
    let both = json!([component("shop", &shop), component("old", &prices), component("new", &prices)]);
    let status = host.workload("a", workload(&both)).await;
    assert_eq!(status.workload_state, Error);
    for part in ["`shop`", "`shop:prices/lookup@0.1.0`", "`old` and `new`"] {
        assert!(status.message.contains(part), "{part}: {}", status.message);
    }
    // Equal exports that nobody imports are no fault, and the first that serves HTTP gets the requests.
    let unused = json!([component("hello", &image), component("old", &prices), component("new", &prices)]);
    let status = host.workload("b", workload(&unused)).await;
    assert_eq!(status.workload_state, Running, "{}", status.message);
    assert_eq!(host.get("shop.example", "/").await.body, "hello\n");
    // Nobody exports it: that is said with the names, before any request.
    let alone = host.workload("c", workload(&json!([component("shop", &shop)]))).await;
    assert_eq!(alone.workload_state, Error);
    assert!(
        alone.message.contains("component `shop`") && alone.message.contains("shop:prices/lookup"),
        "{}",
        alone.message
    );
    host.stop().await;
}
