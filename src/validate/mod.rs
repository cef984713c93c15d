//! What is wrong with a tree, as [`crate::diagnostics::Diagnostic`]s: all of it in one run.

pub mod manifests;
pub mod schema;
