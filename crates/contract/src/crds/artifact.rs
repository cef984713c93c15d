//! Artifact: a name for an image, so that several deployments follow one change.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, LocalObjectReference, absent};

/// What the artifact should be.
#[derive(Clone, Debug, PartialEq, CustomResource, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "runtime.wasmcloud.dev",
    version = "v1alpha1",
    kind = "Artifact",
    namespaced,
    status = "ArtifactStatus",
    derive = "PartialEq",
    doc = "Artifact names an image of a component; deployments refer to it as `artifact://<name>` and follow its changes."
)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactSpec {
    /// OCI reference of the component.
    pub image: String,

    /// Secret of type `kubernetes.io/dockerconfigjson` for an external artifact controller. It does not reach the components
    /// that use the artifact: they name their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_pull_secret: Option<LocalObjectReference>,
}

/// What was found out about the artifact.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactStatus {
    /// Sync, Published and Ready.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,

    /// The generation this status belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// The reference that takes the place of `artifact://<name>`.
    #[serde(default, deserialize_with = "absent::if_empty", skip_serializing_if = "Option::is_none")]
    pub artifact_url: Option<String>,
}
