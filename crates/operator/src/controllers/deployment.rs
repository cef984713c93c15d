//! A WorkloadDeployment: one ReplicaSet for each version of its template, and the way from one to the next.
//!
//! A ReplicaSet is named by the hash of its template: whoever makes it twice is told that it is there, and a version that
//! comes back finds its own again.

use std::collections::BTreeMap;
use std::sync::Arc;

use chartwright_contract::crds::names::DEPLOYMENT;
use chartwright_contract::crds::{
    LocalObjectReference, ReplicaCounts, WorkloadDeployment, WorkloadDeploymentStatus, WorkloadReplicaSet,
    WorkloadReplicaSetSpec, WorkloadSpec, WorkloadTemplate,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt as _;
use serde_json::json;

use super::queue::Next;
use super::replica_set::{count, hindrance, members, owner_reference};
use super::rollout::{self, Count, Margin};
use super::{Failure, now};
use crate::cluster::Key;
use crate::conditions::{self, Outcome, holds};
use crate::operator::{Operator, uid};
use crate::template;

/// Annotations of a deployment: how many more than wanted, and how many fewer ready, while it rolls. Numbers or percentages.
pub const MAX_SURGE: &str = "chartwright.dev/max-surge";
/// See [`MAX_SURGE`].
pub const MAX_UNAVAILABLE: &str = "chartwright.dev/max-unavailable";

/// Takes a look.
pub(crate) async fn look(operator: Arc<Operator>, key: Key) -> Result<Next, Failure> {
    let Some(deployment) = operator.cluster.deployments.get(&key) else { return Ok(Next::Wait) };
    if deployment.metadata.deletion_timestamp.is_some() {
        // The cluster collects what it owns.
        return Ok(Next::Wait);
    }
    let mut status = deployment.status.clone().unwrap_or_default();
    let result = advance(&operator, &deployment, &mut status).await;
    let holds = |type_| holds(&status.conditions, type_);
    let ready = if ["Artifact", "Sync", "Deploy", "Scale"].into_iter().all(holds) {
        Outcome::True
    } else {
        let first = status.conditions.iter().find(|one| one.type_ != "Ready" && one.status != "True");
        Outcome::False("Reconcile", first.and_then(|one| one.message.clone()).unwrap_or_default())
    };
    conditions::set(&mut status.conditions, "Ready", &ready, &now());
    operator.cluster.status(&*deployment, deployment.status.as_ref(), &status).await?;
    result?;
    Ok(Next::Wait)
}

/// One step of the way; what it finds stands in the conditions.
async fn advance(
    operator: &Operator,
    deployment: &WorkloadDeployment,
    status: &mut WorkloadDeploymentStatus,
) -> Result<(), Failure> {
    let mut set = |type_: &str, outcome: Outcome| {
        conditions::set(&mut status.conditions, type_, &outcome, &now());
    };
    let replicas = deployment.spec.replicas();
    let spec = match resolved(operator, deployment) {
        Ok(spec) => spec,
        Err(why) => {
            set("Artifact", Outcome::False("Reconcile", why));
            return Ok(());
        }
    };
    set("Artifact", Outcome::True);
    let annotations = deployment.annotations();
    let margin = |key| annotations.get(key).map(String::as_str);
    let margin = match Margin::of(replicas, margin(MAX_SURGE), margin(MAX_UNAVAILABLE)) {
        Ok(margin) => margin,
        Err(why) => {
            set("Deploy", Outcome::False("Reconcile", why));
            return Ok(());
        }
    };
    let version = WorkloadTemplate { spec, ..deployment.spec.template.clone() };
    let hash = template::hash(&version);
    let mut owned = owned(operator, deployment);
    let known = status.current_replica_set.as_ref().map(|set| set.name.clone());
    let is_of = |set: &&Arc<WorkloadReplicaSet>| template::hash(&set.spec.template) == hash;
    let current = owned.iter().find(|set| Some(set.name_any()) == known && is_of(set));
    let current = current.or_else(|| owned.iter().find(is_of)).cloned();
    let mut set = |type_: &str, outcome: Outcome| {
        conditions::set(&mut status.conditions, type_, &outcome, &now());
    };
    let current = match current {
        Some(current) => current,
        None => {
            // It begins with as many as there is room for; the next look gives it more.
            let first = if owned.is_empty() { replicas } else { 0 };
            let new = replica_set(deployment, version, &hash, first);
            match operator.cluster.create(&new).await {
                Ok(made) => {
                    owned.push(Arc::clone(&made));
                    made
                }
                Err(err) => {
                    set("Sync", Outcome::False("Reconcile", "there is no ReplicaSet of this template yet".into()));
                    set("Deploy", Outcome::False("Reconcile", err.to_string()));
                    return Err(err.into());
                }
            }
        }
    };
    set("Sync", Outcome::True);
    set("Deploy", Outcome::True);

    let old: Vec<_> = owned.iter().filter(|set| set.name_any() != current.name_any()).cloned().collect();
    let counted = |set: &Arc<WorkloadReplicaSet>| count(set, &members(operator, set));
    let (new_count, old_counts) = (counted(&current), old.iter().map(counted).collect::<Vec<_>>());
    let plan = if deployment.spec.recreates() {
        rollout::recreate(replicas, new_count, &old_counts)
    } else {
        rollout::rolling(replicas, margin, new_count, &old_counts)
    };
    let changed = scale(operator, &current, plan.new).await;
    for (set, wanted) in old.iter().zip(&plan.old) {
        scale(operator, set, *wanted).await?;
    }
    changed?;
    let mut previous = None;
    for (set, count) in old.iter().zip(&old_counts) {
        if count.wanted == 0 && count.there == 0 {
            operator.cluster.delete(&**set).await?;
        } else {
            previous = Some(LocalObjectReference { name: set.name_any() });
        }
    }

    let total = old_counts.iter().fold(new_count, |sum, count| Count {
        wanted: sum.wanted,
        there: sum.there + count.there,
        ready: sum.ready + count.ready,
    });
    let done = new_count.ready == replicas && new_count.there == replicas && previous.is_none();
    let scaled = if done {
        Outcome::True
    } else {
        let going = total.there - new_count.there;
        let going = if going > 0 { format!(", {going} of versions before are left") } else { String::new() };
        let why = hindrance(&members(operator, &current));
        Outcome::Unknown("Reconcile", format!("status unknown: {} of {replicas} run{going}{why}", new_count.ready))
    };
    conditions::set(&mut status.conditions, "Scale", &scaled, &now());
    status.current_replica_set = Some(LocalObjectReference { name: current.name_any() });
    status.previous_replica_set = previous;
    status.replicas = Some(ReplicaCounts {
        expected: replicas,
        current: total.there,
        ready: total.ready,
        unavailable: (total.there - total.ready).max(0),
    });
    status.current_replicas = total.there;
    status.selector = Some(format!("{DEPLOYMENT}={}", deployment.name_any()));
    Ok(())
}

/// The template with what stands for its artifacts, and the deployment's own Service.
fn resolved(operator: &Operator, deployment: &WorkloadDeployment) -> Result<WorkloadSpec, String> {
    let namespace = deployment.namespace().unwrap_or_default();
    let mut urls = BTreeMap::new();
    for entry in &deployment.spec.artifacts {
        let name = &entry.artifact_from.name;
        let artifact = operator.cluster.artifacts.get(&Key::new(&namespace, name));
        let artifact = artifact.ok_or_else(|| format!("there is no Artifact {namespace}/{name}"))?;
        let url = artifact.status.as_ref().filter(|status| holds(&status.conditions, "Ready"));
        let url = url.and_then(|status| status.artifact_url.clone());
        urls.insert(name.clone(), url.ok_or_else(|| format!("the Artifact {namespace}/{name} is not ready yet"))?);
    }
    template::resolve(&deployment.spec, &urls).map_err(|err| err.to_string())
}

/// The ReplicaSets of a deployment, oldest first.
fn owned(operator: &Operator, deployment: &WorkloadDeployment) -> Vec<Arc<WorkloadReplicaSet>> {
    let owner = uid(deployment);
    let mut all = operator.cluster.replica_sets.within(&deployment.namespace().unwrap_or_default());
    all.retain(|set| {
        set.metadata.deletion_timestamp.is_none()
            && set.owner_references().iter().any(|one| one.controller == Some(true) && one.uid == owner)
    });
    all.sort_by_key(|set| (set.metadata.creation_timestamp.as_ref().map(|time| time.0), set.name_any()));
    all
}

fn replica_set(
    deployment: &WorkloadDeployment,
    template: WorkloadTemplate,
    hash: &str,
    replicas: i32,
) -> WorkloadReplicaSet {
    let name = format!("{}-{hash}", deployment.name_any());
    let mut labels = deployment.labels().clone();
    labels.insert(DEPLOYMENT.to_owned(), deployment.name_any());
    let mut set = WorkloadReplicaSet::new(&name, WorkloadReplicaSetSpec { replicas: Some(replicas), template });
    let mut annotations = deployment.annotations().clone();
    // What kubectl notes for itself about the deployment is not true of anything else.
    annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    set.metadata = ObjectMeta {
        name: Some(name),
        namespace: deployment.namespace(),
        labels: Some(labels),
        annotations: Some(annotations).filter(|annotations| !annotations.is_empty()),
        owner_references: Some(vec![owner_reference(deployment)]),
        ..ObjectMeta::default()
    };
    set
}

async fn scale(operator: &Operator, set: &WorkloadReplicaSet, replicas: i32) -> Result<(), Failure> {
    if set.spec.replicas() != replicas {
        operator.cluster.merge(set, json!({ "spec": { "replicas": replicas } })).await?;
    }
    Ok(())
}
