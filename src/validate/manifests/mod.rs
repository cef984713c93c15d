//! Kubernetes manifests, several files at once: wasmCloud's five kinds and the objects beside them.
//!
//! Each object is judged against the schema of its kind ([`schemas`]); `rules/` then judges what no schema can see: an
//! object against the others, and settings against what hosts and operators do with them. A kind nobody here knows is
//! not judged.

mod image;
mod interfaces;
mod names;
mod object;
mod place;
mod rules;
mod schemas;
#[cfg(test)]
mod tests;
mod workload;

pub use self::object::is_manifest;
pub use self::rules::RULES;
use crate::diagnostics::{Diagnostic, Rule};
use crate::source::{Node, Origin, Sources};

/// All findings of the manifests among `documents`; others are passed over.
///
/// A `CustomResourceDefinition` among them is taken for what the cluster has: its kind is judged by its schema.
pub fn check(sources: &Sources, documents: &[Node]) -> Vec<Diagnostic> {
    check_against_installed(sources, &[], documents)
}

/// [`check`] where the cluster's `CustomResourceDefinition`s are known: a field that they lack would be pruned.
pub fn check_against_installed(sources: &Sources, definitions: &[Node], documents: &[Node]) -> Vec<Diagnostic> {
    let set = object::Set::new(sources, definitions, documents);
    let mut found = Vec::new();
    schemas::check(&set, &mut found);
    for check in rules::CHECKS {
        check(&set, &mut found);
    }
    found
}

/// The reference entries of this room's codes.
pub fn rules() -> impl Iterator<Item = Rule> {
    RULES.iter().copied()
}

/// Where Secrets keep what no output may show.
pub fn secrets(documents: &[Node]) -> Vec<Origin> {
    let objects = object::objects(documents);
    let secrets = objects.iter().filter(|object| object.is("", "Secret"));
    secrets.flat_map(|secret| values(&secret.place)).collect()
}

/// The data of a Secret, and the copy of it that `kubectl apply` leaves in an annotation.
fn values(secret: &place::Place<'_>) -> Vec<Origin> {
    let data = ["data", "stringData"].iter().filter_map(|key| secret.get(key));
    let values = data.flat_map(|data| data.entries()).map(|(_, value)| value);
    let copy = secret.walk(&["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"]);
    values.chain(copy).map(|value| value.node.origin).collect()
}
