//! The gateway: deprecated upstream, on by default, and not part of our chart.

use super::context::{Context, look};
use super::{Outcome, codes};
use crate::diagnostics::Diagnostic;
use crate::source::{Path, Value};

/// Where the API server takes node ports from, unless it is told otherwise.
const NODE_PORTS: std::ops::RangeInclusive<i64> = 30_000..=32_767;

/// Says that the gateway is gone, as loud as it was in use.
pub(super) fn import(context: &mut Context<'_>) {
    let path = Path::keys(["gateway"]);
    let gateway = context.at("gateway").filter(|node| node.value != Value::Null);
    let enabled = gateway.and_then(|node| look(node, "enabled"));
    let on = enabled.is_none_or(|node| context.switch(node, &path.key("enabled")).unwrap_or(false));
    let node_port = gateway.and_then(|node| look(node, "service.nodePort")).filter(|node| node.value != Value::Null);
    if let Some(node) = node_port {
        let path = path.key("service").key("nodePort");
        if let Some(port) = context.integer(node, &path) {
            check_node_port(context, port, node.origin, &path);
        }
    }
    if !on {
        if let Some(node) = gateway {
            context.became(node, &path, &Outcome::NotNeeded("off, and not part of this chart".into()));
        }
        return;
    }
    let place = node_port.or(enabled).or(gateway);
    let wanted = place.is_some();
    let message = "the gateway is not carried over: it is deprecated, and operators route without it";
    let mut diagnostic =
        if wanted { Diagnostic::warning(codes::GATEWAY, message) } else { Diagnostic::info(codes::GATEWAY, message) };
    diagnostic = diagnostic
        .with_note(
            "name a Service in the WorkloadDeployment (`kubernetes.service.name`); the operator keeps its endpoints",
        )
        .with_help("`routes.<name>` leads traffic into the cluster; `gateway.enabled: false` ends this remark");
    if node_port.is_some() {
        diagnostic = diagnostic
            .with_note("clients that use the node port need another way in: `hosts.<group>.service.nodePort`");
    }
    if let Some(node) = place {
        diagnostic = diagnostic.at(node.origin, "").with_path(path);
    }
    context.report(diagnostic);
}

/// Warns of a port that the API server refuses by default.
pub(super) fn check_node_port(context: &mut Context<'_>, port: i64, origin: crate::source::Origin, path: &Path) {
    if !NODE_PORTS.contains(&port) {
        context.report(
            Diagnostic::warning(codes::NODE_PORT, format!("the node port {port} is outside 30000-32767"))
                .at(origin, "an API server with its default range refuses it")
                .with_path(path.clone()),
        );
    }
}
