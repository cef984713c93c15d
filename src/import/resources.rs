//! Resources of hosts: Kubernetes' own part, and the host's limits that upstream keeps beside it.

use serde_json::{Map, Value as Json, json};

use super::context::{Context, look};
use super::copy;
use super::version::{KNOBS, before};
use super::{Outcome, codes};
use crate::diagnostics::Diagnostic;
use crate::source::{Node, Path, Value};

/// What upstream gives hosts without the user; of NATS and the operator our defaults are the same but for one.
fn published() -> Json {
    json!({ "requests": { "cpu": "250m", "memory": "64Mi" }, "limits": { "memory": "512Mi" } })
}

/// The resources of hosts; those of a group replace the common ones as a whole.
pub(super) fn import(context: &mut Context<'_>) {
    if context.on("nats.enabled", true) {
        let nats = context.get(&["nats", "server", "resources"]).cloned().unwrap_or_else(|| json!({}));
        let nats = copy::merged(json!({ "limits": { "memory": "128Mi" } }), &nats);
        context.put("nats.server.resources", nats);
    }
    let path = Path::keys(["runtime", "resources"]);
    let common = context.at("runtime.resources");
    let Parts { resources, limits } = common.map(|node| read(context, node, &path)).unwrap_or_default();
    let resources = copy::merged(published(), &resources);
    let limits = with_guest_memory(context, limits, &resources, "runtime.env");
    context.put("hostDefaults.resources", resources.clone());
    if !limits.is_empty() {
        context.put("hostDefaults.limits", limits.clone());
    }
    for group in context.groups.clone() {
        let Some(node) = group.node.and_then(|node| look(node, "resources")) else { continue };
        if node.value == Value::Null || node.as_map().is_some_and(std::collections::BTreeMap::is_empty) {
            continue;
        }
        let own = read(context, node, &group.path.key("resources"));
        let own_limits = with_guest_memory(context, own.limits, &own.resources, "");
        context.set(&["hosts", &group.name, "resources"], in_place_of(&resources, own.resources));
        let own_limits = in_place_of(&Json::Object(limits.clone()), Json::Object(own_limits));
        if own_limits.as_object().is_some_and(|own| !own.is_empty()) {
            context.set(&["hosts", &group.name, "limits"], own_limits);
        }
    }
}

#[derive(Default)]
struct Parts {
    resources: Json,
    limits: Map<String, Json>,
}

fn read(context: &mut Context<'_>, node: &Node, path: &Path) -> Parts {
    let mut kubernetes = node.clone();
    let mut limits = Map::new();
    for (key, since, ours) in KNOBS {
        let Some(entry) = node.entry(key) else { continue };
        if let Value::Map(map) = &mut kubernetes.value {
            map.remove(key);
        }
        let path = path.key(key);
        context.became(&entry.node, &path, &Outcome::Mapped(format!("limits.{ours}")));
        if before(&context.version, since) {
            context.report(
                Diagnostic::warning(
                    codes::NEWER,
                    format!("`{key}` is known from runtime-operator {since} on, not in {}", context.version),
                )
                .at(entry.key, "no Kubernetes resource: a strict API server refuses it")
                .with_help(format!("it is carried over as `limits.{ours}`"))
                .with_path(path.clone()),
            );
        }
        let counts = matches!(key, "coreInstances" | "maxConcurrentStarts");
        let value = match &entry.node.value {
            Value::Null => continue,
            Value::String(text) if text.is_empty() => continue,
            // Upstream: zero is kept and means one.
            _ if counts => context.integer(&entry.node, &path).map(|count| Json::from(count.max(1))),
            _ => context.text(&entry.node).map(Json::from),
        };
        if let Some(value) = value {
            limits.insert(ours.to_owned(), value);
        }
    }
    let resources = copy::resources(context, &kubernetes, path).unwrap_or_default();
    Parts { resources, limits }
}

/// From 2.8 on upstream tells hosts that guests may have all memory of the pod.
fn with_guest_memory(context: &Context<'_>, limits: Map<String, Json>, resources: &Json, env: &str) -> Map<String, Json> {
    let mut limits = limits;
    let given = context.at(env).and_then(Node::as_list).is_some_and(|list| {
        list.iter().any(|item| item.get("name").and_then(Node::as_str) == Some("WASH_HOST_MAX_GUEST_MEMORY"))
    });
    if let Some(memory) = resources.pointer("/limits/memory").filter(|memory| memory.is_string())
        && context.is_at_least(2, 8)
        && !given
    {
        limits.insert("maxGuestMemory".into(), memory.clone());
    }
    limits
}

/// What has to be laid over `under` so that `wanted` is left, and nothing else.
fn in_place_of(under: &Json, wanted: Json) -> Json {
    match (under, wanted) {
        (Json::Object(under), Json::Object(mut wanted)) => {
            for (key, value) in under {
                match wanted.remove(key) {
                    Some(own) => wanted.insert(key.clone(), in_place_of(value, own)),
                    None => wanted.insert(key.clone(), Json::Null),
                };
            }
            Json::Object(wanted)
        }
        (_, wanted) => wanted,
    }
}
