//! A NATS cluster of an even number of servers.

use serde_json::Value as Json;

use super::{Context, Warning};
use crate::diagnostics::{Code, Diagnostic, Rule, Severity};
use crate::source::Path;

pub(super) const WARNING: Warning = Warning {
    rule: Rule {
        code: Code("CW1252"),
        severity: Severity::Warning,
        name: "even-cluster",
        docs: "JetStream needs a majority: two servers stop when one is lost, four survive no more losses than three.\n\nUse one server, or three (or five).",
    },
    check,
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let replicas = context.get("nats.server.replicas").and_then(Json::as_i64).unwrap_or(1);
    let enabled = context.get("nats.server.enabled") == Some(&Json::Bool(true));
    if !enabled || replicas % 2 == 1 {
        return Vec::new();
    }
    let finding = Diagnostic::warning(
        WARNING.rule.code,
        format!("{replicas} servers survive no more losses than {}", (replicas - 1).max(1)),
    )
    .with_help("use one server, or three");
    vec![context.at(finding, Path::keys(["nats", "server", "replicas"]))]
}
