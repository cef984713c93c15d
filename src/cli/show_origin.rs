//! `render --show-origin`: for each value, who won.

use std::fmt::Write as _;

use crate::diagnostics::redact::Redactor;
use crate::source::{Coalesced, Origin, Sources};

/// A line a value: path, value, winner, and whom it won over.
pub(super) fn table(coalesced: &Coalesced, sources: &Sources, secrets: &[Origin]) -> String {
    let redactor = Redactor::new(sources, secrets);
    let mut out = String::new();
    for shown in coalesced.show_origin() {
        let hidden = secrets.contains(&shown.origin);
        let value = if hidden { "***" } else { shown.value.as_str() };
        let _ = write!(out, "{} = {value}  # {}", shown.path, redactor.place(sources, shown.origin));
        if !shown.replaced.is_empty() {
            let places: Vec<String> =
                shown.replaced.iter().rev().map(|origin| redactor.place(sources, *origin)).collect();
            let _ = write!(out, ", over {}", places.join(", "));
        }
        out.push('\n');
    }
    out
}
