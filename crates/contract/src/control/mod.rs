//! The control plane: what operator and hosts tell each other over NATS, and on which subjects.
//!
//! Messages are JSON as protobuf maps it, package `wasmcloud.runtime.v2`. Upstream's readers refuse a message with a field they
//! do not know, so the types here have upstream's fields and no others; what our two halves tell each other beyond that goes
//! on subjects of our own. Reading is lenient: both spellings of a name, numbers in quotes or not, `null` for what is absent,
//! and unknown fields are read over.
//!
//! Start requests carry passwords and Secret values in clear. Debug output and errors of this module show none of them.

mod heartbeat;
mod interface;
mod mapping;
mod message;
pub mod own;
mod requests;
mod resources;
mod secret;
mod settings;
#[cfg(any(test, feature = "strict"))]
pub mod strict;
pub mod subjects;
#[cfg(test)]
mod tests;
mod volume;
mod workload;

/// A moment in UTC.
pub use k8s_openapi::jiff::Timestamp;

pub use heartbeat::HostHeartbeat;
pub use interface::WitInterface;
pub use message::{Malformed, Message};
pub use requests::{
    WorkloadStartRequest, WorkloadStartResponse, WorkloadState, WorkloadStatus, WorkloadStatusRequest,
    WorkloadStatusResponse, WorkloadStopRequest, WorkloadStopResponse,
};
pub use resources::{LocalResources, VolumeMount};
pub use secret::Secret;
pub use settings::Settings;
pub use volume::{Volume, VolumeSource};
pub use workload::{Component, ImagePullPolicy, ImagePullSecret, Service, WitWorld, Workload};
