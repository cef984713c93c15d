//! What a component or service is given: settings, environment, volumes, and where it may connect to.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::absent;

/// `*`, or a host name with an optional leading `*.`, scheme and port.
const ALLOWED_HOST: &str = r"^\*$|^([A-Za-z][A-Za-z0-9+.-]*://)(\*\.)?[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*(:[0-9]{1,5})?/?$|^(\*\.)?[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*(:[0-9]{1,5})?$";

/// `*`, a host name with an optional leading `*.`, or an IP address.
const ALLOWED_NAME: &str = r"^\*$|^(\*\.)?[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$|^[0-9A-Fa-f:.]+$";

/// A port with an optional protocol.
const ALLOWED_PORT: &str = r"^[0-9]{1,5}(/(tcp|udp|TCP|UDP))?$";

/// An object of the same namespace, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct LocalObjectReference {
    /// Name of the object.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "String::is_empty")]
    #[schemars(extend("default" = ""))]
    pub name: String,
}

/// Settings from three sources. A later source wins: what stands here, then `ConfigMap`s, then Secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigLayer {
    /// `ConfigMap`s whose keys are taken over. The last one wins.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "Vec::is_empty")]
    pub config_from: Vec<LocalObjectReference>,

    /// Secrets whose keys are taken over; values must be UTF-8. The last one wins.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "Vec::is_empty")]
    pub secret_from: Vec<LocalObjectReference>,

    /// Settings by name.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, String>,
}

/// What a component or service is given by its host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalResources {
    /// Volumes of the workload that it sees as directories.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "Vec::is_empty")]
    pub volume_mounts: Vec<VolumeMount>,

    /// Environment variables. They can be read through `wasi:config` too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<ConfigLayer>,

    /// Settings for the component itself and for the plugins it uses (`subscriptions`, `consumer_group`).
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, String>,

    /// Where outgoing HTTP may go: `api.example.com`, `*.example.com`, `https://api.example.com:8443`, `*`. None: nowhere.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = ALLOWED_HOST)))]
    pub allowed_hosts: Vec<String>,

    /// Names that may be looked up and addresses that sockets may connect to. None: no name look-up.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = ALLOWED_NAME)))]
    pub allowed_ip_name_lookups: Vec<String>,

    /// Ports of the host's own loopback that may be reached, where the host allows that at all: `5432/tcp`.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = ALLOWED_PORT)))]
    pub allowed_host_loopback_ports: Vec<String>,
}

/// A volume of the workload as a directory of the component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VolumeMount {
    /// Name of the volume.
    pub name: String,

    /// The directory that the component sees.
    pub mount_path: String,

    /// Refuses writes.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_false")]
    pub read_only: bool,
}

/// Storage that the components of a workload share. One of `ephemeral` and `hostPath`; neither means `ephemeral`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    /// The name that mounts use.
    pub name: String,

    /// An empty directory on the host, for the life of the workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ephemeral: Option<EphemeralVolume>,

    /// A directory of the host that exists already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_path: Option<HostPathVolume>,
}

/// An empty directory. It has no settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct EphemeralVolume {}

/// A directory of the host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct HostPathVolume {
    /// The directory on the file system of the host **process**: in a Pod, inside its container.
    pub path: String,
}
