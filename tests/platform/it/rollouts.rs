//! Rollouts and many workloads.

use std::time::{Duration, Instant};

use chartwright_contract::crds::{Workload, WorkloadDeployment};
use futures::StreamExt as _;
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams, WatchEvent, WatchParams};
use serde_json::json;

use crate::objects;
use crate::scene::{Scene, condition};
use crate::scripted::{Script, Scripted};

pub(crate) async fn hosts(scene: &Scene, count: usize, start: Duration) -> Vec<Scripted> {
    let mut hosts = Vec::new();
    for number in 0..count {
        let name = format!("host-{number}");
        let script = Script { start, hostname: format!("10.0.0.{}", number + 1), ..Script::new(&name) };
        hosts.push(scene.host_as(script).await);
    }
    hosts
}

fn runs(workload: &Workload) -> bool {
    workload.metadata.deletion_timestamp.is_none()
        && condition(&workload.status.clone().unwrap_or_default().conditions, "Ready").0 == "True"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_replicas_roll_and_never_fewer_than_the_minimum_run() {
    let Some(scene) = Scene::new().await else { return };
    let hosts = hosts(&scene, 5, Duration::from_millis(20)).await;
    let operator = scene.operator(&["--max-concurrent-starts-per-host=8"]).await;
    operator.hears(5).await;
    let mut object = objects::deployment("web", 100, "reg.example/a:1");
    object["metadata"]["annotations"] =
        json!({ "chartwright.dev/max-surge": "10", "chartwright.dev/max-unavailable": "5" });
    scene.make::<WorkloadDeployment>(object).await;
    scene.settled("web", 100).await;

    // Every change of every Workload, in order, as the API server tells it.
    let api = scene.api::<Workload>();
    let listed = api.list(&kube::api::ListParams::default()).await.unwrap();
    let mut known: std::collections::BTreeMap<_, _> =
        listed.items.iter().map(|one| (one.name_any(), runs(one))).collect();
    let version = listed.metadata.resource_version.unwrap();
    let watching = tokio::spawn(async move {
        let mut events = std::pin::pin!(api.watch(&WatchParams::default().timeout(280), &version).await.unwrap());
        let (mut least, mut most) = (known.values().filter(|runs| **runs).count(), known.len());
        while let Some(event) = events.next().await {
            match event.unwrap() {
                WatchEvent::Added(one) | WatchEvent::Modified(one) => {
                    known.insert(one.name_any(), runs(&one));
                }
                WatchEvent::Deleted(one) => {
                    if one.name_any() == "end" {
                        break;
                    }
                    known.remove(&one.name_any());
                }
                _ => {}
            }
            least = least.min(known.values().filter(|runs| **runs).count());
            most = most.max(known.len());
        }
        (least, most)
    });
    let patch = json!({ "spec": objects::deployment("web", 100, "reg.example/a:2")["spec"] });
    let began = Instant::now();
    scene.api::<WorkloadDeployment>().patch("web", &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    scene.settled("web", 100).await;
    println!("rolled in {:.1} s", began.elapsed().as_secs_f64());
    // A mark that all events before it were seen.
    scene.make::<Workload>(objects::workload("end", "reg.example/a:1")).await;
    scene.api::<Workload>().delete("end", &kube::api::DeleteParams::default()).await.unwrap();
    let (least, most) = tokio::time::timeout(Duration::from_mins(1), watching).await.unwrap().unwrap();
    assert!(least >= 95, "{least} ran at one moment");
    assert!(most <= 111, "{most} were there at one moment");
    let running: usize = hosts.iter().map(|host| host.running().len()).sum();
    assert_eq!(running, 100);
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn recreate_ends_every_workload_of_a_version_before_the_next_one_begins() {
    recreate(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recreate_does_so_where_nothing_else_is_held() {
    recreate(false).await;
}

async fn recreate(holds: bool) {
    let Some(scene) = Scene::new().await else { return };
    let hosts = hosts(&scene, 2, Duration::from_millis(50)).await;
    let operator = scene.launch(scene.client.clone(), &scene.arguments(&[]), holds).await;
    operator.hears(2).await;
    let version = |tag: &str| {
        let mut object = objects::deployment("web", 6, &format!("reg.example/a:{tag}"));
        object["spec"]["deployPolicy"] = json!("Recreate");
        object
    };
    scene.make::<WorkloadDeployment>(version("1")).await;
    scene.settled("web", 6).await;
    assert!(scene.workloads().await.iter().all(|one| one.finalizers().is_empty() != holds));
    // Every change of every Workload, in order, as the API server tells it: which versions are there.
    let api = scene.api::<Workload>();
    let listed = api.list(&kube::api::ListParams::default()).await.unwrap();
    let image = |one: &Workload| one.spec.components[0].image.clone();
    let mut known: std::collections::BTreeMap<_, _> =
        listed.items.iter().map(|one| (one.name_any(), image(one))).collect();
    let since = listed.metadata.resource_version.unwrap();
    let watching = tokio::spawn(async move {
        let mut events = std::pin::pin!(api.watch(&WatchParams::default().timeout(280), &since).await.unwrap());
        let (mut mixed, mut new) = (Vec::new(), 0);
        while let Some(event) = events.next().await {
            match event.unwrap() {
                WatchEvent::Added(one) => {
                    new += usize::from(image(&one) == "reg.example/a:2");
                    known.insert(one.name_any(), image(&one));
                }
                WatchEvent::Deleted(one) if one.name_any() == "end" => break,
                WatchEvent::Deleted(one) => _ = known.remove(&one.name_any()),
                _ => {}
            }
            let versions: std::collections::BTreeSet<_> =
                known.iter().filter(|(name, _)| *name != "end").map(|(_, image)| image.clone()).collect();
            if versions.len() > 1 {
                mixed.push(known.clone());
            }
        }
        (mixed, new)
    });
    let patch = Patch::Merge(json!({ "spec": version("2")["spec"] }));
    scene.api::<WorkloadDeployment>().patch("web", &PatchParams::default(), &patch).await.unwrap();
    crate::scene::eventually("the next version", async || {
        let workloads = scene.workloads().await;
        workloads.len() == 6 && workloads.iter().all(|one| one.spec.components[0].image == "reg.example/a:2")
    })
    .await;
    scene.settled("web", 6).await;
    // A mark that all events before it were seen.
    scene.make::<Workload>(objects::workload("end", "reg.example/a:1")).await;
    scene.api::<Workload>().delete("end", &kube::api::DeleteParams::default()).await.unwrap();
    let (mixed, new) = tokio::time::timeout(Duration::from_mins(1), watching).await.unwrap().unwrap();
    assert!(mixed.is_empty(), "both at one moment: {:#?}", mixed[0]);
    assert_eq!(new, 6, "each was made once");
    // On the hosts it was so too: what they were told to start last came after all they were told to stop.
    let stops: usize = hosts.iter().map(|host| host.seen.lock().unwrap().stops.len()).sum();
    assert!(stops >= 6, "{stops}");
    operator.end().await.unwrap();
}

/// How many workloads: two thousand where time is no matter.
fn many() -> i32 {
    std::env::var("CHARTWRIGHT_WORKLOADS").ok().and_then(|text| text.parse().ok()).unwrap_or(400)
}

#[tokio::test(flavor = "multi_thread")]
async fn many_workloads_take_few_writes_each() {
    let Some(scene) = Scene::new().await else { return };
    let hosts = hosts(&scene, 10, Duration::ZERO).await;
    let operator = scene.operator(&["--max-concurrent-starts=64", "--max-concurrent-starts-per-host=8"]).await;
    operator.hears(10).await;
    let many = many();
    let began = Instant::now();
    for number in 0..10 {
        let name = format!("web-{number}");
        scene.make::<WorkloadDeployment>(objects::deployment(&name, many / 10, "reg.example/a:1")).await;
    }
    for number in 0..10 {
        scene.settled(&format!("web-{number}"), many / 10).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    let running: Vec<_> = hosts.iter().map(|host| host.running().len()).collect();
    assert_eq!(running.iter().sum::<usize>(), usize::try_from(many).unwrap());
    let spread = running.iter().max().unwrap() - running.iter().min().unwrap();
    assert!(spread <= 10, "{running:?}");
    let writes = async |resource: &str| {
        let of = format!("resource=\"{resource}\"");
        operator.metric("chartwright_operator_api_writes_total", &[&of]).await
    };
    let all = operator.metric("chartwright_operator_api_writes_total", &[]).await - writes("hosts").await;
    let each = all / f64::from(many);
    println!(
        "{many} workloads in {seconds:.1} s: {:.2} writes each, {:.2} of Workloads",
        each,
        writes("workloads").await / f64::from(many)
    );
    assert!(each <= 4.0, "{each} writes for each workload");
    operator.end().await.unwrap();
}
