//! Credentials written into an environment variable.

use serde_json::Value as Json;

use super::{Context, Warning, text};
use crate::diagnostics::{Code, Diagnostic, Rule, Severity};

pub(super) const WARNING: Warning = Warning {
    rule: Rule {
        code: Code("CW1113"),
        severity: Severity::Warning,
        name: "plain-secret",
        docs: "A value such as `postgres://app:…@db/app` in `env` ends in the pod's spec, where everybody who may read pods reads it.\n\nPut it into a Secret and write `valueFrom: {secretKeyRef: {name: …, key: …}}`.",
    },
    check,
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (path, pod) in context.pods() {
        for (name, value) in pod.get("env").and_then(Json::as_object).into_iter().flatten() {
            if value.as_str().is_some_and(has_password) {
                found.push(context.at(finding(name), path.key("env").key(name)));
            }
        }
        for (position, item) in pod.get("extraEnv").and_then(Json::as_array).into_iter().flatten().enumerate() {
            if has_password(text(item, "/value")) {
                let place = context.item(&path, "extraEnv", position).key("value");
                found.push(context.at(finding(text(item, "/name")), place));
            }
        }
    }
    found
}

fn finding(name: &str) -> Diagnostic {
    Diagnostic::warning(WARNING.rule.code, format!("`{name}` carries a password in clear"))
        .with_help("put it into a Secret and write `valueFrom: {secretKeyRef: {name: …, key: …}}`")
}

/// A URL with a user and a password in it.
fn has_password(text: &str) -> bool {
    text.split_once("://").is_some_and(|(_, rest)| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, pw)| !pw.is_empty()))
    })
}
