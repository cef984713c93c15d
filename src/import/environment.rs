//! Environment variables: lists upstream, where the same name twice makes an object that cannot be applied.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::context::Context;
use super::{codes, copy, nats, paths};
use crate::diagnostics::Diagnostic;
use crate::source::{Node, Origin, Path, Value};

/// Variables that say who a pod is: the platform needs the chart's own values.
const IDENTITY: [&str; 3] = ["WASMCLOUD_HOST_IP", "WASMCLOUD_HOST_ENVIRONMENT", "OPERATOR_NAMESPACE"];

/// Variables that our templates may set too: the user's takes their place under `env` only.
const OWN: [&str; 9] = [
    "HOME",
    "DOCKER_CONFIG",
    "WASH_CORE_INSTANCES",
    "WASH_DEFAULT_HEAP_MEMORY",
    "WASH_GUEST_MEMORY_MODE",
    "WASH_HOST_MAX_GUEST_MEMORY",
    "WASH_MAX_CONCURRENT_STARTS",
    "WASMTIME_POOLING",
    "WASMTIME_POOLING_TOTAL_CORE_INSTANCES",
];

/// One variable of a list.
struct Variable {
    name: String,
    /// As in Kubernetes' list.
    item: Json,
    /// The text, if it is one.
    literal: Option<(String, Origin, Path)>,
}

/// The variables of operator and hosts.
pub(super) fn import(context: &mut Context<'_>) {
    if let Some(node) = context.at("operator.env") {
        let variables = read(context, node, &Path::keys(["operator", "env"]));
        write(context, &["operator"], variables, &BTreeSet::new());
    }
    let common =
        context.at("runtime.env").map(|node| read(context, node, &Path::keys(["runtime", "env"]))).unwrap_or_default();
    let mut own = Vec::new();
    for group in context.groups.clone() {
        let Some(node) = group.node.and_then(|node| node.get("env")) else { continue };
        let variables = read(context, node, &group.path.key("env"));
        telemetry(context, common.iter().chain(&variables));
        own.push((group.name, variables));
    }
    if own.is_empty() {
        telemetry(context, common.iter());
    }
    let names: BTreeSet<&String> = common.iter().map(|variable| &variable.name).collect();
    let twice: BTreeSet<String> = own
        .iter()
        .flat_map(|(_, variables)| variables)
        .filter(|variable| names.contains(&variable.name))
        .map(|variable| variable.name.clone())
        .collect();
    write(context, &["hostDefaults"], common, &twice);
    for (name, variables) in own {
        write(context, &["hosts", &name], variables, &twice);
    }
}

/// `env` takes what has to replace something, `extraEnv` keeps the order of the rest.
fn write(context: &mut Context<'_>, ours: &[&str], variables: Vec<Variable>, twice: &BTreeSet<String>) {
    for Variable { name, item, .. } in variables {
        if twice.contains(&name) || OWN.contains(&name.as_str()) {
            let value = match item.get("valueFrom") {
                Some(from) => json!({ "valueFrom": from }),
                None => item.get("value").cloned().unwrap_or_else(|| json!("")),
            };
            let target: Vec<&str> = ours.iter().copied().chain(["env", &name]).collect();
            context.set(&target, value);
        } else {
            let target: Vec<&str> = ours.iter().copied().chain(["extraEnv"]).collect();
            context.append(&target, item);
        }
    }
}

fn read(context: &mut Context<'_>, node: &Node, path: &Path) -> Vec<Variable> {
    let Some(list) = node.as_list() else {
        if node.value != Value::Null {
            copy::wrong(context, node, path, "a list of variables");
        }
        return Vec::new();
    };
    let mut seen: BTreeMap<String, Origin> = BTreeMap::new();
    let mut variables = Vec::new();
    for (index, item) in list.iter().enumerate() {
        let path = path.index(index);
        let Some(name) = item.get("name").filter(|node| context.text(node).is_some()) else {
            copy::wrong(context, item, &path, "`name` and `value` (or `valueFrom`)");
            continue;
        };
        let origin = name.origin;
        let Some(name) = context.kept_text(name, &path.key("name")) else { continue };
        if IDENTITY.contains(&name.as_str()) {
            context.report(
                Diagnostic::error(codes::MANAGED_VARIABLE, format!("`{name}` is the chart's own"))
                    .at(origin, "")
                    .with_note("hosts and operator are found by it: another value breaks routing and finalizers")
                    .with_help("take it out; `hosts.<group>.environment` sets the environment that hosts announce")
                    .with_path(path.key("name")),
            );
            continue;
        }
        if let Some(first) = seen.insert(name.clone(), origin) {
            context.report(
                Diagnostic::error(codes::DUPLICATE_VARIABLE, format!("the variable `{name}` is here twice"))
                    .at(origin, "")
                    .and_at(first, "the first")
                    .with_help("take one of them out: server-side apply refuses both")
                    .with_path(path.key("name")),
            );
            continue;
        }
        variables.push(variable(context, item, &path, name));
    }
    variables
}

fn variable(context: &mut Context<'_>, item: &Node, path: &Path, name: String) -> Variable {
    let mut literal = None;
    let mut out = json!({ "name": name });
    for (key, entry) in item.as_map().into_iter().flatten() {
        let path = path.key(key);
        match key.as_str() {
            "name" => {}
            "value" => {
                let text = context.kept_text(&entry.node, &path).unwrap_or_default();
                credentials(context, &name, &text, &entry.node, &path);
                let text = paths::moved(&text);
                out["value"] = Json::from(text.clone());
                literal = Some((text, entry.node.origin, path));
            }
            "valueFrom" => out["valueFrom"] = entry.node.to_json(),
            _ => context.report(
                Diagnostic::error(codes::UNKNOWN, format!("`{key}` is no part of a variable"))
                    .at(entry.key, "the API server refuses it")
                    .with_help("`name`, `value` and `valueFrom` are")
                    .with_path(path),
            ),
        }
    }
    Variable { name, item: out, literal }
}

/// A password in a literal value is seen by whoever may see pods.
fn credentials(context: &mut Context<'_>, name: &str, text: &str, node: &Node, path: &Path) {
    if !(text.contains("://") && nats::has_user(text) && has_password(text)) {
        return;
    }
    context.hide(node.origin);
    context.report(
        Diagnostic::warning(codes::CREDENTIALS, format!("the value of `{name}` contains a password"))
            .at(node.origin, "whoever may read pods reads it")
            .with_help(format!("keep it in a Secret: `{name}` with `valueFrom.secretKeyRef` in place of `value`"))
            .with_path(path.clone()),
    );
}

fn has_password(url: &str) -> bool {
    url.split_once("://")
        .and_then(|(_, rest)| rest.split('/').next())
        .and_then(|authority| authority.rsplit_once('@'))
        .and_then(|(user, _)| user.split_once(':'))
        .is_some_and(|(_, password)| !password.is_empty())
}

/// OTLP over HTTP has a port of its own, and hosts before 2.10 do not speak it.
fn telemetry<'v>(context: &mut Context<'_>, variables: impl Iterator<Item = &'v Variable>) {
    let variables: Vec<&Variable> = variables.collect();
    let says_http = variables.iter().any(|variable| {
        variable.name.starts_with("OTEL_EXPORTER_OTLP")
            && variable.name.ends_with("PROTOCOL")
            && variable.literal.as_ref().is_some_and(|(text, ..)| text.starts_with("http"))
    });
    let modern = context.is_at_least(2, 10);
    if modern && says_http {
        return;
    }
    for variable in variables {
        let Some((text, origin, path)) = &variable.literal else { continue };
        let endpoint = variable.name.starts_with("OTEL_EXPORTER_OTLP") && variable.name.ends_with("ENDPOINT");
        if !endpoint || !text.contains(":4318") {
            continue;
        }
        let (label, help) = if modern {
            ("the host speaks gRPC here", "set `OTEL_EXPORTER_OTLP_PROTOCOL: http/protobuf`, or use port 4317")
        } else {
            ("hosts before 2.10 export gRPC only", "use port 4317, or our hosts, which speak both")
        };
        context.report(
            Diagnostic::warning(codes::OTLP_PORT, "port 4318 is OTLP over HTTP")
                .at(*origin, label)
                .with_help(help)
                .with_path(path.clone()),
        );
    }
}
