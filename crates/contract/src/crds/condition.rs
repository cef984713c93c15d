//! The condition that every status lists. It is not Kubernetes' own: `lastTransitionTime` and `reason` may be missing.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::absent;

/// One thing that is true, false or unknown about the object.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What is judged. A type occurs once in a list.
    #[serde(rename = "type")]
    pub type_: String,

    /// The generation of the object that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// The verdict: `True`, `False` or `Unknown`.
    pub status: String,

    /// When status, reason or message last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<Time>,

    /// When it was last judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_probe_time: Option<Time>,

    /// The cause in one word: `Available`, or `Reconcile` when a step failed.
    #[serde(default, deserialize_with = "absent::if_empty", skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,

    /// The cause for people.
    #[serde(default, deserialize_with = "absent::if_empty", skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}
