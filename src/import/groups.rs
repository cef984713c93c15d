//! Host groups: a list that replaces upstream's own becomes a map by name.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::context::{Context, Group, look};
use super::{Outcome, codes, copy, http, paths};
use crate::diagnostics::Diagnostic;
use crate::source::{Node, Origin, Path, Value};

/// The group of upstream's own list.
const DEFAULT: &str = "default";

/// Reads who the groups are, before anything else is read of them.
pub(super) fn learn(context: &mut Context<'_>) {
    let path = Path::keys(["runtime", "hostGroups"]);
    let Some(node) = context.at("runtime.hostGroups") else {
        context.groups = vec![Group { name: DEFAULT.into(), namespace: None, node: None, path: Path::root() }];
        return;
    };
    let Some(list) = node.as_list() else {
        if node.value != Value::Null {
            let mut diagnostic =
                Diagnostic::error(codes::TYPE, format!("expected a list of host groups, found {}", node.value.kind()))
                    .at(node.origin, "")
                    .with_path(path);
            if node.as_map().is_some() {
                diagnostic = diagnostic.with_help("upstream wants a list; a map by name is `hosts` of ours");
            }
            context.report(diagnostic);
        }
        return;
    };
    let mut seen: BTreeMap<String, Origin> = BTreeMap::new();
    for (index, item) in list.iter().enumerate() {
        let path = path.index(index);
        let name = name(context, item, &path, index);
        let origin = item.get("name").map_or(item.origin, |node| node.origin);
        if let Some(first) = seen.insert(name.clone(), origin) {
            context.report(
                Diagnostic::error(codes::GROUP, format!("two host groups are called `{name}`"))
                    .at(origin, "")
                    .and_at(first, "the first")
                    .with_path(path.key("name")),
            );
        }
        let namespace = item.get("namespace").and_then(|node| context.text(node)).filter(|text| !text.is_empty());
        context.groups.push(Group { name, namespace, node: Some(item), path });
    }
}

fn name(context: &mut Context<'_>, item: &Node, path: &Path, index: usize) -> String {
    let given = item.get("name");
    if let Some(text) = given.and_then(|node| context.text(node)).filter(|text| !text.is_empty()) {
        return text;
    }
    let mut diagnostic = Diagnostic::error(codes::GROUP, "a host group without a name")
        .at(given.map_or_else(|| place(item), |node| node.origin), "upstream renders `hostgroup-` and empty labels")
        .with_path(path.clone());
    if given.is_none() {
        diagnostic = diagnostic
            .with_note(
                "a list replaces the chart's own: of its group `default` the name, `service.type: ClusterIP` and \
                 `http` with port 9191 would be lost",
            )
            .with_help("write the whole group: `name: default`, `replicas`, `service`, `http`");
    }
    context.report(diagnostic);
    format!("group-{index}")
}

/// Where a group is written: a flag that only sets one of its keys has no place of its own for the item.
fn place(item: &Node) -> Origin {
    item.as_map().and_then(|map| map.values().next()).map_or(item.origin, |entry| entry.key)
}

/// What a group is made of, but for what other modules did already.
pub(super) fn import(context: &mut Context<'_>) {
    let mut accounts: Vec<Option<String>> = Vec::new();
    let shared =
        context.filled("runtime.serviceAccount.name").is_some() && context.on("runtime.serviceAccount.create", true);
    for group in context.groups.clone() {
        http::import(context, &group);
        replicas(context, &group);
        if let Some(node) = group.node {
            mounts(context, &group, node);
            egress(context, &group, node);
        }
        if shared && accounts.contains(&group.namespace) {
            // One ServiceAccount for several groups is made once in each namespace.
            context.set(&["hosts", &group.name, "serviceAccount", "create"], false);
        }
        accounts.push(group.namespace.clone());
        if context.get(&["hosts", &group.name]).is_none() {
            context.set(&["hosts", &group.name], json!({}));
        }
    }
    if !context.groups.iter().any(|group| group.name == DEFAULT) {
        context.set(&["hosts", DEFAULT, "enabled"], false);
    }
}

/// Without a number the field is not rendered, and the API takes one.
fn replicas(context: &mut Context<'_>, group: &Group<'_>) {
    let Some(node) = group.node else { return };
    let value = match node.get("replicas") {
        None => Json::Null,
        Some(own) if own.value == Value::Null => Json::Null,
        Some(own) => match context.integer(own, &group.path.key("replicas")) {
            Some(count) => count.into(),
            None => return,
        },
    };
    context.set(&["hosts", &group.name, "replicas"], value);
}

/// Mounts of upstream's own volumes get the names they have here.
fn mounts(context: &mut Context<'_>, group: &Group<'_>, node: &Node) {
    let Some(own) = node.get("volumeMounts") else { return };
    let path = group.path.key("volumeMounts");
    let Some(Json::Array(mut mounts)) = copy::read(context, own, &path, copy::Kind::Tree) else { return };
    for mount in &mut mounts {
        let name = mount.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
        if let Some((_, ours)) = paths::VOLUMES.iter().find(|(theirs, _)| *theirs == name) {
            mount["name"] = (*ours).into();
        }
    }
    if !mounts.is_empty() {
        context.set(&["hosts", &group.name, "extraVolumeMounts"], mounts);
    }
}

/// The one rule of egress that upstream's hosts take as `--flag=false`.
fn egress(context: &mut Context<'_>, group: &Group<'_>, node: &Node) {
    if !context.is_at_least(2, 9) {
        return;
    }
    let Some(own) = look(node, "networking.denySpecialRanges") else { return };
    let path = group.path.key("networking").key("denySpecialRanges");
    if let Some(deny) = context.switch(own, &path) {
        context.set(&["hosts", &group.name, "egress", "denySpecialRanges"], deny);
        context.became(own, &path, &Outcome::Mapped(format!("hosts.{}.egress.denySpecialRanges", group.name)));
    }
}
