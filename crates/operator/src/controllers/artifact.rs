//! An Artifact: its status tells deployments what stands for its name. One that is in use does not go, where we hold it.

use std::sync::Arc;

use chartwright_contract::crds::Artifact;
use chartwright_contract::crds::names::{ARTIFACT_FINALIZER, conditions as types};
use kube::ResourceExt as _;

use super::queue::Next;
use super::{Failure, now};
use crate::cluster::Key;
use crate::conditions::{self, Outcome};
use crate::operator::Operator;

/// Takes a look.
pub(crate) async fn look(operator: Arc<Operator>, key: Key) -> Result<Next, Failure> {
    let Some(artifact) = operator.cluster.artifacts.get(&key) else { return Ok(Next::Wait) };
    if artifact.metadata.deletion_timestamp.is_some() {
        let refers = |name: &str| name == key.name;
        let deployments = operator.cluster.deployments.within(&key.namespace);
        let user = deployments
            .iter()
            .find(|deployment| deployment.spec.artifacts.iter().any(|entry| refers(&entry.artifact_from.name)));
        if let Some(user) = user.filter(|_| operator.settings.holds) {
            let why = format!("the WorkloadDeployment {} refers to it", user.name_any());
            return write(&operator, &artifact, &Outcome::False("InUse", why)).await;
        }
        operator.cluster.release(&*artifact, &[ARTIFACT_FINALIZER]).await?;
        return Ok(Next::Wait);
    }
    if !operator.settings.artifacts && operator.settings.holds {
        return Ok(Next::Wait);
    }
    let artifact = operator.held(artifact, &[ARTIFACT_FINALIZER]).await?;
    if !operator.settings.artifacts {
        return Ok(Next::Wait);
    }
    write(&operator, &artifact, &Outcome::True).await
}

async fn write(operator: &Operator, artifact: &Artifact, ready: &Outcome) -> Result<Next, Failure> {
    let mut status = artifact.status.clone().unwrap_or_default();
    for type_ in types("Artifact") {
        let outcome = if *type_ == "Ready" { ready } else { &Outcome::True };
        conditions::set(&mut status.conditions, type_, outcome, &now());
    }
    status.artifact_url = Some(artifact.spec.image.clone());
    status.observed_generation = artifact.metadata.generation;
    operator.cluster.status(artifact, artifact.status.as_ref(), &status).await?;
    Ok(Next::Wait)
}
