//! Folders that components share.

use chartwright_contract::control::WorkloadState::{Error, Running};
use serde_json::json;

use crate::host::{Scene, serves};

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_folder_is_there_until_the_workload_ends() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&[]).await else { return };
    let seed = tempfile::tempdir().unwrap();
    std::fs::write(seed.path().join("note"), "seen").unwrap();
    let start = json!({
        "witWorld": {
            "components": [{ "name": "api", "image": image, "localResources": { "volumeMounts": [
                { "name": "scratch", "mountPath": "/data" },
                { "name": "seed", "mountPath": "/seed", "readOnly": true },
            ] } }],
            "hostInterfaces": [serves("a.example")],
        },
        "volumes": [{ "name": "scratch", "emptyDir": {} }, { "name": "seed", "hostPath": { "localPath": seed.path() } }],
    });
    let status = host.workload("a", start.clone()).await;
    assert_eq!(status.workload_state, Running, "{}", status.message);
    assert_eq!(host.get("a.example", "/write?/data/file=text").await.status, 200);
    // Each request has an instance of its own, and all of them one folder.
    assert_eq!(host.get("a.example", "/read?/data/file").await.body, "text");
    assert_eq!(host.get("a.example", "/read?/seed/note").await.body, "seen");
    assert_eq!(host.get("a.example", "/write?/seed/note=other").await.status, 500);
    assert_eq!(host.get("a.example", "/read?/etc/passwd").await.status, 500);
    host.end("a").await;
    assert_eq!(host.workload("a", start).await.workload_state, Running);
    assert_eq!(host.get("a.example", "/read?/data/file").await.status, 500, "a new workload, a new folder");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mount_of_no_volume_is_refused() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&[]).await else { return };
    let mounts = json!({ "localResources": { "volumeMounts": [{ "name": "data", "mountPath": "/data" }] } });
    let status = host.run("a", &image, "a.example", mounts).await;
    assert_eq!(status.workload_state, Error);
    assert!(status.message.contains("component `api` mounts the volume `data`"), "{}", status.message);
    host.stop().await;
}
