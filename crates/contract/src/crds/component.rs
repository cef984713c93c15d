//! The two kinds of WebAssembly in a workload: components that are called, and the service that runs all the time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LocalObjectReference, LocalResources, absent};

/// A component: stateless, called through its exports, on the same host as the rest of its workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadComponent {
    /// Name of the component in logs, errors and metrics.
    pub name: String,

    /// OCI reference, or `artifact://<name>` for an artifact that the deployment lists.
    pub image: String,

    /// Secret of type `kubernetes.io/dockerconfigjson` in the same namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_pull_secret: Option<LocalObjectReference>,

    /// When to pull: `Always`, `IfNotPresent` (the default) or `Never`.
    #[serde(default, deserialize_with = "absent::if_empty", skip_serializing_if = "Option::is_none")]
    pub image_pull_policy: Option<String>,

    /// Instances kept between calls. 0: every call gets a new one.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_zero")]
    #[schemars(range(min = 0))]
    pub pool_size: i32,

    /// Calls after which a kept instance is replaced. 0: never.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_zero")]
    #[schemars(range(min = 0))]
    pub max_invocations: i32,

    /// Calls that a kept instance serves at the same time. 0: one.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_zero")]
    #[schemars(range(min = 0))]
    pub max_concurrency: i32,

    /// Retires kept instances that were not needed for so many seconds. Left out: never. Since wasmCloud 2.9.0; older hosts
    /// refuse a workload that sets it.
    // An option, unlike the numbers above: what an explicit 0 means differs from leaving it out (see the next field).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub reclaim_window_seconds: Option<i32>,

    /// Instances that `reclaimWindowSeconds` leaves alone. As many as `poolSize` turn it off. Since wasmCloud 2.9.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub reclaim_min_instances: Option<i32>,

    /// What the component is given by its host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_resources: Option<LocalResources>,
}

/// A component that runs as long as its workload does. At most one in a workload; the others reach it on `localhost`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadService {
    /// OCI reference, or `artifact://<name>` for an artifact that the deployment lists.
    pub image: String,

    /// Secret of type `kubernetes.io/dockerconfigjson` in the same namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_pull_secret: Option<LocalObjectReference>,

    /// When to pull: `Always`, `IfNotPresent` (the default) or `Never`.
    #[serde(default, deserialize_with = "absent::if_empty", skip_serializing_if = "Option::is_none")]
    pub image_pull_policy: Option<String>,

    /// Restarts after a crash before the host gives up.
    // Written even when 0: upstream's type has no `omitempty` here, and its hash sees the text.
    #[serde(default, deserialize_with = "absent::or_default")]
    pub max_restarts: i32,

    /// What the service is given by its host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_resources: Option<LocalResources>,
}
