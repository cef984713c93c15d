//! A node port outside the usual range.

use serde_json::Value as Json;

use super::{Context, Warning};
use crate::diagnostics::{Code, Diagnostic, Rule, Severity};
use crate::source::Path;

pub(super) const WARNING: Warning = Warning {
    rule: Rule {
        code: Code("CW1350"),
        severity: Severity::Warning,
        name: "node-port-range",
        docs: "API servers accept node ports from 30000 to 32767 unless they are told another range (`--service-node-port-range`): a port outside is refused when the Service is created.",
    },
    check,
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut services = vec![
        (Path::keys(["nats", "server", "service"]), context.get("nats.server.service").cloned()),
        (Path::keys(["operator", "metrics", "service"]), context.get("operator.metrics.service").cloned()),
    ];
    for (name, group) in context.groups() {
        services.push((Path::keys(["hosts".to_owned(), name, "service".to_owned()]), group.get("service").cloned()));
    }
    for (path, service) in services {
        let Some(port) = service.as_ref().and_then(|service| service.get("nodePort")).and_then(Json::as_i64) else {
            continue;
        };
        if !(30_000..=32_767).contains(&port) {
            let finding = Diagnostic::warning(
                WARNING.rule.code,
                format!("{port} is outside the usual range of node ports, 30000 to 32767"),
            )
            .with_help("take a port of that range, unless the API server is told another one");
            found.push(context.at(finding, path.key("nodePort")));
        }
    }
    found
}
