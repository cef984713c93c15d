//! An override of an object that is not rendered.

use serde_json::Value as Json;

use super::{Context, Warning};
use crate::diagnostics::suggest;
use crate::diagnostics::{Code, Diagnostic, Rule, Severity};
use crate::source::Path;

pub(super) const WARNING: Warning = Warning {
    rule: Rule {
        code: Code("CW1950"),
        severity: Severity::Warning,
        name: "unused-override",
        docs: "`overrides.<Kind>.<name>` changes the object of that kind and name; one that names no object of the release changes nothing.\n\n`chartwright render --summary` lists the objects.",
    },
    check,
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let Some(overrides) = context.get("overrides").and_then(Json::as_object).filter(|map| !map.is_empty()) else {
        return Vec::new();
    };
    // What cannot be rendered is an error elsewhere.
    let Ok(rendered) = crate::render::render(context.values, context.release, &[]) else { return Vec::new() };
    let known: Vec<(String, String)> = rendered
        .objects
        .iter()
        .chain(&rendered.hooks)
        .map(|object| (object.kind.clone(), object.name.clone()))
        .collect();
    let mut found = Vec::new();
    for (kind, names) in overrides {
        for name in names.as_object().into_iter().flat_map(|names| names.keys()) {
            if known.iter().any(|(k, n)| k == kind && n == name) {
                continue;
            }
            let nearest = suggest::best(name, known.iter().filter(|(k, _)| k == kind).map(|(_, n)| n.as_str()));
            let mut finding = Diagnostic::warning(WARNING.rule.code, format!("no {kind} `{name}` is rendered"));
            if let Some(nearest) = nearest {
                finding = finding.with_help(format!("did you mean `{nearest}`?"));
            }
            found.push(context.at(finding, Path::keys(["overrides", kind, name])));
        }
    }
    found
}
