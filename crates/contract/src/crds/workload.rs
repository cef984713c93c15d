//! Workload: one placement of components on one host, usually made by a `WorkloadReplicaSet`. Its spec, what runs and where, is
//! also the core of the template of the two kinds above it.

use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::interface::validations;
use super::{Condition, HostInterface, Volume, WorkloadComponent, WorkloadService, absent};

/// Components that run together on one host, and what they need there.
#[derive(Clone, Debug, Default, PartialEq, Eq, CustomResource, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "runtime.wasmcloud.dev",
    version = "v1alpha1",
    kind = "Workload",
    namespaced,
    shortname = "ww",
    status = "WorkloadStatus",
    derive = "PartialEq",
    printcolumn(name = "HOSTID", type_ = "string", json_path = ".status.hostId"),
    printcolumn(name = "ENVIRONMENT", type_ = "string", json_path = ".status.environment"),
    printcolumn(name = "READY", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp"),
    doc = "Workload is one placement of components on one host. A WorkloadReplicaSet makes it."
)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadSpec {
    /// Labels that the host must have: `hostgroup: default`.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub host_selector: BTreeMap<String, String>,

    /// The one host to run on. Skips every check of it; ids change when a host restarts.
    #[serde(default, deserialize_with = "absent::if_empty", skip_serializing_if = "Option::is_none")]
    pub host_id: Option<String>,

    /// The environment of the hosts to run on. Left out: the namespace of the workload.
    #[serde(default, deserialize_with = "absent::if_empty", skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,

    /// The components, each called when something calls its exports.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<WorkloadComponent>,

    /// What the components import from the host or offer to it. Without an entry an import is missing at run time.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-validations" = validations()))]
    pub host_interfaces: Vec<HostInterface>,

    /// A component that runs all the time beside the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<WorkloadService>,

    /// Storage for the mounts of components and service.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Volume>,

    /// What the workload has to do with the cluster it is described in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<KubernetesSpec>,
}

/// What the workload has to do with the cluster it is described in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct KubernetesSpec {
    /// The Service that leads to the workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<KubernetesService>,
}

/// A Service without a selector: the operator keeps an EndpointSlice for it that names the hosts running the workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct KubernetesService {
    /// Name of the Service, in the same namespace.
    pub name: String,
}

/// Where the workload went.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadStatus {
    /// Config, `HostSelection`, Placement, Sync and Ready.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,

    /// The host it was placed on. An operator that finds it empty places the workload anew.
    #[serde(default, deserialize_with = "absent::if_empty", skip_serializing_if = "Option::is_none")]
    pub host_id: Option<String>,

    /// The environment of that host.
    #[serde(default, deserialize_with = "absent::if_empty", skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,

    /// The id that host and operator know the workload by.
    #[serde(default, deserialize_with = "absent::if_empty", skip_serializing_if = "Option::is_none")]
    pub workload_id: Option<String>,
}
