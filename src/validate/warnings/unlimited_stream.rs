//! Buckets without a limit on an account that insists on one.

use super::merged;
use super::{Context, Warning, text};
use crate::diagnostics::{Code, Diagnostic, Rule, Severity};
use crate::source::Path;

pub(super) const WARNING: Warning = Warning {
    rule: Rule {
        code: Code("CW1251"),
        severity: Severity::Warning,
        name: "bucket-without-limit",
        docs: "Synadia Cloud refuses to create a stream without a size limit: key-value and blob stores of workloads fail when they open their bucket.\n\nSet `nats.data.jetstream.maxBytes`, or join Synadia as a leaf, where JetStream stays in the cluster.",
    },
    check,
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let base = context.get("nats.data").cloned().unwrap_or_default();
    let mut connections = vec![(Path::keys(["nats", "data"]), base.clone())];
    for (name, group) in context.groups() {
        let own = group.pointer("/nats/data").cloned().unwrap_or_default();
        if own.as_object().is_some_and(|map| !map.is_empty()) {
            connections.push((Path::keys(["hosts".into(), name, "nats".into(), "data".into()]), merged(&base, &own)));
        }
    }
    for (path, connection) in connections {
        if text(&connection, "/provider") == "synadia"
            && !matches!(text(&connection, "/mode"), "bundled" | "leaf")
            && text(&connection, "/jetstream/maxBytes").is_empty()
        {
            let finding = Diagnostic::warning(
                WARNING.rule.code,
                "Synadia Cloud refuses buckets without a limit, so workloads cannot open any",
            )
            .with_help("set `jetstream.maxBytes`, such as `256Mi`");
            found.push(context.at(finding, path.key("provider")));
        }
    }
    found
}
