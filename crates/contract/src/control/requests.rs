//! What the operator asks of a host, and what the host answers.

use serde::{Deserialize, Serialize};

use super::mapping::absent;
use super::mapping::enumeration::{Enumeration, as_enumeration};
use super::{Message, Workload};

/// Run this.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadStartRequest {
    /// What to run. A host cannot do without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<Workload>,
    /// By which all further messages refer to it: the `uid` of the `Workload` object. A host cannot do without.
    #[serde(
        alias = "workload_id",
        deserialize_with = "absent::or_default",
        skip_serializing_if = "absent::is_default"
    )]
    pub workload_id: String,
}

impl WorkloadStartRequest {
    /// The request as a host before wasmCloud 2.9 takes it: it refuses one that has fields it does not know.
    #[must_use]
    pub fn without_reclaim(mut self) -> Self {
        let world = self.workload.as_mut().and_then(|workload| workload.wit_world.as_mut());
        for component in world.into_iter().flat_map(|world| &mut world.components) {
            component.reclaim_window_seconds = None;
            component.reclaim_min_instances = None;
        }
        self
    }
}

/// How is this one?
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadStatusRequest {
    /// Which.
    #[serde(
        alias = "workload_id",
        deserialize_with = "absent::or_default",
        skip_serializing_if = "absent::is_default"
    )]
    pub workload_id: String,
}

/// End this one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadStopRequest {
    /// Which.
    #[serde(
        alias = "workload_id",
        deserialize_with = "absent::or_default",
        skip_serializing_if = "absent::is_default"
    )]
    pub workload_id: String,
}

/// A response: the three of them are alike.
macro_rules! response {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            /// The workload. Upstream's operator stumbles over a response without it.
            #[serde(alias = "workload_status", skip_serializing_if = "Option::is_none")]
            pub workload_status: Option<WorkloadStatus>,
        }

        impl From<WorkloadStatus> for $name {
            fn from(status: WorkloadStatus) -> Self {
                Self { workload_status: Some(status) }
            }
        }

        impl Message for $name {
            const NAME: &'static str = stringify!($name);
        }
    };
}

response!(
    /// How the start went. Upstream's operator takes any response for a placement; ours reads the state.
    WorkloadStartResponse
);
response!(
    /// How the workload is.
    WorkloadStatusResponse
);
response!(
    /// How the stop went.
    WorkloadStopResponse
);

/// A workload on a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadStatus {
    /// Which: always the id of the request.
    #[serde(
        alias = "workload_id",
        deserialize_with = "absent::or_default",
        skip_serializing_if = "absent::is_default"
    )]
    pub workload_id: String,
    /// How it is.
    #[serde(
        alias = "workload_state",
        deserialize_with = "absent::or_default",
        skip_serializing_if = "absent::is_default"
    )]
    pub workload_state: WorkloadState,
    /// Why, for people.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub message: String,
}

/// How a workload is. A number nobody knows is read as [`Self::Unspecified`], which nobody takes for running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WorkloadState {
    /// Nothing was said.
    #[default]
    Unspecified,
    /// On its way.
    Starting,
    /// Serving.
    Running,
    /// Its service ended well. Upstream's host never says so; its operator takes it for healthy.
    Completed,
    /// On its way out.
    Stopping,
    /// It failed; the message says why.
    Error,
    /// The host knows no such workload.
    NotFound,
}

impl Enumeration for WorkloadState {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Unspecified, "WORKLOAD_STATE_UNSPECIFIED"),
        (Self::Starting, "WORKLOAD_STATE_STARTING"),
        (Self::Running, "WORKLOAD_STATE_RUNNING"),
        (Self::Completed, "WORKLOAD_STATE_COMPLETED"),
        (Self::Stopping, "WORKLOAD_STATE_STOPPING"),
        (Self::Error, "WORKLOAD_STATE_ERROR"),
        (Self::NotFound, "WORKLOAD_STATE_NOT_FOUND"),
    ];
}
as_enumeration!(WorkloadState);

impl Message for WorkloadStartRequest {
    const NAME: &'static str = "WorkloadStartRequest";
}
impl Message for WorkloadStatusRequest {
    const NAME: &'static str = "WorkloadStatusRequest";
}
impl Message for WorkloadStopRequest {
    const NAME: &'static str = "WorkloadStopRequest";
}
