//! Resources of hosts: Kubernetes' own part, and the host's limits that upstream keeps beside it.

use semver::Version;
use serde_json::{Map, Value as Json, json};

use super::context::{Context, look};
use super::copy;
use super::version::{self, KNOBS};
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
    let hosts = version::of_hosts(context, None);
    let Parts { resources, limits } = match common {
        Some(node) => read(context, node, &path, &hosts),
        None => Parts { resources: json!({}), limits: Map::new() },
    };
    let resources = copy::merged(published(), &resources);
    let limits = with_guest_memory(context, limits, &resources, &hosts);
    context.put("hostDefaults.resources", resources.clone());
    if !limits.is_empty() {
        context.put("hostDefaults.limits", limits.clone());
    }
    for group in context.groups.clone() {
        let Some(node) = group.node.and_then(|node| look(node, "resources")) else { continue };
        if node.value == Value::Null || node.as_map().is_some_and(std::collections::BTreeMap::is_empty) {
            continue;
        }
        let hosts = version::of_hosts(context, group.node);
        let own = read(context, node, &group.path.key("resources"), &hosts);
        let own_limits = with_guest_memory(context, own.limits, &own.resources, &hosts);
        context.set(&["hosts", &group.name, "resources"], in_place_of(&resources, own.resources));
        let own_limits = in_place_of(&Json::Object(limits.clone()), Json::Object(own_limits));
        if own_limits.as_object().is_some_and(|own| !own.is_empty()) {
            context.set(&["hosts", &group.name, "limits"], own_limits);
        }
    }
}

struct Parts {
    resources: Json,
    limits: Map<String, Json>,
}

fn read(context: &mut Context<'_>, node: &Node, path: &Path, hosts: &Version) -> Parts {
    let mut kubernetes = node.clone();
    let mut limits = Map::new();
    for (key, since, ours) in KNOBS {
        let Some(entry) = node.entry(key) else { continue };
        if let Value::Map(map) = &mut kubernetes.value {
            map.remove(key);
        }
        let path = path.key(key);
        // Older hosts have another name for the number of core instances, so that one can be carried over.
        let old = version::before(hosts, since);
        let carried = !old || key == "coreInstances";
        let outcome = if carried {
            Outcome::Mapped(format!("limits.{ours}"))
        } else {
            Outcome::Dead(format!("hosts know it from {since} on"))
        };
        context.became(&entry.node, &path, &outcome);
        if old {
            let help =
                if carried { format!("it is carried over as `limits.{ours}`") } else { "take it out".to_owned() };
            context.report(
                Diagnostic::warning(
                    codes::NEWER,
                    format!("`{key}` is known from runtime-operator {since} on, and these hosts are {hosts}"),
                )
                .at(entry.key, "no Kubernetes resource: a strict API server refuses it")
                .with_help(help)
                .with_path(path.clone()),
            );
        }
        if !carried {
            continue;
        }
        let counts = matches!(key, "coreInstances" | "maxConcurrentStarts");
        let value = match &entry.node.value {
            Value::Null => continue,
            Value::String(text) if text.is_empty() => continue,
            // Upstream: zero is kept and means one.
            _ if counts => context.integer(&entry.node, &path).map(|count| Json::from(count.max(1))),
            _ => context.text(&entry.node).map(|text| size(&text).into()),
        };
        if let Some(value) = value {
            limits.insert(ours.to_owned(), value);
        }
    }
    let resources = if node.value == Value::Null {
        Json::Null
    } else {
        copy::resources(context, &kubernetes, path).unwrap_or_else(|| json!({}))
    };
    Parts { resources, limits }
}

/// `256MiB`, as upstream's own examples write it, is `256Mi` to Kubernetes and to us.
fn size(text: &str) -> &str {
    match text.strip_suffix(['B', 'b']) {
        Some(quantity) if quantity.ends_with(|c: char| c.is_ascii_alphabetic()) => quantity,
        _ => text,
    }
}

/// From 2.8 on upstream tells hosts that guests may have all memory of the pod.
fn with_guest_memory(
    context: &Context<'_>,
    mut limits: Map<String, Json>,
    resources: &Json,
    hosts: &Version,
) -> Map<String, Json> {
    if let Some(memory) = resources.pointer("/limits/memory").filter(|memory| memory.is_string())
        && context.is_at_least(2, 8)
        && !version::before(hosts, "2.8.0")
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
