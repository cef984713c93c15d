//! Namespaces: whose hosts run whose workloads, and what an operator needs no right for.

use std::time::Duration;

use chartwright_contract::crds::{Host, Workload, WorkloadDeployment};
use kube::Api;
use kube::api::{ListParams, PostParams};
use serde_json::json;

use crate::objects;
use crate::scene::{Scene, eventually, of};
use crate::scripted::Script;

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_are_not_shared_run_their_own_namespace_alone() {
    let Some(scene) = Scene::new().await else { return };
    let own = scene.host_as(Script { environment: scene.apps.clone(), ..Script::new("own") }).await;
    let other = scene.host_as(Script { environment: "elsewhere".into(), ..Script::new("other") }).await;
    let operator = scene.operator(&["--allow-shared-hosts=false"]).await;
    scene.make::<WorkloadDeployment>(objects::deployment("web", 3, "reg.example/a:1")).await;
    scene.settled("web", 3).await;
    assert_eq!((own.running().len(), other.running().len()), (3, 0));
    let mut foreign = objects::workload("foreign", "reg.example/a:1");
    foreign["spec"]["environment"] = json!("elsewhere");
    scene.make::<Workload>(foreign).await;
    let refused = scene.until("foreign", "refused", |one: &Workload| of(one, "HostSelection").0 == "False").await;
    assert_eq!(of(&refused, "HostSelection").1, "CrossEnvironmentSchedulingDenied");
    let events = scene.api::<k8s_openapi::api::events::v1::Event>();
    eventually("h13: an event says so", async || {
        let events = events.list(&ListParams::default()).await.unwrap().items;
        events.iter().any(|event| {
            event.reason.as_deref() == Some("CrossEnvironmentSchedulingDenied")
                && event.type_.as_deref() == Some("Warning")
        })
    })
    .await;
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_keeps_to_the_hosts_of_its_release() {
    let Some(scene) = Scene::new().await else { return };
    let of_release = |name: &str, release: &str| {
        let mut script = Script::new(name);
        script.labels.insert("app.kubernetes.io/instance".into(), release.into());
        script
    };
    let ours = scene.host_as(of_release("ours", "blue")).await;
    let theirs = scene.host_as(of_release("theirs", "green")).await;
    let operator = scene.operator(&["--release=blue"]).await;
    scene.make::<WorkloadDeployment>(objects::deployment("web", 2, "reg.example/a:1")).await;
    scene.settled("web", 2).await;
    assert_eq!((ours.running().len(), theirs.running().len()), (2, 0));
    // The object of a host that only the other release's operator hears, in the one namespace of both: longer than a host of ours
    // would be given up.
    let host: Host = serde_json::from_value(json!({
        "apiVersion": "runtime.wasmcloud.dev/v1alpha1", "kind": "Host", "hostId": "unheard",
        "metadata": { "name": "unheard", "labels": { "app.kubernetes.io/instance": "green" } },
    }))
    .unwrap();
    let hosts: Api<Host> = Api::namespaced(scene.client.clone(), &scene.own);
    let made = hosts.create(&PostParams::default(), &host).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(hosts.get("unheard").await.unwrap().metadata.uid, made.metadata.uid);
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_workload_goes_where_it_says_and_nowhere_else() {
    let Some(scene) = Scene::new().await else { return };
    let (a, b) = (scene.host("host-a").await, scene.host("host-b").await);
    let operator = scene.operator(&[]).await;
    let mut pinned = objects::workload("pinned", "reg.example/a:1");
    pinned["spec"]["hostId"] = json!(b.id);
    scene.make::<Workload>(pinned).await;
    scene.until("pinned", "ready", |one: &Workload| of(one, "Ready").0 == "True").await;
    assert_eq!((a.running().len(), b.running().len()), (0, 1));
    operator.end().await.unwrap();
}
