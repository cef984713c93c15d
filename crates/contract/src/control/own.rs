//! What our operator and our hosts tell each other beyond upstream's protocol, on subjects of our own.

use serde::{Deserialize, Serialize};

use super::Message;

/// Topic of the operator's question what a host has: [`WorkloadListRequest`] → [`WorkloadList`]. Who answers is ours.
pub const WORKLOADS: &str = "workloads";

/// Topic of a host's word that it takes nothing new and is about to end. The payload is empty.
pub const DRAINING: &str = "draining";

/// How the last part of a workload's message begins where it says which images run. The messages have no field for them, and a
/// field that upstream's operator does not know would make it refuse the whole.
const IMAGES: &str = "images: ";

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

/// What a workload's message says at its end of the images that run: names of components, each with the digest of its image. `None`
/// without any.
pub fn images_said(images: &[(String, String)]) -> Option<String> {
    let each: Vec<_> = images.iter().map(|(name, digest)| format!("{name} {digest}")).collect();
    (!each.is_empty()).then(|| format!("{IMAGES}{}", each.join(", ")))
}

/// What a message says of images, in the words of [`images_said`]; nothing, if it is upstream's.
pub fn images_of(message: &str) -> Option<&str> {
    message.rfind(IMAGES).and_then(|place| message.get(place..))
}

impl Message for WorkloadListRequest {
    const NAME: &'static str = "WorkloadListRequest";
}
impl Message for WorkloadList {
    const NAME: &'static str = "WorkloadList";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_images_is_found_at_the_end_of_a_message() {
        let images = [("api".to_owned(), "sha256:ab".to_owned()), ("service".to_owned(), "sha256:cd".to_owned())];
        let said = images_said(&images).unwrap();
        assert_eq!(said, "images: api sha256:ab, service sha256:cd");
        assert_eq!(images_of(&format!("the workload runs; an entry has no effect; {said}")), Some(said.as_str()));
        assert_eq!(images_said(&[]), None);
        assert_eq!(images_of("workload started successfully"), None);
    }
}
