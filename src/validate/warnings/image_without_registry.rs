//! Our image has no registry until somebody gives it one.

use serde_json::Value as Json;

use super::{Context, Warning, text};
use crate::diagnostics::{Code, Diagnostic, Rule, Severity};

pub(super) const WARNING: Warning = Warning {
    rule: Rule {
        code: Code("CW1001"),
        severity: Severity::Info,
        name: "image-without-registry",
        docs: "Our image is this very program and is published nowhere by itself: without a registry a node must have it already.\n\nLoad it into the nodes, or push it and set `global.image.registry` (all images) or `operator.image.registry`.",
    },
    check,
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let ours = |pod: &Json| {
        text(pod, "/implementation/name") == "chartwright"
            && ["/image/registry", "/image/repository"].iter().all(|key| text(pod, key).is_empty())
    };
    if context.get("global.image.registry").and_then(Json::as_str).is_some_and(|registry| !registry.is_empty()) {
        return Vec::new();
    }
    let users: Vec<String> =
        context.pods().into_iter().filter(|(_, pod)| ours(pod)).map(|(path, _)| format!("`{path}`")).collect();
    if users.is_empty() {
        return Vec::new();
    }
    let finding = Diagnostic::info(WARNING.rule.code, format!("the image of {} has no registry", users.join(", ")))
        .with_help("load it into the nodes, or push it to a registry and set `global.image.registry`");
    vec![finding]
}
