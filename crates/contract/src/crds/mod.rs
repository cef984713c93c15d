//! The group `runtime.wasmcloud.dev/v1alpha1`: five kinds as types, and the CRDs generated from them.
//!
//! Names, shapes and validation are upstream's, so that either side's CRDs can replace the other's without touching a stored
//! object. Only one thing is stricter: the `spec` is required, because an object without one could not be read here. Three rules
//! hold for every field:
//!
//! - **No field is `nullable`.** The API server drops a `null` from a field that is not (and fills in the default, if there is
//!   one), so `deployPolicy: null` means the same as leaving it out. A nullable field would keep the `null`, lose its default and
//!   slip past the CEL rules. The types here take a `null` as absent too, for objects that never met an API server; whoever
//!   validates such an object against [`schema`] must drop its `null`s first, as the server does.
//! - **Absent, empty and zero are one**, as for upstream's Go types, and are left out when written. Fields are declared in the
//!   order of those types. Both matter: upstream hashes the JSON text of a [`WorkloadSpec`] to decide about rollouts.
//! - **Unknown fields are ignored** when read: a newer CRD may know more than this program.

#![expect(clippy::duplicated_attributes, reason = "several columns of a kind have the same type")]

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;

mod absent;
mod artifact;
mod component;
mod condition;
mod host;
mod interface;
pub mod names;
mod replica_set;
mod resources;
mod workload;
mod workload_deployment;

#[cfg(test)]
mod tests;

pub use artifact::{Artifact, ArtifactSpec, ArtifactStatus};
pub use component::{WorkloadComponent, WorkloadService};
pub use condition::Condition;
pub use host::{Host, HostData, HostStatus};
pub use interface::{HOST_INTERFACE_RULES, HostInterface};
pub use replica_set::{
    ReplicaCounts, WorkloadReplicaSet, WorkloadReplicaSetSpec, WorkloadReplicaSetStatus, WorkloadTemplate,
};
pub use resources::{
    ConfigLayer, EphemeralVolume, HostPathVolume, LocalObjectReference, LocalResources, Volume, VolumeMount,
};
pub use workload::{KubernetesService, KubernetesSpec, Workload, WorkloadSpec, WorkloadStatus};
pub use workload_deployment::{
    DeploymentArtifact, WorkloadDeployment, WorkloadDeploymentSpec, WorkloadDeploymentStatus,
};

/// The API group of every kind here.
pub const GROUP: &str = "runtime.wasmcloud.dev";

/// The only version of the group: served and stored.
pub const VERSION: &str = "v1alpha1";

/// The custom resource definitions of the group, sorted by kind.
pub fn all() -> Vec<CustomResourceDefinition> {
    [Artifact::crd(), Host::crd(), Workload::crd(), WorkloadDeployment::crd(), WorkloadReplicaSet::crd()]
        .into_iter()
        .map(finished)
        .collect()
}

/// The `openAPIV3Schema` of a kind (`WorkloadDeployment`), as the API server validates it. `None` for any other kind.
pub fn schema(kind: &str) -> Option<serde_json::Value> {
    let definition = all().into_iter().find(|definition| definition.spec.names.kind == kind)?;
    let version = definition.spec.versions.into_iter().next()?;
    serde_json::to_value(version.schema?.open_api_v3_schema?).ok()
}

/// The definition as we install it: what the derive leaves out added, what it adds for JSON Schema's sake taken away.
fn finished(mut definition: CustomResourceDefinition) -> CustomResourceDefinition {
    let names = &mut definition.spec.names;
    // The API server fills it in anyway; without it every comparison with the cluster would show a difference.
    names.list_kind = Some(format!("{}List", names.kind));
    for version in &mut definition.spec.versions {
        let Some(root) = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut()) else {
            continue;
        };
        tidy(root);
        let properties = root.properties.get_or_insert_default();
        properties.insert("apiVersion".into(), typed("string", "Group and version of this object's schema."));
        properties.insert("kind".into(), typed("string", "The kind of this object."));
        // A metadata schema may restrict the name only; the server knows the rest and refuses a description of it.
        properties.insert("metadata".into(), JSONSchemaProps { type_: Some("object".into()), ..Default::default() });
    }
    definition
}

/// A property that has a type and a description and nothing else.
fn typed(type_: &str, description: &str) -> JSONSchemaProps {
    JSONSchemaProps { type_: Some(type_.into()), description: Some(description.into()), ..Default::default() }
}

/// Removes `nullable` (see the module's first rule) and the Rust names of types from a schema and everything below it.
fn tidy(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    schema.title = None;
    schema.properties.iter_mut().flatten().for_each(|(_, property)| tidy(property));
    match &mut schema.items {
        Some(JSONSchemaPropsOrArray::Schema(items)) => tidy(items),
        Some(JSONSchemaPropsOrArray::Schemas(items)) => items.iter_mut().for_each(tidy),
        None => {}
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        tidy(values);
    }
}
