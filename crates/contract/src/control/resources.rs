//! What a component or service is given by its host.

use serde::{Deserialize, Serialize};

use super::Settings;
use super::mapping::{absent, integer};

/// What a component or service is given. An empty one is not the same as none, so it is kept when written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LocalResources {
    /// MiB. Upstream's operator never sends it, and upstream's host does not read it.
    #[serde(
        alias = "memory_limit_mb",
        deserialize_with = "integer::deserialize",
        skip_serializing_if = "absent::is_default"
    )]
    pub memory_limit_mb: i32,
    /// As for `memory_limit_mb`: on the wire, used by nobody.
    #[serde(
        alias = "cpu_limit",
        deserialize_with = "integer::deserialize",
        skip_serializing_if = "absent::is_default"
    )]
    pub cpu_limit: i32,
    /// Settings that the component reads, and that tune capabilities for it.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub config: Settings,
    /// Environment variables.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub environment: Settings,
    /// Volumes of the workload, and where they appear.
    #[serde(
        alias = "volume_mounts",
        deserialize_with = "absent::or_default",
        skip_serializing_if = "absent::is_default"
    )]
    pub volume_mounts: Vec<VolumeMount>,
    /// Where HTTP requests may go. Empty: nowhere.
    #[serde(
        alias = "allowed_hosts",
        deserialize_with = "absent::or_default",
        skip_serializing_if = "absent::is_default"
    )]
    pub allowed_hosts: Vec<String>,
    /// Names that may be looked up. Empty: none.
    #[serde(
        alias = "allowed_ip_name_lookups",
        deserialize_with = "absent::or_default",
        skip_serializing_if = "absent::is_default"
    )]
    pub allowed_ip_name_lookups: Vec<String>,
    /// Ports of the host's loopback that may be reached: `5432/tcp`, `53/udp`, `8080`.
    #[serde(
        alias = "allowed_host_loopback_ports",
        deserialize_with = "absent::or_default",
        skip_serializing_if = "absent::is_default"
    )]
    pub allowed_host_loopback_ports: Vec<String>,
}

/// A volume inside a component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeMount {
    /// Name of a volume of the workload.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub name: String,
    /// Where it appears.
    #[serde(alias = "mount_path", deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub mount_path: String,
    /// Whether writing to it fails.
    #[serde(alias = "read_only", deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub read_only: bool,
}
