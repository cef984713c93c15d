//! Simple keys: read by their kind, written under a path of ours.

use serde_json::{Map, Value as Json, json};

use super::{codes, context::Context};
use crate::diagnostics::Diagnostic;
use crate::source::{Node, Path, Value};

/// What a copied key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// true or false.
    Switch,
    /// An integer.
    Integer,
    /// A text.
    Text,
    /// A list of texts.
    Texts,
    /// A map of texts.
    TextMap,
    /// A part of a Kubernetes object.
    Tree,
    /// Requests and limits.
    Resources,
}

impl Kind {
    /// Whether the key's whole content belongs to it.
    pub(super) const fn is_whole(self) -> bool {
        matches!(self, Self::Texts | Self::TextMap | Self::Tree | Self::Resources)
    }
}

/// Reads a node as this kind; null stays null, since it takes a default away here as there.
pub(super) fn read(context: &mut Context<'_>, node: &Node, path: &Path, kind: Kind) -> Option<Json> {
    if node.value == Value::Null && kind != Kind::Switch {
        return Some(Json::Null);
    }
    match kind {
        Kind::Switch => context.switch(node, path).map(Into::into),
        Kind::Integer => context.integer(node, path).map(Into::into),
        Kind::Text => context.kept_text(node, path).map(Into::into),
        Kind::Texts => texts(context, node, path),
        Kind::TextMap => text_map(context, node, path),
        Kind::Tree => Some(node.to_json()),
        Kind::Resources => resources(context, node, path),
    }
}

fn texts(context: &mut Context<'_>, node: &Node, path: &Path) -> Option<Json> {
    let Some(list) = node.as_list() else {
        wrong(context, node, path, "a list of texts");
        return None;
    };
    Some(
        list.iter()
            .enumerate()
            .filter_map(|(index, item)| context.kept_text(item, &path.index(index)))
            .collect::<Vec<String>>()
            .into(),
    )
}

/// A map whose values are texts, whatever they look like.
pub(super) fn text_map(context: &mut Context<'_>, node: &Node, path: &Path) -> Option<Json> {
    let Some(map) = node.as_map() else {
        wrong(context, node, path, "a map of texts");
        return None;
    };
    let mut out = Map::new();
    for (key, entry) in map {
        let text = context.kept_text(&entry.node, &path.key(key)).map_or(Json::Null, Json::from);
        out.insert(key.clone(), text);
    }
    Some(Json::Object(out))
}

/// Requests and limits; quantities keep their text.
pub(super) fn resources(context: &mut Context<'_>, node: &Node, path: &Path) -> Option<Json> {
    let Some(map) = node.as_map() else {
        wrong(context, node, path, "requests and limits");
        return None;
    };
    let mut out = Map::new();
    for (part, entry) in map {
        let value = match (&entry.node.value, part.as_str()) {
            (Value::Map(quantities), "requests" | "limits") => {
                let quantities = quantities.iter().map(|(name, quantity)| {
                    (name.clone(), context.text(&quantity.node).map_or(Json::Null, Json::from))
                });
                Json::Object(quantities.collect())
            }
            (_, "requests" | "limits" | "claims") => entry.node.to_json(),
            _ => {
                context.report(
                    Diagnostic::error(codes::UNKNOWN, format!("`{part}` is no part of `resources`"))
                        .at(entry.key, "the API server refuses it")
                        .with_help("`requests` and `limits` stand here")
                        .with_path(path.key(part)),
                );
                continue;
            }
        };
        out.insert(part.clone(), value);
    }
    Some(Json::Object(out))
}

/// Says what was wanted.
pub(super) fn wrong(context: &mut Context<'_>, node: &Node, path: &Path, wanted: &str) {
    context.report(
        Diagnostic::error(codes::TYPE, format!("expected {wanted}, found {}", node.value.kind()))
            .at(node.origin, "")
            .with_path(path.clone()),
    );
}

/// The maps of `over` laid over `under`, as Helm merges values.
pub(super) fn merged(under: Json, over: &Json) -> Json {
    match (under, over) {
        (Json::Object(mut under), Json::Object(over)) => {
            for (key, value) in over {
                let below = under.remove(key).unwrap_or_else(|| json!({}));
                let value = if value.is_object() { merged(below, value) } else { value.clone() };
                under.insert(key.clone(), value);
            }
            Json::Object(under)
        }
        (_, over) => over.clone(),
    }
}
