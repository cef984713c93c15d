//! Names for a certificate that is given.

use serde_json::Value as Json;

use super::{Context, Warning, text};
use crate::diagnostics::{Code, Diagnostic, Rule, Severity};
use crate::source::Path;

pub(super) const WARNING: Warning = Warning {
    rule: Rule {
        code: Code("CW1550"),
        severity: Severity::Warning,
        name: "unused-certificate-names",
        docs: "With `http.tls.secretName` the certificate is yours: names under `http.tls.certificate` are not used.\n\nTake them away, or take `secretName` away to have one made.",
    },
    check,
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (name, group) in context.groups() {
        if text(&group, "/http/tls/secretName").is_empty() {
            continue;
        }
        for key in ["domains", "ipAddresses"] {
            let names = group.pointer(&format!("/http/tls/certificate/{key}")).and_then(Json::as_array);
            if names.is_some_and(|names| !names.is_empty()) {
                let finding = Diagnostic::warning(
                    WARNING.rule.code,
                    format!("`{key}` are not used: the certificate comes from `secretName`"),
                );
                let path = Path::keys(["hosts", &name, "http", "tls", "certificate", key]);
                found.push(context.at(finding, path));
            }
        }
    }
    found
}
