//! Labels of pods and pull Secrets.

use std::collections::BTreeSet;

use serde_json::json;

use super::codes;
use super::context::Context;
use super::copy;
use crate::diagnostics::Diagnostic;
use crate::source::{Path, Value};

/// Labels that selectors, operators and network policies know pods by.
const IDENTITY: [&str; 2] = ["wasmcloud.com/name", "wasmcloud.com/hostgroup"];

/// Labels of pods and pull Secrets.
pub(super) fn import(context: &mut Context<'_>) {
    for (component, ours) in
        [("operator", vec!["operator"]), ("nats", vec!["nats", "server"]), ("runtime", vec!["hostDefaults"])]
    {
        pod_labels(context, component, &ours);
    }
    pull_secrets(context);
}

fn pod_labels(context: &mut Context<'_>, component: &str, ours: &[&str]) {
    let Some(node) = context.at(&format!("{component}.podLabels")) else { return };
    let path = Path::keys([component, "podLabels"]);
    if node.value == Value::Null || node.as_map().is_some_and(std::collections::BTreeMap::is_empty) {
        return;
    }
    for name in IDENTITY {
        if let Some(entry) = node.entry(name) {
            context.report(
                Diagnostic::error(codes::LABEL, format!("the label `{name}` is the chart's own"))
                    .at(entry.key, "")
                    .with_note("selectors, the operator and network policies know pods by it")
                    .with_help("take another name; hosts are told apart by their group's name")
                    .with_path(path.key(name)),
            );
        }
    }
    if let Some(labels) = copy::text_map(context, node, &path) {
        let target: Vec<&str> = ours.iter().copied().chain(["podLabels"]).collect();
        context.set(&target, labels);
    }
}

/// Objects with a name, or plain names; each once.
fn pull_secrets(context: &mut Context<'_>) {
    let Some(node) = context.at("global.image.pullSecrets") else { return };
    let path = Path::keys(["global", "image", "pullSecrets"]);
    let Some(list) = node.as_list() else {
        if node.value != Value::Null {
            copy::wrong(context, node, &path, "a list");
        }
        return;
    };
    let mut seen = BTreeSet::new();
    for (index, item) in list.iter().enumerate() {
        let path = path.index(index);
        let name = if let Some(map) = item.as_map() {
            let name = map.get("name").and_then(|entry| context.text(&entry.node));
            if name.is_none() {
                copy::wrong(context, item, &path, "`name: <Secret>`");
            }
            name
        } else {
            let name = context.kept_text(item, &path);
            if let Some(name) = &name {
                context.report(
                    Diagnostic::info(codes::PULL_SECRET, format!("the plain name `{name}` is written as an object"))
                        .at(item.origin, "")
                        .with_help(format!("upstream wants `- name: {name}`"))
                        .with_path(path.clone()),
                );
            }
            name
        };
        if let Some(name) = name.filter(|name| seen.insert(name.clone())) {
            context.append(&["global", "image", "pullSecrets"], json!({ "name": name }));
        }
    }
}
