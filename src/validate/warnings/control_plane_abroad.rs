//! The control plane on a third party's server.

use serde_json::Value as Json;

use super::{Context, Warning, text};
use crate::diagnostics::{Code, Diagnostic, Rule, Severity};
use crate::source::Path;

pub(super) const WARNING: Warning = Warning {
    rule: Rule {
        code: Code("CW1250"),
        severity: Severity::Warning,
        name: "control-plane-abroad",
        docs: "Messages that start workloads carry resolved Secrets and registry passwords: whoever runs the NATS of the control plane, or may subscribe there, reads them.\n\nKeep the control plane on the bundled server and put only the data plane elsewhere (`nats.data`), or join the other system as a leaf (`mode: leaf`).",
    },
    check,
};

fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut connections =
        vec![(Path::keys(["nats", "control"]), context.get("nats.control").cloned().unwrap_or_default())];
    for (name, group) in context.groups() {
        let own = group.pointer("/nats/control").cloned().unwrap_or_default();
        if own.as_object().is_some_and(|map| !map.is_empty()) {
            connections.push((Path::keys(["hosts".into(), name, "nats".into(), "control".into()]), own));
        }
    }
    for (path, connection) in connections {
        if text(&connection, "/provider") == "synadia" && !matches!(text(&connection, "/mode"), "bundled" | "leaf") {
            let finding = Diagnostic::warning(
                WARNING.rule.code,
                "start messages carry resolved Secrets: they will cross Synadia's servers in clear",
            )
            .with_help("keep the control plane in the cluster (`mode: bundled`) and put the data plane at Synadia");
            found.push(context.at(finding, path.key("provider")));
        } else if let Some(url) = connection.pointer("/urls/0").and_then(Json::as_str)
            && text(&connection, "/mode") != "bundled"
            && text(&connection, "/mode") != "leaf"
            && is_abroad(url, context.get("clusterDomain").and_then(Json::as_str).unwrap_or("cluster.local"))
        {
            let finding = Diagnostic::warning(
                WARNING.rule.code,
                "start messages carry resolved Secrets: whoever runs this server can read them",
            )
            .with_help("keep the control plane in the cluster (`mode: bundled`), or make sure that server is yours");
            found.push(context.at(finding, path.key("urls").index(0)));
        }
    }
    found
}

/// Whether a URL leads out of the cluster: neither a bare name, nor a Service, nor a private name or address.
fn is_abroad(url: &str, domain: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = authority.rsplit('@').next().unwrap_or_default().split([':', '/']).next().unwrap_or_default();
    let private = ["svc", "local", "internal", "lan", "home", "corp", "test", "localhost"];
    let inside = host.ends_with(domain) || host.split('.').any(|label| private.contains(&label));
    host.contains('.') && !inside && !host.chars().all(|c| c.is_ascii_digit() || c == '.')
}
