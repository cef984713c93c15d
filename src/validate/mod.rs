//! What is wrong with a tree, as [`crate::diagnostics::Diagnostic`]s: all of it in one run.

pub mod manifests;
pub mod refusals;
pub mod schema;
mod values;
mod warnings;

pub use values::values;

use crate::diagnostics::Rule;

/// The reference entries of every code, by code.
pub fn all_rules() -> Vec<Rule> {
    let mut all: Vec<Rule> = crate::source::codes::RULES.to_vec();
    all.extend_from_slice(schema::RULES);
    all.extend_from_slice(crate::diagnostics::allow::RULES);
    all.extend_from_slice(refusals::rules());
    all.extend(warnings::rules());
    all.extend_from_slice(manifests::RULES);
    all.sort_by_key(|rule| rule.code);
    all
}
