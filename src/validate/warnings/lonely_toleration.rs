//! Tolerations without a spread send all replicas to one node.

use serde_json::Value as Json;

use super::{Context, Warning, text};
use crate::diagnostics::{Code, Diagnostic, Rule, Severity};

pub(super) const WARNING: Warning = Warning {
    rule: Rule {
        code: Code("CW1114"),
        severity: Severity::Warning,
        name: "toleration-without-spread",
        docs: "A toleration opens tainted nodes; with several replicas and nothing that spreads them, all may land on the one tolerated node.\n\nKeep `antiAffinity: soft`, or add `topologySpreadConstraints`.",
    },
    check,
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (path, pod) in context.pods() {
        let tolerates = pod.get("tolerations").and_then(Json::as_array).is_some_and(|list| !list.is_empty());
        let several = pod.get("replicas").and_then(Json::as_i64).unwrap_or(1) > 1;
        let spread = pod.get("topologySpreadConstraints").and_then(Json::as_array).is_some_and(|list| !list.is_empty())
            || matches!(text(&pod, "/antiAffinity"), "soft" | "hard")
            || pod.pointer("/affinity/podAntiAffinity").is_some();
        if tolerates && several && !spread && text(&pod, "/kind") != "DaemonSet" {
            let finding = Diagnostic::warning(WARNING.rule.code, "all replicas may land on one tolerated node")
                .with_help("set `antiAffinity: soft`, or `topologySpreadConstraints`");
            found.push(context.at(finding, path.key("tolerations").index(0)));
        }
    }
    found
}
