//! OTLP over HTTP towards a host that speaks gRPC only.

use super::{Context, Warning, text};
use crate::diagnostics::{Code, Diagnostic, Rule, Severity};
use crate::source::Path;

pub(super) const WARNING: Warning = Warning {
    rule: Rule {
        code: Code("CW1150"),
        severity: Severity::Warning,
        name: "otlp-protocol",
        docs: "Upstream's host before 2.10 exports by gRPC only: towards port 4318, which is OTLP over HTTP, no signal ever arrives and nothing says so.\n\nUse port 4317, or a newer host, or ours.",
    },
    check,
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (name, pod) in context.groups() {
        if text(&pod, "/implementation/name") != "wasmcloud" {
            continue;
        }
        let version = text(&pod, "/implementation/version");
        let old = semver::Version::parse(version).is_ok_and(|version| version < semver::Version::new(2, 10, 0));
        let endpoint = text(&pod, "/otel/endpoint");
        let http = text(&pod, "/otel/protocol") == "http/protobuf" || endpoint.trim_end_matches('/').ends_with(":4318");
        if old && !endpoint.is_empty() && http {
            let finding = Diagnostic::warning(
                WARNING.rule.code,
                format!("upstream's hosts of {version} export by gRPC only: nothing will arrive at this endpoint"),
            )
            .with_help("use port 4317");
            found.push(context.at(finding, Path::keys(["hosts", &name, "otel", "endpoint"])));
        }
    }
    found
}
