//! Starts that take long: what the host says meanwhile, and what becomes of them.

use std::time::Duration;

use chartwright_contract::control::WorkloadState::{Error, NotFound, Running, Starting, Stopping};
use serde_json::json;

use crate::guests;
use crate::host::{Host, Scene};
use crate::nats::Nats;
use crate::registry::Registry;

#[tokio::test(flavor = "multi_thread")]
async fn h14_a_slow_pull_is_a_state_and_holds_nothing_else_up() {
    let Some(nats) = Nats::start() else { return };
    let (fast, slow) = (Registry::start(), Registry::start());
    let quick = fast.put("hello", "1", guests::hello());
    let image = slow.put("hello", "1", guests::hello());
    slow.delay(Duration::from_secs(50));
    let host = Host::start(&nats, &["--max-concurrent-starts=2", "--registry-pull-timeout=55s"]).await;
    let starting = host.run("slow", &image, "slow.example", json!({}));
    let others = async {
        while host.state("slow").await != Starting {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // Another start takes its usual time.
        assert_eq!(host.run("quick", &quick, "quick.example", json!({})).await.workload_state, Running);
        assert_eq!(host.get("quick.example", "/").await.body, "hello\n");
        // A repeated start is told how the first one is, and asks the registry for nothing.
        assert_eq!(host.run("slow", &image, "slow.example", json!({})).await.workload_state, Starting);
        assert_eq!(slow.requests(), 1);
        // The heartbeat of the clock, which nobody asked for.
        let heartbeat = host.heartbeat().await;
        assert_eq!((&heartbeat["workloadCount"], &heartbeat["componentCount"]), (&json!("2"), &json!("1")));
        assert_eq!(host.state("slow").await, Starting);
        let stop = host.command("workload.stop", json!({ "workloadId": "slow" })).await.unwrap();
        assert_eq!(stop.workload_state, Stopping);
    };
    let (slow_status, ()) = tokio::join!(starting, others);
    assert_eq!(slow_status.workload_state, Stopping);
    // The pull ended with it: nothing more is asked, nothing appears.
    assert_eq!((host.state("slow").await, slow.requests()), (NotFound, 1));
    assert_eq!(host.get("slow.example", "/").await.status, 404);
    let metrics = host.metrics().await;
    assert!(metrics.contains("chartwright_host_workloads 1\n"), "{metrics}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h14_two_starts_at_once_are_one_pull() {
    let Some(Scene { host, image, registry, nats: _nats }) = Scene::new(&[]).await else { return };
    registry.delay(Duration::from_millis(500));
    let (first, second) =
        tokio::join!(host.run("a", &image, "a.example", json!({})), host.run("a", &image, "a.example", json!({})));
    let states = [first.workload_state, second.workload_state];
    assert!(states.contains(&Running) && states.contains(&Starting), "{states:?}");
    // A manifest and a component.
    assert_eq!((registry.pulls(), registry.requests()), (1, 2));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h14_a_pull_beyond_its_time_fails_in_words_and_the_host_goes_on() {
    let Some(Scene { host, image, registry, nats: _nats }) = Scene::new(&["--registry-pull-timeout=1s"]).await else {
        return;
    };
    registry.delay(Duration::from_secs(5));
    let status = host.run("a", &image, "a.example", json!({})).await;
    assert_eq!(status.workload_state, Error);
    assert!(status.message.contains("took longer than 1 s"), "{}", status.message);
    assert_eq!((host.state("a").await, host.probe("/readyz").await.status), (Error, 200));
    registry.delay(Duration::ZERO);
    assert_eq!(host.run("a", &image, "a.example", json!({})).await.workload_state, Running);
    assert_eq!(host.get("a.example", "/").await.body, "hello\n");
    host.stop().await;
}
