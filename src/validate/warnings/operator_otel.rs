//! Telemetry of an operator that sends none.

use super::{Context, Warning, text};
use crate::diagnostics::{Code, Diagnostic, Rule, Severity};
use crate::source::Path;

pub(super) const WARNING: Warning = Warning {
    rule: Rule {
        code: Code("CW1151"),
        severity: Severity::Warning,
        name: "operator-otel",
        docs: "`operator.otel` renders OpenTelemetry's standard variables, and neither our operator nor upstream's reads them. They are for an image of your own that does; with `operator.image.repository` it is taken for one.\n\nWhat the operator counts is at its port `metrics` (`operator.metrics`), for Prometheus and for a collector's Prometheus receiver; what hosts send is `hostDefaults.otel`.",
    },
    check,
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let operator = context.get("operator").cloned().unwrap_or_default();
    let has_own_image = !text(&operator, "/image/repository").is_empty();
    if operator.get("enabled") == Some(&false.into()) || text(&operator, "/otel/endpoint").is_empty() || has_own_image {
        return Vec::new();
    }
    let finding = Diagnostic::warning(WARNING.rule.code, "this operator sends nothing over OTLP")
        .with_help("scrape it (`operator.metrics`); `hostDefaults.otel` is of the hosts");
    vec![context.at(finding, Path::keys(["operator", "otel", "endpoint"]))]
}
