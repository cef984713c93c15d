//! An API server that is busy, contradicts and forgets.

use std::time::{Duration, Instant};

use chartwright_contract::crds::WorkloadDeployment;
use kube::ResourceExt as _;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;

use crate::control_plane::{ControlPlane, TOKEN};
use crate::objects;
use crate::proxy::{Proxy, Seen, Trouble};
use crate::scene::{Scene, eventually};
use crate::scripted::Scripted;

/// What is patient with trouble.
const PATIENCE: Duration = Duration::from_mins(3);

/// A deployment comes, grows, changes, shrinks and goes while there is trouble. Returns what passed by, and in what time.
async fn life(trouble: Trouble) -> Option<(Seen, Duration)> {
    let plane = ControlPlane::shared().await?;
    let scene = Scene::on(plane).await?;
    let (a, b) = (scene.host("host-a").await, scene.host("host-b").await);
    let proxy = Proxy::start(plane.url(), TOKEN).await;
    proxy.make(trouble);
    let operator = scene.operator_as(proxy.client(), &[]).await;
    let (began, before) = (Instant::now(), proxy.seen());
    assert_eq!(before.forbidden, [""; 0]);
    scene.make::<WorkloadDeployment>(objects::deployment("web", 12, "reg.example/a:1")).await;
    scene.settled_within("web", 12, PATIENCE).await;
    runs_once(&scene, &[&a, &b], 12).await;
    let deployments = scene.api::<WorkloadDeployment>();
    let change = |spec: serde_json::Value| Patch::Merge(json!({ "spec": spec }));
    let more = change(json!({ "replicas": 16 }));
    deployments.patch("web", &PatchParams::default(), &more).await.unwrap();
    scene.settled_within("web", 16, PATIENCE).await;
    runs_once(&scene, &[&a, &b], 16).await;
    let next = change(objects::deployment("web", 16, "reg.example/a:2")["spec"].clone());
    deployments.patch("web", &PatchParams::default(), &next).await.unwrap();
    let end = Instant::now() + PATIENCE;
    while !scene.workloads().await.iter().all(|one| one.spec.components[0].image == "reg.example/a:2") {
        assert!(Instant::now() < end, "{:#?}", scene.workloads().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    scene.settled_within("web", 16, PATIENCE).await;
    runs_once(&scene, &[&a, &b], 16).await;
    let fewer = change(json!({ "replicas": 5 }));
    deployments.patch("web", &PatchParams::default(), &fewer).await.unwrap();
    scene.settled_within("web", 5, PATIENCE).await;
    runs_once(&scene, &[&a, &b], 5).await;
    deployments.delete("web", &DeleteParams::background()).await.unwrap();
    eventually("all of it goes", async || {
        scene.workloads().await.is_empty() && a.running().is_empty() && b.running().is_empty()
    })
    .await;
    let (seen, took) = (proxy.seen(), began.elapsed());
    println!("{trouble:?}: {seen:?} in {took:.1?}, {} requests a minute", seen.requests * 60 / took.as_secs().max(1));
    operator.end().await.unwrap();
    Some((seen, took))
}

/// What runs is what is there, each of it in one place, and no host was asked twice.
async fn runs_once(scene: &Scene, hosts: &[&Scripted], count: usize) {
    let mut wanted: Vec<_> = scene.workloads().await.iter().map(|one| one.uid().unwrap()).collect();
    wanted.sort();
    assert_eq!(wanted.len(), count);
    eventually("what should run runs, and nothing else", async || {
        let mut running: Vec<_> = hosts.iter().flat_map(|host| host.running()).collect();
        running.sort();
        running == wanted
    })
    .await;
    let mut starts: Vec<_> = hosts.iter().flat_map(|host| host.seen.lock().unwrap().starts.clone()).collect();
    let all = starts.len();
    starts.sort();
    starts.dedup();
    assert_eq!(starts.len(), all, "something was started twice");
}

/// What it may ask in all of that: so many for the lives of thirty-two workloads, and so many a second beside that.
fn bounded(seen: &Seen, took: Duration) {
    let most = 600 + 25 * took.as_secs();
    assert!(seen.requests < most, "{} requests in {took:?}", seen.requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_api_server_is_asked_again_and_not_without_end() {
    let Some((seen, took)) = life(Trouble { throttled: 4, ..Trouble::default() }).await else { return };
    assert!(seen.throttled > 20, "{seen:?}");
    bounded(&seen, took);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_are_refused_for_somebody_else_s_are_made_again() {
    let Some((seen, took)) = life(Trouble { contradicted: 3, ..Trouble::default() }).await else { return };
    assert!(seen.contradicted > 20, "{seen:?}");
    bounded(&seen, took);
}

#[tokio::test(flavor = "multi_thread")]
async fn watches_that_expire_begin_anew_and_miss_nothing() {
    let trouble = Trouble { watched: Duration::from_millis(700), ..Trouble::default() };
    let Some((seen, took)) = life(trouble).await else { return };
    assert!(seen.expired > 20, "{seen:?}");
    bounded(&seen, took);
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_that_were_made_and_never_answered_are_not_made_twice() {
    let Some((seen, took)) = life(Trouble { unanswered: 5, ..Trouble::default() }).await else { return };
    assert!(seen.unanswered > 10, "{seen:?}");
    bounded(&seen, took);
}
