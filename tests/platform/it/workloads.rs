//! Workloads on hosts that behave like upstream's.

use chartwright_contract::crds::{Condition, Host, Workload, WorkloadDeployment, WorkloadReplicaSet};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt as _};
use serde_json::json;

use crate::objects;
use crate::scene::{Scene, condition, eventually, of};

macro_rules! scene {
    () => {
        match Scene::new().await {
            Some(scene) => scene,
            None => return,
        }
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_runs_is_served_scales_and_ends() {
    let scene = scene!();
    let (a, b) = (scene.host("host-a").await, scene.host("host-b").await);
    let operator = scene.operator(&[]).await;
    operator.hears(2).await;
    scene.make::<k8s_openapi::api::core::v1::Service>(objects::service("web")).await;
    let mut object = objects::deployment("web", 4, "reg.example/a:1");
    object["spec"]["kubernetes"] = json!({ "service": { "name": "web" } });
    scene.make::<WorkloadDeployment>(object).await;
    let deployment = scene.settled("web", 4).await;
    assert_eq!((a.running().len(), b.running().len()), (2, 2), "spread over hosts");
    let status = deployment.status.unwrap();
    assert_eq!(status.selector.as_deref(), Some("runtime.wasmcloud.dev/workload-deployment=web"));
    assert_eq!(status.current_replicas, 4);

    // The hosts are there, and the Service leads to them.
    let hosts = Api::<Host>::namespaced(scene.client.clone(), &scene.own);
    assert_eq!(hosts.get("host-a").await.unwrap().spec.host_id, a.id);
    eventually("an endpoint", async || {
        let slices = scene.api::<EndpointSlice>().list(&ListParams::default()).await.unwrap();
        slices.items.iter().any(|slice| slice.endpoints.iter().any(|endpoint| endpoint.addresses == ["10.0.0.1"]))
    })
    .await;
    let requests = a.seen.lock().unwrap().requests.clone();
    let aliases =
        &requests[0].workload.as_ref().unwrap().wit_world.as_ref().unwrap().host_interfaces[0].config["host-aliases"];
    let ns = &scene.apps;
    assert_eq!(*aliases, format!("web,web.{ns},web.{ns}.svc,web.{ns}.svc.cluster.local"));

    // Down by the scale subresource, as autoscalers do it.
    let scale = Patch::Merge(json!({ "spec": { "replicas": 1 } }));
    scene.api::<WorkloadDeployment>().patch_scale("web", &PatchParams::default(), &scale).await.unwrap();
    scene.settled("web", 1).await;
    eventually("one runs", async || a.running().len() + b.running().len() == 1).await;

    scene.api::<WorkloadDeployment>().delete("web", &DeleteParams::background()).await.unwrap();
    eventually("nothing runs", async || a.running().len() + b.running().len() == 0).await;
    eventually("no slice leads anywhere", async || {
        scene.api::<EndpointSlice>().list(&ListParams::default()).await.unwrap().items.is_empty()
    })
    .await;
    eventually("no objects", async || scene.workloads().await.is_empty()).await;
    let seen = [a.seen.lock().unwrap(), b.seen.lock().unwrap()];
    for host in &seen {
        assert_eq!(host.refused, [""; 0], "nothing that upstream's would not understand");
        let mut starts = host.starts.clone();
        starts.sort();
        starts.dedup();
        assert_eq!(starts.len(), host.starts.len(), "nothing was started twice");
    }
    drop(seen);
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workload_says_why_it_is_not_placed_and_goes_when_a_host_comes() {
    let scene = scene!();
    let operator = scene.operator(&[]).await;
    let mut object = objects::workload("lonely", "reg.example/a:1");
    object["spec"]["hostSelector"] = json!({ "hostgroup": "edge" });
    scene.make::<Workload>(object).await;
    let waiting = scene.until("lonely", "refused", |one: &Workload| of(one, "HostSelection").0 == "False").await;
    let (_, reason, message) = of(&waiting, "HostSelection");
    assert_eq!((reason.as_str(), message.as_str()), ("NoHost", "no host fits: there is none"));
    assert_eq!(of(&waiting, "Ready").2, message, "the first reason is the reason");

    let wrong = scene.host("wrong").await;
    let mut script = crate::scripted::Script::new("right");
    script.labels.insert("hostgroup".into(), "edge".into());
    let right = scene.host_as(script).await;
    let placed = scene.until("lonely", "ready", |one: &Workload| of(one, "Ready").0 == "True").await;
    assert_eq!(placed.status.unwrap().host_id.as_deref(), Some(right.id.as_str()));
    assert!(wrong.running().is_empty());
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_says_so_in_the_host_s_words_and_is_tried_again() {
    let scene = scene!();
    let host = scene.host("host-a").await;
    host.change(|seen| seen.bad = Some("missing".into()));
    let operator = scene.operator(&[]).await;
    scene.make::<Workload>(objects::workload("w", "reg.example/missing:1")).await;
    let failed = scene.until("w", "failed", |one: &Workload| of(one, "Placement").1 == "StartFailed").await;
    let message = of(&failed, "Placement").2;
    assert_eq!(message, "host host-a: pull of reg.example/missing:1 failed: 404");
    let events: Api<k8s_openapi::api::events::v1::Event> = scene.api();
    eventually("an event", async || {
        let events = events.list(&ListParams::default()).await.unwrap();
        events.items.iter().any(|event| {
            event.reason.as_deref() == Some("StartFailed")
                && event.note.as_deref() == Some(message.as_str())
                && event.regarding.as_ref().and_then(|regarding| regarding.name.as_deref()) == Some("w")
        })
    })
    .await;
    host.change(|seen| seen.bad = None);
    scene.until("w", "ready", |one: &Workload| of(one, "Ready").0 == "True").await;
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn why_none_runs_stands_on_deployment_and_replica_set_too() {
    let scene = scene!();
    let host = scene.host("host-a").await;
    host.change(|seen| seen.bad = Some("missing".into()));
    let operator = scene.operator(&[]).await;
    scene.make::<WorkloadDeployment>(objects::deployment("web", 2, "reg.example/missing:1")).await;
    let why = ": host host-a: pull of reg.example/missing:1 failed: 404";
    let says = |conditions: &[Condition], counts: &str| {
        let message = condition(conditions, "Ready").2;
        message.starts_with(counts) && message.ends_with(why)
    };
    let (deployments, sets) = (scene.api::<WorkloadDeployment>(), scene.api::<WorkloadReplicaSet>());
    eventually("both say it", async || {
        let deployment = deployments.get("web").await.unwrap().status.unwrap_or_default();
        let sets = sets.list(&ListParams::default()).await.unwrap().items;
        let of = |set: &WorkloadReplicaSet| set.status.clone().unwrap_or_default().conditions;
        says(&deployment.conditions, "status unknown: 0 of 2 run; web-")
            && sets.len() == 1
            && sets.iter().all(|set| says(&of(set), "0 of 2 run; web-"))
    })
    .await;
    host.change(|seen| seen.bad = None);
    scene.settled("web", 2).await;
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn workloads_move_off_a_host_that_went_without_a_word() {
    let scene = scene!();
    let (a, b) = (scene.host("host-a").await, scene.host("host-b").await);
    let operator = scene.operator(&[]).await;
    operator.hears(2).await;
    scene.make::<WorkloadDeployment>(objects::deployment("web", 4, "reg.example/a:1")).await;
    scene.settled("web", 4).await;
    let before: Vec<_> = scene.workloads().await.iter().map(|one| one.uid().unwrap()).collect();
    a.kill();
    eventually("all run on the other", async || b.running().len() == 4).await;
    scene.settled("web", 4).await;
    let after: Vec<_> = scene.workloads().await.iter().map(|one| one.uid().unwrap()).collect();
    assert_eq!(before, after, "the objects stay");
    let hosts = Api::<Host>::namespaced(scene.client.clone(), &scene.own);
    assert!(hosts.get_opt("host-a").await.unwrap().is_none(), "its object is gone");
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_rolls_and_an_old_one_comes_back() {
    let scene = scene!();
    let (_a, _b) = (scene.host("host-a").await, scene.host("host-b").await);
    let operator = scene.operator(&[]).await;
    scene.make::<WorkloadDeployment>(objects::deployment("web", 3, "reg.example/a:1")).await;
    scene.settled("web", 3).await;
    let first = scene.api::<WorkloadReplicaSet>().list(&ListParams::default()).await.unwrap().items[0].name_any();
    let image = async |tag: &str| {
        let patch = json!({ "spec": objects::deployment("web", 3, &format!("reg.example/a:{tag}"))["spec"] });
        scene.api::<WorkloadDeployment>().patch("web", &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
        let wanted = format!("reg.example/a:{tag}");
        eventually("only the new version", async || {
            let workloads = scene.workloads().await;
            workloads.len() == 3 && workloads.iter().all(|one| one.spec.components[0].image == wanted)
        })
        .await;
        scene.settled("web", 3).await
    };
    let second = image("2").await.status.unwrap().current_replica_set.unwrap().name;
    assert_ne!(first, second);
    let back = image("1").await.status.unwrap();
    assert_eq!(back.current_replica_set.unwrap().name, first, "a template has one name");
    assert_eq!(back.previous_replica_set, None);
    operator.end().await.unwrap();
}
