//! The custom resource definitions.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

use crate::conformance::check::{Outcome, Stop, hold};
use crate::conformance::scene::Snapshot;

const KINDS: [&str; 5] = ["Artifact", "Host", "Workload", "WorkloadDeployment", "WorkloadReplicaSet"];
const VERSION: &str = "v1alpha1";

fn definitions(snapshot: &Snapshot) -> Result<&[CustomResourceDefinition], Stop> {
    snapshot.definitions.as_deref().ok_or_else(|| Stop::skipped("we may not read customresourcedefinitions"))
}

fn of<'a>(all: &'a [CustomResourceDefinition], kind: &str) -> Result<&'a CustomResourceDefinition, Stop> {
    let found = all.iter().find(|one| one.spec.names.kind == kind);
    found.ok_or_else(|| Stop::failed(format!("no definition of {kind}")))
}

pub(super) fn served(snapshot: &Snapshot) -> Outcome {
    let all = definitions(snapshot)?;
    for kind in KINDS {
        let definition = of(all, kind)?;
        let served = definition.spec.versions.iter().any(|version| version.name == VERSION && version.served);
        hold!(served, "{kind} is not served in {VERSION}");
        let conditions = definition.status.iter().flat_map(|status| status.conditions.iter().flatten());
        let established = conditions.into_iter().any(|one| one.type_ == "Established" && one.status == "True");
        hold!(established, "the definition of {kind} is not established");
    }
    Ok(KINDS.join(", "))
}

pub(super) fn stored(snapshot: &Snapshot) -> Outcome {
    let all = definitions(snapshot)?;
    for kind in KINDS {
        let stored = of(all, kind)?.status.iter().flat_map(|status| status.stored_versions.iter().flatten());
        let stored: Vec<&String> = stored.collect();
        hold!(stored == [VERSION], "{kind} is stored in {stored:?}");
    }
    Ok(format!("{VERSION} alone"))
}

pub(super) fn scale(snapshot: &Snapshot) -> Outcome {
    let definition = of(definitions(snapshot)?, "WorkloadDeployment")?;
    let version = definition.spec.versions.iter().find(|version| version.name == VERSION);
    let scale = version.and_then(|version| version.subresources.as_ref()?.scale.as_ref());
    let Some(scale) = scale else { return Err(Stop::failed("WorkloadDeployment has no scale subresource")) };
    let selector = scale.label_selector_path.clone().unwrap_or_default();
    hold!(!selector.is_empty(), "its scale subresource has no selector: an autoscaler refuses it");
    Ok(format!("replicas at {}, selector at {selector}", scale.spec_replicas_path))
}
