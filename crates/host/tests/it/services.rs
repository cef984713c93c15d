//! The part of a workload that runs by itself.

use chartwright_contract::control::WorkloadState::{Completed, Error, Running};
use serde_json::{Value, json};

use crate::guests::guest;
use crate::host::{Scene, serves, until};

/// A workload of only a service, whose folder is that one of the host.
fn workload(image: &str, folder: &std::path::Path, end: &str, max_restarts: u64) -> Value {
    json!({
        "service": {
            "image": image, "maxRestarts": max_restarts.to_string(),
            "localResources": {
                "environment": { "END": end }, "volumeMounts": [{ "name": "data", "mountPath": "/data" }] },
        },
        "volumes": [{ "name": "data", "hostPath": { "localPath": folder } }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_runs_until_it_ends_or_is_stopped() {
    let Some(Scene { host, registry, nats: _nats, .. }) = Scene::new(&[]).await else { return };
    let image = registry.put("ticker", "1", &guest("ticker"));
    let folders: Vec<_> = (0..4).map(|_| tempfile::tempdir().unwrap()).collect();
    let starts = |folder: usize| {
        std::fs::read_to_string(folders[folder].path().join("starts")).unwrap_or_default().lines().count()
    };
    for (place, (end, restarts)) in [("never", 0), ("well", 5), ("badly", 1), ("trap", 0)].into_iter().enumerate() {
        let status = host.workload(end, workload(&image, folders[place].path(), end, restarts)).await;
        assert_eq!(status.workload_state, Running, "{}", status.message);
    }
    until(async || host.state("well").await == Completed).await;
    until(async || host.state("badly").await == Error && host.state("trap").await == Error).await;
    until(async || starts(0) == 1).await;
    assert_eq!((host.state("never").await, starts(1), starts(2), starts(3)), (Running, 1, 2, 1));
    let failed = host.command("workload.status", json!({ "workloadId": "badly" })).await.unwrap().message;
    assert!(failed.contains("after 1 restarts") && failed.contains("exit code 1"), "{failed}");
    host.end("never").await;
    // It ended with its workload: a new one starts for itself.
    let again = workload(&image, folders[0].path(), "never", 0);
    assert_eq!(host.workload("never", again).await.workload_state, Running);
    until(async || starts(0) == 2).await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_serves_http_keeps_its_one_instance() {
    let Some(Scene { host, registry, nats: _nats, .. }) = Scene::new(&[]).await else { return };
    let image = registry.put("streams", "1", &guest("streams"));
    let entry = json!({ "namespace": "wasi", "package": "http", "interfaces": ["handler"],
        "config": { "host": "a.example" } });
    let status =
        host.workload("a", json!({ "service": { "image": image }, "witWorld": { "hostInterfaces": [entry] } })).await;
    assert_eq!(status.workload_state, Running, "{}", status.message);
    for call in 1..=5 {
        assert_eq!(host.get("a.example", "/calls").await.body, call.to_string());
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_leaves_no_route() {
    let Some(Scene { host, registry, image, nats: _nats }) = Scene::new(&[]).await else { return };
    let neither = registry.put("prices", "1", &guest("prices"));
    let start = json!({
        "service": { "image": neither },
        "witWorld": { "components": [{ "name": "api", "image": image }], "hostInterfaces": [serves("a.example")] },
    });
    let status = host.workload("a", start).await;
    assert_eq!(status.workload_state, Error);
    assert!(status.message.contains("neither `wasi:cli/run` nor"), "{}", status.message);
    assert_eq!(host.get("a.example", "/").await.status, 404);
    host.stop().await;
}
