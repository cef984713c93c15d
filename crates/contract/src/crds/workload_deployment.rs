//! `WorkloadDeployment`: the kind that users write. It rolls from one version of its template to the next, and scales.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, KubernetesSpec, LocalObjectReference, ReplicaCounts, WorkloadTemplate, absent};

/// How many Workloads of which kind, and how to get from one version to the next.
#[derive(Clone, Debug, PartialEq, CustomResource, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "runtime.wasmcloud.dev",
    version = "v1alpha1",
    kind = "WorkloadDeployment",
    namespaced,
    status = "WorkloadDeploymentStatus",
    derive = "PartialEq",
    scale(
        spec_replicas_path = ".spec.replicas",
        status_replicas_path = ".status.currentReplicas",
        label_selector_path = ".status.selector"
    ),
    printcolumn(name = "REPLICAS", type_ = "integer", json_path = ".spec.replicas"),
    printcolumn(name = "READY", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    doc = "WorkloadDeployment runs a number of equal workloads and rolls them to each new version of their template."
)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadDeploymentSpec {
    /// How many Workloads there should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = 1))]
    pub replicas: Option<i32>,

    /// What each of them is made from.
    pub template: WorkloadTemplate,

    /// How a new version replaces the old one: `RollingUpdate` keeps the old one until the new one is ready, `Recreate` does
    /// not. Anything else acts as `RollingUpdate`.
    #[serde(default, deserialize_with = "absent::if_empty", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "RollingUpdate"))]
    pub deploy_policy: Option<String>,

    /// The artifacts that images of the template name as `artifact://<name>`.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<DeploymentArtifact>,

    /// Replaces `kubernetes` of the template as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<KubernetesSpec>,
}

impl WorkloadDeploymentSpec {
    /// How many Workloads there should be, also for an object that no API server has filled in.
    pub fn replicas(&self) -> i32 {
        self.replicas.unwrap_or(1)
    }

    /// Whether the old version goes before the new one is ready.
    pub fn recreates(&self) -> bool {
        self.deploy_policy.as_deref() == Some("Recreate")
    }
}

/// An artifact under the name that the images of this deployment use.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentArtifact {
    /// The name behind `artifact://`.
    pub name: String,

    /// The Artifact in the same namespace.
    pub artifact_from: LocalObjectReference,
}

/// How far the rollout is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadDeploymentStatus {
    /// Artifact, Sync, Deploy, Scale and Ready.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,

    /// The `WorkloadReplicaSet` of the present version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_replica_set: Option<LocalObjectReference>,

    /// The `WorkloadReplicaSet` of the version before, while a rollout lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_replica_set: Option<LocalObjectReference>,

    /// The Workloads of all versions, counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<ReplicaCounts>,

    /// The Workloads there are, for the scale subresource.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_zero")]
    pub current_replicas: i32,

    /// The label selector of the scale subresource, as text. A `HorizontalPodAutoscaler` fails without it.
    #[serde(default, deserialize_with = "absent::if_empty", skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
}
