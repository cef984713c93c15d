//! Plugins of hosts: two lists upstream, a map by id here.

use serde_json::{Map, Value as Json};

use super::context::{Context, Group};
use super::{Outcome, codes, copy};
use crate::diagnostics::Diagnostic;
use crate::source::{Node, Path, Value};

/// What our plugins have no key for, and why.
const WITHOUT: [(&str, &str); 5] = [
    ("bindings", "our plugins have one configuration for all bindings"),
    ("workloadConfig", "our hosts decide themselves what a workload may set"),
    ("hostOwnedKeys", "our hosts decide themselves what a workload may set"),
    ("allowedHostLoopbackPorts", "plugins do not reach the host's loopback"),
    ("ports", "plugins publish no ports"),
];

/// Plugins of all groups.
pub(super) fn import(context: &mut Context<'_>) {
    for group in context.groups.clone() {
        for key in ["plugins", "hostPlugins"] {
            let Some(node) = group.node.and_then(|node| node.get(key)) else { continue };
            let path = group.path.key(key);
            let Some(list) = node.as_list() else {
                if node.value != Value::Null {
                    copy::wrong(context, node, &path, "a list of plugins");
                }
                continue;
            };
            for (index, item) in list.iter().enumerate() {
                plugin(context, &group, item, &path.index(index));
            }
        }
    }
}

fn plugin(context: &mut Context<'_>, group: &Group<'_>, item: &Node, path: &Path) {
    let id = item.get("id").and_then(|id| context.text(id)).filter(|id| !id.is_empty());
    let Some(id) = id else {
        context.report(
            Diagnostic::error(codes::GROUP, "a plugin without `id`").at(item.origin, "").with_path(path.clone()),
        );
        return;
    };
    let source = item.get("image").or_else(|| item.get("file"));
    if source.is_none() {
        let why = "it configures what is built into upstream's host; here such plugins have keys of their own";
        context.became(item, path, &Outcome::Unsupported(why.into()));
        context.report(
            Diagnostic::warning(codes::UNSUPPORTED, format!("the native plugin `{id}` is not carried over"))
                .at(item.get("id").map_or(item.origin, |id| id.origin), "")
                .with_note(why)
                .with_path(path.clone()),
        );
        return;
    }
    let mut plugin = Map::new();
    for (key, entry) in item.as_map().into_iter().flatten() {
        let own = &entry.node;
        let path = path.key(key);
        let value = match key.as_str() {
            "id" => None,
            "image" | "file" | "digest" => copy::read(context, own, &path, copy::Kind::Text),
            "pullPolicy" => context.text(own).and_then(|word| pull_policy(&word)).map(Into::into),
            "maxRestarts" => copy::read(context, own, &path, copy::Kind::Integer),
            "config" => copy::read(context, own, &path, copy::Kind::TextMap),
            "configFrom" | "secretFrom" | "allowedHosts" | "allowedIpNameLookups" => {
                copy::read(context, own, &path, copy::Kind::Texts)
            }
            _ => {
                without(context, own, key, entry.key, &path);
                None
            }
        };
        if let Some(value) = value.filter(|value| *value != Json::Null) {
            plugin.insert(key.clone(), value);
        }
    }
    context.set(&["hosts", &group.name, "plugins", &id], Json::Object(plugin));
}

fn pull_policy(word: &str) -> Option<&'static str> {
    ["Always", "IfNotPresent", "Never"].into_iter().find(|policy| policy.eq_ignore_ascii_case(word))
}

fn without(context: &mut Context<'_>, node: &Node, key: &str, origin: crate::source::Origin, path: &Path) {
    if let Some((_, why)) = WITHOUT.iter().find(|(known, _)| *known == key) {
        context.became(node, path, &Outcome::Unsupported((*why).into()));
        context.report(
            Diagnostic::warning(codes::UNSUPPORTED, format!("`{key}` of a plugin has no counterpart"))
                .at(origin, "")
                .with_note(*why)
                .with_path(path.clone()),
        );
    } else {
        context.became(node, path, &Outcome::Unsupported("no key of a plugin".into()));
        context.report(
            Diagnostic::error(codes::UNKNOWN, format!("`{key}` is no key of a plugin"))
                .at(origin, "")
                .with_path(path.clone()),
        );
    }
}
