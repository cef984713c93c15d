//! Folders that the parts of a workload can share.

use serde::{Deserialize, Serialize};

use super::mapping::absent;

/// A folder that components and service can mount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Volume {
    /// By which mounts refer to it.
    pub name: String,
    /// Where it comes from.
    pub source: VolumeSource,
}

/// Where a volume comes from. A message that says nothing means an empty folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum VolumeSource {
    /// A folder that is empty at the start of the workload.
    #[default]
    EmptyDir,
    /// This folder of the host.
    HostPath(String),
}

/// The volume on the wire, where the two sources are fields of which at most one is there.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct Wire {
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    name: String,
    #[serde(alias = "host_path", skip_serializing_if = "Option::is_none")]
    host_path: Option<HostPath>,
    #[serde(alias = "empty_dir", skip_serializing_if = "Option::is_none")]
    empty_dir: Option<EmptyDir>,
}

#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct HostPath {
    #[serde(alias = "local_path", deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    local_path: String,
}

#[derive(Clone, Default, Deserialize, Serialize)]
struct EmptyDir {}

impl TryFrom<Wire> for Volume {
    type Error = &'static str;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        let source = match (wire.host_path, wire.empty_dir) {
            (Some(_), Some(_)) => return Err("a volume is either a hostPath or an emptyDir, not both"),
            (Some(HostPath { local_path }), None) => VolumeSource::HostPath(local_path),
            (None, _) => VolumeSource::EmptyDir,
        };
        Ok(Self { name: wire.name, source })
    }
}

impl From<Volume> for Wire {
    fn from(Volume { name, source }: Volume) -> Self {
        match source {
            VolumeSource::HostPath(local_path) => {
                Self { name, host_path: Some(HostPath { local_path }), empty_dir: None }
            }
            VolumeSource::EmptyDir => Self { name, host_path: None, empty_dir: Some(EmptyDir {}) },
        }
    }
}
