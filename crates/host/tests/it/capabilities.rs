//! What guests may import beside WASI.

use chartwright_contract::control::WorkloadState::{Error, Running};
use serde_json::json;

use crate::guests;
use crate::host::{Host, Scene, serves};
use crate::nats::Nats;
use crate::registry::Registry;

#[tokio::test(flavor = "multi_thread")]
async fn settings_come_in_layers() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&[]).await else { return };
    let status = host.workload(
        "a",
        json!({ "witWorld": {
        "components": [{ "name": "api", "image": image, "localResources": {
            "config": { "B": "component", "C": "component" }, "environment": { "C": "environment" } } }],
        "hostInterfaces": [
            serves("a.example"),
            { "namespace": "wasi", "package": "config", "version": "0.2.0-rc.1", "interfaces": ["store"],
              "config": { "A": "entry", "B": "entry", "C": "entry" } },
            { "namespace": "wasi", "package": "logging", "interfaces": ["logging"] },
        ],
    } }),
    );
    assert_eq!(status.await.workload_state, Running);
    for (key, value) in [("A", "entry"), ("B", "component"), ("C", "environment")] {
        assert_eq!(host.get("a.example", &format!("/config?{key}")).await.body, value);
    }
    assert_eq!(host.get("a.example", "/config?D").await.status, 404);
    assert_eq!(host.get("a.example", "/config-keys").await.body, "A,B,C");
    assert_eq!(host.get("a.example", "/log?a-line").await.status, 200);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interface_that_does_not_exist_is_named() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&[]).await else { return };
    let start = json!({ "witWorld": {
        "components": [{ "name": "api", "image": image }],
        "hostInterfaces": [
            serves("a.example"),
            { "namespace": "wasi", "package": "config", "interfaces": ["runtime"] },
        ],
    } });
    let status = host.workload("a", start).await;
    assert_eq!(status.workload_state, Error);
    assert!(status.message.contains("`wasi:config` has no interface `runtime`, only store"), "{}", status.message);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_changes_nothing_is_said_in_the_status() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&[]).await else { return };
    let status = host.workload(
        "a",
        json!({ "witWorld": {
        "components": [{ "name": "api", "image": image }],
        "hostInterfaces": [
            serves("a.example"),
            { "namespace": "wasi", "package": "config", "version": "0.2.0", "interfaces": ["store"] },
            { "namespace": "wasi", "package": "nonsense", "interfaces": ["store"] },
        ],
    } }),
    );
    let status = status.await;
    assert_eq!(status.workload_state, Running);
    for part in ["`wasi:config@0.2.0` has no effect", "`wasi:config@0.2.0-rc.1`", "`wasi:nonsense` has no effect"] {
        assert!(status.message.contains(part), "{part}: {}", status.message);
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guest_writes_is_in_the_log_under_its_names() {
    let Some(nats) = Nats::start() else { return };
    let registry = Registry::start();
    let image = registry.put("hello", "1", guests::hello());
    let log = nats.file("host.log", "");
    let host = Host::spawn(&nats, &log, &[]).await;
    assert_eq!(host.run("a", &image, "a.example", json!({})).await.workload_state, Running);
    assert_eq!(host.get("a.example", "/say?a-line-of-mine").await.status, 200);
    host.stop().await;
    let log = std::fs::read_to_string(&log).unwrap();
    for (stream, text) in [("stdout", "first"), ("stdout", "a-line-of-mine"), ("stderr", "no end to a-line-of-mine")] {
        let stream = format!("stream=\"{stream}\"");
        let found = log.lines().find(|line| line.contains(text) && line.contains(&stream));
        let line = found.unwrap_or_else(|| panic!("{text}: {log}"));
        // Nothing that a guest writes can be taken for a line of the host's own.
        assert!(line.starts_with("20") && line.contains("guest: ") && line.contains("workload=\"a-name\""), "{line}");
    }
}
