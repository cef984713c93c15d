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
use crate::diagnostics::Diagnostic;
use crate::source::{Node, Sources};

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
