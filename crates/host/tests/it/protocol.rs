//! The control protocol: what upstream's operator sends, and what it must get.

use std::time::{Duration, Instant};

use chartwright_contract::control::WorkloadState::{Error, NotFound, Running, Starting, Stopping};
use serde_json::{Value, json};

use crate::guests;
use crate::host::{Host, Scene};
use crate::nats::Nats;
use crate::registry::Registry;

#[tokio::test(flavor = "multi_thread")]
async fn a_workload_starts_answers_and_stops() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&[]).await else { return };
    assert_eq!(host.state("a").await, NotFound);
    let status = host.run("a", &image, "a.example", json!({})).await;
    assert_eq!((status.workload_id.as_str(), status.workload_state), ("a", Running), "{}", status.message);
    assert_eq!(host.get("a.example", "/").await.body, "hello\n");
    // A repeated start is no error, and starts nothing.
    assert_eq!(host.run("a", &image, "a.example", json!({})).await.workload_state, Running);
    let heartbeat = host.heartbeat().await;
    assert_eq!((&heartbeat["workloadCount"], &heartbeat["componentCount"]), (&json!("1"), &json!("1")));
    let stop = host.command("workload.stop", json!({ "workloadId": "a" })).await.unwrap();
    assert_eq!(stop.workload_state, Stopping);
    let answer = host.get("a.example", "/").await;
    assert_eq!((answer.status, answer.reason.as_str()), (404, "unknown-host"));
    assert_eq!(host.command("workload.stop", json!({ "workloadId": "a" })).await.unwrap().workload_state, NotFound);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_has_an_answer_and_a_failed_start_stays_in_mind() {
    let Some(nats) = Nats::start() else { return };
    let registry = Registry::start();
    let host = Host::start(&nats, &[]).await;
    let missing = host.run("a", &format!("{}/none:1", registry.address), "a.example", json!({})).await;
    assert_eq!(missing.workload_state, Error);
    assert!(missing.message.contains("none"), "{}", missing.message);
    assert_eq!(host.state("a").await, Error);
    // It can be started again once its cause is gone.
    let image = registry.put("none", "1", guests::hello());
    assert_eq!(host.run("a", &image, "a.example", json!({})).await.workload_state, Running);

    let start = |payload: Value| host.command("workload.start", payload);
    let unnamed = start(json!({ "workload": {} })).await.unwrap();
    assert!(unnamed.workload_state == Error && unnamed.message.contains("workloadId"));
    let empty = start(json!({ "workloadId": "b" })).await.unwrap();
    assert_eq!((empty.workload_id.as_str(), empty.workload_state), ("b", Error));
    let wrong = start(json!({ "workloadId": "c", "workload": 7 })).await.unwrap();
    assert_eq!((wrong.workload_id.as_str(), wrong.workload_state), ("c", Error));
    let hostless = start(json!({ "workloadId": "d", "workload": { "namespace": "n", "name": "d", "witWorld": {
        "components": [{ "image": image }],
        "hostInterfaces": [{ "namespace": "wasi", "package": "http", "interfaces": ["incoming-handler"] }],
    } } }));
    assert!(hostless.await.unwrap().message.contains("needs `host`"));
    // Fields of a newer peer are read over.
    let newer =
        start(json!({ "workloadId": "e", "newField": 1, "workload": { "namespace": "n", "name": "e", "other": [] } }));
    assert_eq!(newer.await.unwrap().workload_state, Running);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_pull_delays_nothing_and_can_be_stopped() {
    let Some(nats) = Nats::start() else { return };
    let (fast, slow) = (Registry::start(), Registry::start());
    let quick = fast.put("hello", "1", guests::hello());
    let image = slow.put("hello", "1", guests::hello());
    slow.delay(Duration::from_secs(30));
    let host = Host::start(&nats, &["--max-concurrent-starts=2"]).await;
    let starting = host.run("slow", &image, "slow.example", json!({}));
    let others = async {
        while host.state("slow").await != Starting {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let begin = Instant::now();
        assert_eq!(host.run("quick", &quick, "quick.example", json!({})).await.workload_state, Running);
        assert_eq!(host.get("quick.example", "/").await.status, 200);
        assert_eq!(
            host.command("workload.stop", json!({ "workloadId": "slow" })).await.unwrap().workload_state,
            Stopping
        );
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    };
    let (slow, ()) = tokio::join!(starting, others);
    assert_eq!(slow.workload_state, Stopping);
    assert_eq!(host.state("slow").await, NotFound);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_costs_nothing_but_readiness() {
    let Some(Scene { mut nats, host, image, .. }) = Scene::new(&[]).await else { return };
    host.run("a", &image, "a.example", json!({})).await;
    assert_eq!(host.probe("/readyz").await.status, 200);
    nats.kill();
    // One plane may be seen to be away before the other.
    host.readiness(|answer| answer.status != 200 && answer.body.contains("control plane")).await;
    assert_eq!((host.get("a.example", "/").await.status, host.probe("/livez").await.status), (200, 200));
    nats.resume();
    host.ready().await;
    assert_eq!(host.state("a").await, Running);
    host.stop().await;
}
