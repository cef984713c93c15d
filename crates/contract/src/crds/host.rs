//! Host: a process that runs workloads, as its heartbeats describe it. Made by the operator, never by users.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, absent};

/// What is fixed about a host. It has no `spec`: this stands at the top level of the object.
#[derive(Clone, Debug, PartialEq, CustomResource, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "runtime.wasmcloud.dev",
    version = "v1alpha1",
    kind = "Host",
    namespaced,
    no_spec,
    status = "HostStatus",
    derive = "PartialEq",
    printcolumn(name = "HOSTID", type_ = "string", json_path = ".hostId"),
    printcolumn(name = "HOSTGROUP", type_ = "string", json_path = ".metadata.labels.hostgroup"),
    printcolumn(name = "ENVIRONMENT", type_ = "string", json_path = ".environment"),
    printcolumn(name = "READY", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp"),
    doc = "Host is a process that runs workloads, as its heartbeats describe it. The operator makes and deletes Hosts."
)]
#[serde(rename_all = "camelCase")]
pub struct HostData {
    /// Address of the host on NATS. Another one at every start of the process.
    pub host_id: String,

    /// IP address or name: where requests are routed to, and how the Pod of the host is found.
    #[serde(default, deserialize_with = "absent::if_empty", skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,

    /// Port of the HTTP server. Absent or 0: the host serves no HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_port: Option<i32>,

    /// Where the host runs: in a cluster the namespace of its Pod, elsewhere any identifier. A key of placement.
    #[serde(default, deserialize_with = "absent::if_empty", skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

/// What the last heartbeat said. Once there is a status, everything without a default must be in it: an operator that knows
/// nothing yet writes `unknown`, `"0"` and 0.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HostStatus {
    /// Reporting and Ready.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,

    /// Version of the host program.
    pub version: String,

    /// Operating system: `linux`.
    pub os_name: String,

    /// Processor architecture: `x86_64`, `aarch64`.
    pub os_arch: String,

    /// Kernel family: `unix`.
    pub os_kernel: String,

    /// Use of the machine's processors in percent, as decimal text.
    #[serde(rename = "systemCPUUsage")]
    pub system_cpu_usage: String,

    /// Memory of the machine in bytes.
    pub system_memory_total: i64,

    /// Free memory of the machine in bytes.
    pub system_memory_free: i64,

    /// Components of running workloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component_count: Option<i64>,

    /// Workloads, running or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload_count: Option<i64>,

    /// When the host was last heard of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Time>,
}
