//! Each code at its exact place, unions, suggestions, Kubernetes' habits; and the verdict of another validator.

mod codes;
mod kubernetes;
mod unions;
mod verdict;
mod yaml;

use serde_json::Value;

use super::{Options, check_with};
use crate::source::{Path, SourceKind, Sources};

/// Findings as `CODE line:column path: message | help`, sorted by place.
fn findings_with(schema: &Value, text: &str, options: Options) -> Vec<String> {
    let mut sources = Sources::default();
    let source = sources.add(SourceKind::File, "values.yaml", text);
    let root = yaml::parse(text, source);
    let mut found = check_with(schema, &root, &Path::root(), &sources, options);
    crate::diagnostics::tidy(&mut found, &sources);
    found
        .iter()
        .map(|finding| {
            let place = sources.position(finding.primary.as_ref().unwrap().origin);
            let path = finding.path.as_ref().unwrap();
            let help = finding.help.as_ref().map(|help| format!(" | {help}")).unwrap_or_default();
            format!("{} {}:{} {path}: {}{help}", finding.code, place.line, place.column, finding.message)
        })
        .collect()
}

fn findings(schema: &Value, text: &str) -> Vec<String> {
    findings_with(schema, text, Options::default())
}

const NONE: [&str; 0] = [];
