//! Warm instances.

use chartwright_contract::control::WorkloadState::Running;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::guests::guest;
use crate::host::{Host, Scene, until};

/// A host, and a workload whose pool is like that.
async fn pooled(pool: Value) -> Option<(Host, crate::nats::Nats)> {
    let Scene { host, registry, nats, .. } = Scene::new(&[]).await?;
    let image = registry.put("streams", "1", &guest("streams"));
    let status = host.run("a", &image, "a.example", pool).await;
    assert_eq!(status.workload_state, Running, "{}", status.message);
    Some((host, nats))
}

/// A gauge of the whole host.
async fn gauge(host: &Host, name: &str) -> u64 {
    let metrics = host.metrics().await;
    let line = metrics.lines().find_map(|line| line.strip_prefix(&format!("chartwright_host_{name} ")));
    line.unwrap().parse().unwrap()
}

/// What an instance counted, once it rests again: an answer is there a moment before its instance is idle.
async fn calls(host: &Host) -> u32 {
    let count = host.get("a.example", "/calls").await.body.parse().unwrap();
    settled(host).await;
    count
}

/// Waits until no instance is busy.
async fn settled(host: &Host) {
    until(async || gauge(host, "instances").await == gauge(host, "instances_warm").await).await;
}

/// Asks so many at a time that each needs an instance of its own; what they counted.
async fn at_once(host: &Host, requests: usize) -> Vec<u32> {
    let all = join_all((0..requests).map(|_| host.get("a.example", "/sleep?300"))).await;
    let mut counts: Vec<u32> = all.into_iter().map(|answer| answer.body.parse().unwrap()).collect();
    counts.sort_unstable();
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_pool_each_call_has_an_instance_of_its_own() {
    let Some((host, _nats)) = pooled(json!({})).await else { return };
    for _ in 0..3 {
        assert_eq!(calls(&host).await, 1);
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_instances_stay_warm_than_the_pool_holds() {
    let Some((host, _nats)) = pooled(json!({ "poolSize": 2 })).await else { return };
    assert_eq!(at_once(&host, 6).await, [1; 6], "busy ones are no hindrance to others");
    settled(&host).await;
    // Two stayed: of six more at a time, two meet an instance that has been called before.
    let counts = at_once(&host, 6).await;
    assert_eq!(counts, [1, 1, 1, 1, 2, 2]);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_is_replaced_after_its_calls() {
    let Some((host, _nats)) = pooled(json!({ "poolSize": 1, "maxInvocations": 3 })).await else { return };
    let mut counts = Vec::new();
    for _ in 0..6 {
        counts.push(calls(&host).await);
    }
    assert_eq!(counts, [1, 2, 3, 1, 2, 3]);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_takes_as_many_calls_at_a_time_as_it_may() {
    let Some((host, _nats)) = pooled(json!({ "poolSize": 1, "maxConcurrency": 3 })).await else { return };
    assert_eq!(calls(&host).await, 1);
    // Another instance may be made beside it; with one call at a time none would be called more than twice by now.
    let counts = at_once(&host, 3).await;
    assert!(counts.last() >= Some(&3), "{counts:?}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_instances_are_given_back_but_for_those_that_stay() {
    let Some((host, _nats)) = pooled(json!({ "poolSize": 4, "reclaimWindowSeconds": 1 })).await else { return };
    assert_eq!(calls(&host).await, 1);
    until(async || {
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        calls(&host).await == 1
    })
    .await;
    host.stop().await;
    let floor = json!({ "poolSize": 4, "reclaimWindowSeconds": 1, "reclaimMinInstances": 1 });
    let Some((host, _nats)) = pooled(floor).await else { return };
    assert_eq!(calls(&host).await, 1);
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    assert_eq!(calls(&host).await, 2);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn warm_instances_end_with_their_workload() {
    let Some((host, _nats)) = pooled(json!({ "poolSize": 2 })).await else { return };
    at_once(&host, 2).await;
    until(async || gauge(&host, "instances_warm").await == 2).await;
    assert!(gauge(&host, "instances").await == 2 && gauge(&host, "guest_memory_bytes").await > 0);
    host.end("a").await;
    until(async || gauge(&host, "instances").await == 0).await;
    assert_eq!((gauge(&host, "instances_warm").await, gauge(&host, "guest_memory_bytes").await), (0, 0));
    host.stop().await;
}
