//! `WorkloadReplicaSet`: so many equal Workloads. Usually made by a `WorkloadDeployment`.

use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, WorkloadSpec, absent};

/// How many Workloads of which kind.
#[derive(Clone, Debug, PartialEq, CustomResource, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "runtime.wasmcloud.dev",
    version = "v1alpha1",
    kind = "WorkloadReplicaSet",
    namespaced,
    status = "WorkloadReplicaSetStatus",
    derive = "PartialEq",
    printcolumn(name = "REPLICAS", type_ = "integer", json_path = ".spec.replicas"),
    printcolumn(name = "READY", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    doc = "WorkloadReplicaSet keeps so many equal Workloads. A WorkloadDeployment makes one for each version of its template."
)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadReplicaSetSpec {
    /// How many Workloads there should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = 1))]
    pub replicas: Option<i32>,

    /// What each of them is made from.
    pub template: WorkloadTemplate,
}

impl WorkloadReplicaSetSpec {
    /// How many Workloads there should be, also for an object that no API server has filled in.
    pub fn replicas(&self) -> i32 {
        self.replicas.unwrap_or(1)
    }
}

/// What a Workload is made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct WorkloadTemplate {
    /// Annotations. Upstream's operator does not hand them on to the Workloads. For ours another value of
    /// `chartwright.dev/restarted-at` is a new version of the same spec.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,

    /// Labels of the Workloads.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,

    /// What runs and where. A change of it is a new version.
    pub spec: WorkloadSpec,
}

/// How many Workloads there are.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct WorkloadReplicaSetStatus {
    /// `ScaleUp`, `ScaleDown` and Ready.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,

    /// The Workloads, counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<ReplicaCounts>,
}

/// Workloads, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct ReplicaCounts {
    /// Those there should be.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_zero")]
    pub expected: i32,

    /// Those there are.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_zero")]
    pub current: i32,

    /// Those that run.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_zero")]
    pub ready: i32,

    /// Those that do not.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_zero")]
    pub unavailable: i32,
}
