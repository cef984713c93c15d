//! Hosts that are closed, emptied and opened: `chartwright host cordon`, `drain` and `uncordon`.

use std::time::Duration;

use chartwright::hosts::{Hosts, HostsError, Intake};
use chartwright_contract::crds::{Workload, WorkloadDeployment};
use kube::api::{Patch, PatchParams};
use serde_json::json;
use tokio::time::Instant;

use crate::objects;
use crate::scene::{PATIENCE, Scene, eventually};

impl Scene {
    fn hosts(&self) -> Hosts {
        Hosts::new(self.client.clone(), &self.own)
    }

    async fn scale(&self, name: &str, replicas: i32) {
        let patch = Patch::Merge(json!({ "spec": { "replicas": replicas } }));
        self.api::<WorkloadDeployment>().patch(name, &PatchParams::default(), &patch).await.unwrap();
        self.settled(name, replicas).await;
    }

    /// How many of a deployment serve.
    async fn serving(&self, name: &str) -> i32 {
        let deployment = self.api::<WorkloadDeployment>().get(name).await.unwrap();
        deployment.status.unwrap_or_default().replicas.unwrap_or_default().ready
    }
}

fn end() -> Instant {
    Instant::now() + PATIENCE
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_host_gets_nothing_new_and_an_emptied_one_loses_nothing_on_the_way() {
    let Some(scene) = Scene::new().await else { return };
    let (first, second) = (scene.host("first").await, scene.host("second").await);
    let operator = scene.operator(&[]).await;
    operator.hears(2).await;
    let hosts = scene.hosts();
    let names = ["first".to_owned()];

    let unknown = hosts.give(&["frist".to_owned()], Intake::Cordoned).await.unwrap_err();
    assert!(unknown.is_before());
    let words = unknown.to_string();
    assert!(words.contains("no Host frist") && words.contains("there are first, second"), "{words}");

    hosts.give(&names, Intake::Cordoned).await.unwrap();
    scene.make::<WorkloadDeployment>(objects::deployment("web", 3, "registry.invalid/web:1")).await;
    scene.settled("web", 3).await;
    assert_eq!((first.running().len(), second.running().len()), (0, 3));

    hosts.give(&names, Intake::Open).await.unwrap();
    scene.scale("web", 6).await;
    assert_eq!((first.running().len(), second.running().len()), (3, 3));
    // One alone, and one that wants to be just there.
    hosts.give(&["second".to_owned()], Intake::Cordoned).await.unwrap();
    scene.make::<Workload>(objects::workload("alone", "registry.invalid/web:1")).await;
    let mut pinned = objects::workload("pinned", "registry.invalid/web:1");
    pinned["spec"]["hostId"] = json!(first.id);
    scene.make::<Workload>(pinned).await;
    eventually("both run", async || first.running().len() == 5).await;
    hosts.give(&["second".to_owned()], Intake::Open).await.unwrap();

    hosts.give(&names, Intake::Drained).await.unwrap();
    let mut told = Vec::new();
    let emptying = hosts.emptied(&names, end(), |moving| told.push(moving.len()));
    let watching = async {
        loop {
            assert!(scene.serving("web").await >= 6, "a replica stopped before another one ran");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let staying = tokio::select! {
        staying = emptying => staying.unwrap(),
        () = watching => unreachable!(),
    };
    assert_eq!(staying.len(), 1, "{staying:?}");
    assert!(staying[0].workload.ends_with("/pinned") && staying[0].why.contains("hostId"), "{staying:?}");
    assert!(told.len() > 1 && told.last() == Some(&0), "{told:?}");
    eventually("only the pinned one is left", async || first.running().len() == 1).await;
    eventually("all others run", async || second.running().len() == 7).await;
    scene.settled("web", 6).await;
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_outlives_the_operator_and_nothing_goes_where_there_is_no_other_place() {
    let Some(scene) = Scene::new().await else { return };
    let only = scene.host("only").await;
    let operator = scene.operator(&[]).await;
    operator.hears(1).await;
    scene.make::<WorkloadDeployment>(objects::deployment("web", 2, "registry.invalid/web:1")).await;
    scene.make::<Workload>(objects::workload("alone", "registry.invalid/web:1")).await;
    eventually("all run", async || only.running().len() == 3).await;

    let (hosts, names) = (scene.hosts(), ["only".to_owned()]);
    hosts.give(&names, Intake::Drained).await.unwrap();
    let soon = Instant::now() + Duration::from_secs(2);
    let late = hosts.emptied(&names, soon, |_| {}).await.unwrap_err();
    assert!(matches!(&late, HostsError::NotEmpty(left) if left.len() == 3), "{late}");
    operator.crash();
    let unheard = hosts.give(&names, Intake::Cordoned).await.unwrap_err();
    assert!(matches!(unheard, HostsError::NoNote { .. }), "{unheard}");
    hosts.give(&names, Intake::Drained).await.unwrap_or_else(|err| panic!("it stands there already: {err}"));

    let operator = scene.operator(&[]).await;
    operator.hears(1).await;
    assert_eq!(only.running().len(), 3, "none of them had another place");
    let other = scene.host("other").await;
    assert!(hosts.emptied(&names, end(), |_| {}).await.unwrap().is_empty());
    eventually("all of it moved", async || other.running().len() == 3 && only.running().is_empty()).await;
    scene.settled("web", 2).await;
    operator.end().await.unwrap();
}
