//! What stands in the input and is no key of the chart; and what upstream does without being told.

use serde_json::{Value as Json, json};

use super::context::Context;
use super::table::ROWS;
use super::{Outcome, codes, images, version};
use crate::diagnostics::{Diagnostic, suggest};
use crate::source::{Node, Origin, Path, Segment};
use crate::values::schema::schema;

/// Helm takes any key; that one does nothing.
pub(super) fn unknown(context: &mut Context<'_>, node: &Node, path: &Path, key: Origin) {
    let name = match path.0.last() {
        Some(Segment::Key(name)) => name.clone(),
        _ => String::new(),
    };
    if path.0.len() == 1 && name.starts_with(['_', '.']) || name.starts_with("x-") {
        let why = "a place for YAML anchors: the chart has no such key";
        context.became(node, path, &Outcome::NotNeeded(why.into()));
        return;
    }
    context.became(node, path, &Outcome::Unsupported("no key of the chart".into()));
    let mut diagnostic = Diagnostic::error(codes::UNKNOWN, format!("`{path}` is no key of the upstream chart"))
        .at(key, if context.is_flag(key) { "in this flag" } else { "" })
        .with_note("Helm takes it without a word, and it does nothing")
        .with_path(path.clone());
    let parent = path.parent().unwrap_or_default();
    if let Some(help) = replaced(path) {
        diagnostic = diagnostic.with_help(help);
    } else if let Some(own) = ours(&parent, &name) {
        diagnostic = diagnostic.with_help(format!("`{own}` is a key of ours that does it"));
    } else if let Some(help) =
        suggest::did_you_mean(&name, ROWS.iter().filter_map(|row| row.pattern.next_key(&parent)))
    {
        diagnostic = diagnostic.with_help(help);
    }
    context.report(diagnostic);
}

/// Keys of other charts that users bring along.
fn replaced(path: &Path) -> Option<String> {
    let text = path.to_string();
    let (_, help) = [
        ("leafnodes", "this is the old NATS chart's layout: here it is `nats.server.leaf.remotes.<name>` with `urls`, `account` and `credentials.secretName`"),
        ("nats.leafnodes", "here it is `nats.server.leaf.remotes.<name>` with `urls`, `account` and `credentials.secretName`"),
        ("runtime.replicas", "each host group has its own: `hosts.<group>.replicas`"),
        ("global.imagePullSecrets", "`global.image.pullSecrets` holds them, upstream and here"),
        ("imagePullSecrets", "`global.image.pullSecrets` holds them, upstream and here"),
    ]
    .into_iter()
    .find(|(known, _)| *known == text)?;
    Some(help.to_owned())
}

/// Our key of that name in the section that takes the place of upstream's.
fn ours(parent: &Path, name: &str) -> Option<String> {
    let text = parent.to_string();
    let (definition, prefix) = match text.as_str() {
        "operator" => ("Operator", "operator."),
        "nats" => ("Server", "nats.server."),
        "runtime" => ("HostGroup", "hostDefaults."),
        "" => ("", ""),
        group if group.starts_with("runtime.hostGroups[") && group.matches('.').count() == 1 => {
            ("HostGroup", "hosts.<group>.")
        }
        _ => return None,
    };
    let schema = schema();
    let section =
        if definition.is_empty() { Some(&schema) } else { schema.get("definitions").and_then(|all| all.get(definition)) };
    let known = section?.get("properties")?.get(name).is_some();
    known.then(|| format!("{prefix}{name}"))
}

/// What upstream does without being told, and our defaults do otherwise.
pub(super) fn baseline(context: &mut Context<'_>) {
    let operator =
        version::of_image(context, context.at("operator.image"), images::OPERATOR.repository, &context.version);
    let hosts = version::of_image(context, context.at("runtime.image"), images::HOST.repository, &context.version);
    context.put("naming.scheme", "upstream");
    context.put("operator.implementation", json!({ "name": "wasmcloud", "version": operator.to_string() }));
    context.put("hostDefaults.implementation", json!({ "name": "wasmcloud", "version": hosts.to_string() }));
    context.put("operator.log", json!({ "format": "text", "level": null }));
    default(context, &["operator", "serviceAccount", "automountToken"], true);
    if version::before(&hosts, "2.9.0") {
        // These hosts do not hear SIGTERM: any grace would only be waited out.
        default(context, &["hostDefaults", "terminationGracePeriodSeconds"], 0);
    } else {
        default(context, &["hostDefaults", "terminationGracePeriodSeconds"], 15);
    }
    if !context.on("operator.enabled", true) {
        context.put("crds.upgradeHook", false);
    }
    if !context.on("operator.serviceAccount.create", true) {
        context.put("rbac.create", false);
    }
}

/// Sets a value unless the user's input did.
pub(super) fn default(context: &mut Context<'_>, path: &[&str], value: impl Into<Json>) {
    if context.get(path).is_none() {
        context.set(path, value);
    }
}
