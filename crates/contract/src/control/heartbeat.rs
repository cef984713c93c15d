//! What a host says about itself.

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::mapping::{absent, float, integer, moment, wide};
use super::{Message, WitInterface};

/// A host, as it tells the operator every 15 seconds and whenever it is asked. It travels bare, without an envelope.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HostHeartbeat {
    /// Made anew at each start of the process. The address of all commands, so it has no dots; see [`super::subjects::HostId`].
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub id: String,
    /// Where others reach the host: the pod's IP in a cluster, because routes and the clean-up of pods go by it.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub hostname: String,
    /// Becomes the name of the `Host` object, so it must be a DNS-1123 subdomain and no other host's. It may outlive `id`.
    #[serde(
        alias = "friendly_name",
        deserialize_with = "absent::or_default",
        skip_serializing_if = "absent::is_default"
    )]
    pub friendly_name: String,
    /// Version of the program. Three numbers, as for `wash host`.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub version: String,
    /// Become labels of the `Host` object: one that Kubernetes does not take keeps the host from appearing at all.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub labels: BTreeMap<String, String>,
    /// When the process started.
    #[serde(alias = "started_at", with = "moment", skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// `x86_64`, `aarch64`.
    #[serde(alias = "os_arch", deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub os_arch: String,
    /// `linux`.
    #[serde(alias = "os_name", deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub os_name: String,
    /// `unix`: a family, no version of a kernel.
    #[serde(alias = "os_kernel", deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub os_kernel: String,
    /// Percent of the machine, 0 to 100.
    #[serde(alias = "system_cpu_usage", with = "float", skip_serializing_if = "absent::is_default")]
    pub system_cpu_usage: f32,
    /// Bytes.
    #[serde(alias = "system_memory_total", with = "wide", skip_serializing_if = "absent::is_default")]
    pub system_memory_total: u64,
    /// Bytes.
    #[serde(alias = "system_memory_free", with = "wide", skip_serializing_if = "absent::is_default")]
    pub system_memory_free: u64,
    /// Components of running workloads. Services are not counted.
    #[serde(alias = "component_count", with = "wide", skip_serializing_if = "absent::is_default")]
    pub component_count: u64,
    /// Workloads the host keeps in mind, also those that are starting or failed.
    #[serde(alias = "workload_count", with = "wide", skip_serializing_if = "absent::is_default")]
    pub workload_count: u64,
    /// What guests may import.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub imports: Vec<WitInterface>,
    /// What guests may export for the host to call.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub exports: Vec<WitInterface>,
    /// Where HTTP for workloads is served. 0: nowhere.
    #[serde(
        alias = "http_port",
        deserialize_with = "integer::deserialize",
        skip_serializing_if = "absent::is_default"
    )]
    pub http_port: u32,
    /// The environment that workloads can ask for. Empty: none.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub environment: String,
}

impl Message for HostHeartbeat {
    const NAME: &'static str = "HostHeartbeat";
}
