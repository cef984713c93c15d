//! Tests that need more than one file of this room, and what they share.

mod layers;
mod parse;
mod plain;
mod renames;
mod set;

use super::{SourceId, SourceKind, Sources};
use crate::diagnostics::Diagnostic;

/// A file among sources of its own.
fn file(text: &str) -> (Sources, SourceId) {
    let mut sources = Sources::default();
    let id = sources.add(SourceKind::File, "values.yaml", text);
    (sources, id)
}

/// `CW0103 values.yaml:7:1 the message`, one a line.
fn told(sources: &Sources, diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics
        .iter()
        .map(|diagnostic| {
            let place = diagnostic.primary.as_ref().map(|label| sources.place(label.origin)).unwrap_or_default();
            format!("{} {place} {}", diagnostic.code, diagnostic.message)
        })
        .collect()
}

#[test]
fn every_code_has_one_rule() {
    let mut codes: Vec<_> = super::codes::RULES.iter().map(|rule| rule.code).collect();
    let count = codes.len();
    codes.dedup();
    assert_eq!(codes.len(), count);
    assert!(super::codes::RULES.iter().all(|rule| rule.docs.contains("**Why.**")));
}
