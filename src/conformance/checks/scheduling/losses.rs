//! What happens when a part goes.

use std::time::{Duration, Instant};

use chartwright_contract::crds::Host;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams};
use tokio::time::sleep;

use crate::cluster::ClusterError;
use crate::conformance::check::{Outcome, Stop, hold};
use crate::conformance::scene::{Running, Stage, is_ready};

/// Deletes a Pod and waits until another one of its owner is ready in its place. That may go by the same name.
async fn replaced(stage: &Stage, pod: &Pod, grace: Option<u32>) -> Result<(), Stop> {
    let pods: Api<Pod> = Api::namespaced(stage.client.clone(), &stage.namespace);
    let name = pod.name_any();
    let doing = || ClusterError::when(format!("look at what takes the place of the Pod {name}"));
    let owner = pod.owner_references().first().map(|owner| owner.uid.clone()).unwrap_or_default();
    let siblings = |all: &[Pod]| {
        let ready = |pod: &&Pod| pod.metadata.deletion_timestamp.is_none() && is_ready(pod);
        let ours = all.iter().filter(|pod| pod.owner_references().iter().any(|one| one.uid == owner));
        ours.filter(ready).map(ResourceExt::uid).collect::<Vec<_>>()
    };
    let list = ListParams::default();
    let wanted = siblings(&pods.list(&list).await.map_err(doing())?.items).len();
    let params = grace.map_or_else(DeleteParams::default, |grace| DeleteParams::default().grace_period(grace));
    pods.delete(&name, &params).await.map_err(ClusterError::when(format!("delete the Pod {name}")))?;
    loop {
        let now = siblings(&pods.list(&list).await.map_err(doing())?.items);
        if now.len() >= wanted && !now.contains(&pod.uid()) {
            return Ok(());
        }
        stage.at(format!("{} of {wanted} Pods are ready after {name} went", now.len()));
        sleep(Duration::from_millis(300)).await;
    }
}

pub(super) async fn operator(stage: &Stage) -> Outcome {
    let shared = stage.shared().await?.clone();
    let pods = stage.pods_now("operator").await?;
    let Some(pod) = pods.first() else { return Err(Stop::failed("there is no Pod of the operator")) };
    let name = pod.name_any();
    let task = async {
        replaced(stage, pod, None).await?;
        stage.at("the next operator starts a workload");
        let draft = crate::conformance::scene::Draft::hello(stage, "next")?;
        stage.workloads().start(&draft).await.map(drop)
    };
    let (loaded, done) = stage.load(&shared.service_address, &shared.host(), 50).during(task).await?;
    done?;
    loaded.none_lost()?;
    Ok(format!("{name} was replaced; {} requests meanwhile, none lost", loaded.good))
}

/// A Pod of a host that runs one of the shared workload, and the name of that host.
async fn victim(stage: &Stage, running: &Running) -> Result<(Pod, String), Stop> {
    let hosts = stage.workloads().hosts(&running.name).await?;
    let api: Api<Pod> = Api::namespaced(stage.client.clone(), &stage.namespace);
    let pods = api.list(&ListParams::default()).await.map_err(ClusterError::when("list pods"))?.items;
    for host in hosts {
        let of =
            |pod: &&Pod| pod.status.as_ref().and_then(|status| status.pod_ip.as_deref()) == Some(host.address.as_str());
        if let Some(pod) = pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none()).find(of) {
            return Ok((pod.clone(), host.name));
        }
    }
    Err(Stop::failed("no Pod has the address of a Host that runs the shared workload"))
}

pub(super) async fn drain(stage: &Stage) -> Outcome {
    let shared = stage.shared().await?.clone();
    let (pod, _) = victim(stage, &shared.running).await?;
    let name = pod.name_any();
    let task = async {
        replaced(stage, &pod, None).await?;
        moved(stage, &shared.running).await?;
        // Until its last moment: that is when a request would be lost.
        let pods: Api<Pod> = Api::namespaced(stage.client.clone(), &stage.namespace);
        let there = async || pods.get_opt(&name).await.map_err(ClusterError::when(format!("look at the Pod {name}")));
        while there().await?.is_some_and(|there| there.uid() == pod.uid()) {
            stage.at(format!("{name} has not ended yet"));
            sleep(Duration::from_millis(300)).await;
        }
        Ok::<(), Stop>(())
    };
    let (loaded, done) = stage.load(&shared.service_address, &shared.host(), 20).during(task).await?;
    done?;
    loaded.none_lost()?;
    Ok(format!("{name} drained; {} requests meanwhile, none lost", loaded.good))
}

/// Until both replicas run, and each Workload is on a Host that exists.
async fn moved(stage: &Stage, running: &Running) -> Result<(), Stop> {
    loop {
        stage.workloads().running(&running.name, 2).await?;
        let hosts = stage.workloads().hosts(&running.name).await?;
        if hosts.len() == 2 && hosts.iter().all(|host| host.ready) {
            return Ok(());
        }
        stage.at(format!("{} of 2 Workloads are on a Host that is ready", hosts.len()));
        sleep(Duration::from_millis(300)).await;
    }
}

pub(super) async fn host(stage: &Stage) -> Outcome {
    let shared = stage.shared().await?.clone();
    moved(stage, &shared.running).await?;
    let (pod, host) = victim(stage, &shared.running).await?;
    let api: Api<Host> = Api::namespaced(stage.client.clone(), &stage.namespace);
    let before = api.get(&host).await.map_err(ClusterError::when(format!("look at the Host {host}")))?;
    let begun = Instant::now();
    // At once, as when a node dies: nobody is told.
    replaced(stage, &pod, Some(0)).await?;
    loop {
        let now = api.get_opt(&host).await.map_err(ClusterError::when(format!("look at the Host {host}")))?;
        // A name that stays may be the next process already.
        if now.is_none_or(|now| now.spec.host_id != before.spec.host_id) {
            break;
        }
        stage.at(format!("the Host {host} is still there {} s after its Pod went", begun.elapsed().as_secs()));
        sleep(Duration::from_millis(500)).await;
    }
    moved(stage, &shared.running).await?;
    let time = begun.elapsed().as_secs_f64();
    let answer = stage.get(&shared.service_address, &shared.host(), "/").await?;
    hold!(answer.status == 200, "its Service answers {}", answer.status);
    Ok(format!("all of it runs elsewhere after {time:.1} s"))
}
