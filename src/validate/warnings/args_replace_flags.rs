//! `args` replaces all arguments, the user's own flags too.

use serde_json::Value as Json;

use super::{Context, Warning};
use crate::diagnostics::{Code, Diagnostic, Rule, Severity};

pub(super) const WARNING: Warning = Warning {
    rule: Rule {
        code: Code("CW1112"),
        severity: Severity::Warning,
        name: "args-replace-flags",
        docs: "`args` replaces every argument: those of identity and NATS, `flags` and `extraArgs` are not rendered beside it.\n\nKeep the default arguments and add or change single ones with `flags` and `extraArgs`, or write all of them into `args`.",
    },
    check,
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (path, pod) in context.pods() {
        if pod.get("args").is_none_or(Json::is_null) {
            continue;
        }
        let dead: Vec<&str> = ["flags", "extraArgs"]
            .into_iter()
            .filter(|key| match pod.get(*key) {
                Some(Json::Object(map)) => !map.is_empty(),
                Some(Json::Array(list)) => !list.is_empty(),
                _ => false,
            })
            .collect();
        for key in dead {
            let finding = Diagnostic::warning(WARNING.rule.code, format!("`{key}` has no effect beside `args`"))
                .with_help(format!("take `args` away, or write what `{key}` says into it"));
            found.push(context.at(finding, path.key(key)));
        }
    }
    found
}
