//! A tag that is no version moves under a running cluster.

use super::{Context, Warning, text};
use crate::diagnostics::{Code, Diagnostic, Rule, Severity};

pub(super) const WARNING: Warning = Warning {
    rule: Rule {
        code: Code("CW1003"),
        severity: Severity::Warning,
        name: "floating-tag",
        docs: "A tag such as `latest`, `canary` or `v2-canary` names another image tomorrow: with pull policy `Always` pods of one release differ by the hour they started, with the others by the node.\n\nWrite a version, or a digest.",
    },
    check,
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (path, pod) in context.pods() {
        let tag = text(&pod, "/image/tag");
        if tag.is_empty() || tag.chars().any(|c| c.is_ascii_digit()) && !floats(tag) {
            continue;
        }
        let effect = if text(&pod, "/image/pullPolicy") == "Always" {
            "each start of a pod may bring another image"
        } else {
            "nodes keep whatever image they pulled first, and may differ"
        };
        let finding = Diagnostic::warning(WARNING.rule.code, format!("`{tag}` is no version: {effect}"))
            .with_help("write a version, or a `digest`");
        found.push(context.at(finding, path.key("image").key("tag")));
    }
    found
}

/// Words that name a channel, with or without a number before them.
fn floats(tag: &str) -> bool {
    ["latest", "canary", "nightly", "edge", "main", "master", "dev", "stable"]
        .iter()
        .any(|word| tag.split(['-', '.', '_']).any(|part| part.eq_ignore_ascii_case(word)))
}
