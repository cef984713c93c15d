//! What our operator and our hosts tell each other beyond upstream's protocol, on subjects of our own.

use serde::{Deserialize, Serialize};

use super::Message;

/// Topic of the operator's question what a host has: [`WorkloadListRequest`] → [`WorkloadList`]. Who answers is ours.
pub const WORKLOADS: &str = "workloads";

/// Topic of a host's word that it takes nothing new and is about to end. The payload is empty.
pub const DRAINING: &str = "draining";

/// Ids in one answer: with the ids of upstream's operator, far below what a server takes as one message.
pub const PAGE: usize = 10_000;

/// Which workloads does the host have in mind?
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadListRequest {
    /// Those whose ids come after this one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub after: String,
}

/// The workloads of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadList {
    /// Their ids in order, [`PAGE`] at most.
    pub ids: Vec<String>,
    /// Whether there are more behind the last.
    pub more: bool,
}

impl Message for WorkloadListRequest {
    const NAME: &'static str = "WorkloadListRequest";
}
impl Message for WorkloadList {
    const NAME: &'static str = "WorkloadList";
}
