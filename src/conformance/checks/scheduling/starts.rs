//! What starts, and where.

use std::collections::BTreeSet;

use kube::ResourceExt as _;
use serde_json::json;

use crate::conformance::check::{Outcome, hold};
use crate::conformance::scene::{Draft, Stage};

pub(super) async fn start(stage: &Stage) -> Outcome {
    let begun = std::time::Instant::now();
    let draft = Draft::hello(stage, "one")?;
    let running = stage.workloads().start(&draft).await?;
    let time = begun.elapsed();
    let answer = stage.get(running.address(), &running.host, "/").await?;
    hold!(answer.status == 200 && answer.body == "hello\n", "it answers {} {:?}", answer.status, answer.body);
    Ok(format!("ready after {:.2} s", time.as_secs_f64()))
}

pub(super) async fn replicas(stage: &Stage) -> Outcome {
    let draft = Draft::hello(stage, "three")?.replicas(3);
    stage.workloads().start(&draft).await?;
    let workloads = stage.workloads().of(&draft.name).await?;
    hold!(workloads.len() == 3, "there are {} Workloads for 3 replicas", workloads.len());
    let hosts = stage.workloads().hosts(&draft.name).await?;
    hold!(hosts.len() == 3, "of 3 Workloads {} name a Host that exists", hosts.len());
    let ids: BTreeSet<_> = workloads.iter().filter_map(|one| one.status.as_ref()?.workload_id.clone()).collect();
    hold!(ids.len() == 3, "3 Workloads have {} ids", ids.len());
    Ok("3 of 3".to_owned())
}

pub(super) async fn spread(stage: &Stage) -> Outcome {
    let draft = Draft::hello(stage, "two")?.replicas(2);
    stage.workloads().start(&draft).await?;
    let hosts: BTreeSet<String> = stage.workloads().hosts(&draft.name).await?.into_iter().map(|host| host.id).collect();
    hold!(hosts.len() == 2, "both replicas are on one host");
    Ok("2 replicas on 2 hosts".to_owned())
}

pub(super) async fn owners(stage: &Stage) -> Outcome {
    let draft = Draft::hello(stage, "owned")?;
    stage.workloads().start(&draft).await?;
    let deployment = stage.workloads().get(&draft.name).await?;
    for workload in stage.workloads().of(&draft.name).await? {
        let owners = workload.owner_references();
        let set = owners.iter().find(|owner| owner.kind == "WorkloadReplicaSet" && owner.controller == Some(true));
        let Some(set) = set else {
            return Err(crate::conformance::check::Stop::failed(format!(
                "{} has no WorkloadReplicaSet that owns it",
                workload.name_any()
            )));
        };
        let kind = stage.kinds.find("runtime.wasmcloud.dev/v1alpha1", "WorkloadReplicaSet").await?;
        let owner = kind.api(&stage.client, &stage.namespace).get(&set.name).await;
        let owner = owner.map_err(crate::cluster::ClusterError::when("look at its WorkloadReplicaSet"))?;
        let above = owner.owner_references().iter().any(|owner| Some(&owner.uid) == deployment.metadata.uid.as_ref());
        hold!(above, "{} is not owned by its WorkloadDeployment", set.name);
    }
    Ok("WorkloadDeployment, WorkloadReplicaSet, Workload".to_owned())
}

pub(super) async fn selector(stage: &Stage) -> Outcome {
    let group = stage.snapshot().host_objects.iter().find_map(|host| host.labels().get("hostgroup").cloned());
    let Some(group) = group else {
        return Err(crate::conformance::check::Stop::failed("no Host has the label `hostgroup`"));
    };
    let draft = Draft::hello(stage, "there")?.spec("hostSelector", json!({"hostgroup": group}));
    stage.workloads().start(&draft).await?;
    let names: Vec<String> = stage.workloads().hosts(&draft.name).await?.into_iter().map(|host| host.name).collect();
    for host in stage.snapshot().host_objects.iter().filter(|host| names.contains(&host.name_any())) {
        hold!(
            host.labels().get("hostgroup") == Some(&group),
            "it runs on {}, which is of another group",
            host.name_any()
        );
    }
    Ok(format!("hostgroup {group}: {}", names.join(", ")))
}
