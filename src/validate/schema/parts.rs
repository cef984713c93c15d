//! The schemas that apply to a node, as one flat list.

use serde_json::{Map, Value as Schema};

use super::Checker;
use crate::source::{Node, Value};

/// One schema of several that apply at once.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) schema: &'a Map<String, Schema>,
    /// The name it is defined under.
    pub(super) name: Option<&'a str>,
}

/// The types a schema accepts, in its own order; empty when it accepts all.
pub(super) type Kinds<'a> = Vec<&'a str>;

impl<'a> Part<'a> {
    pub(super) fn get(&self, keyword: &str) -> Option<&'a Schema> {
        self.schema.get(keyword)
    }

    pub(super) fn is(&self, keyword: &str) -> bool {
        self.get(keyword) == Some(&Schema::Bool(true))
    }

    pub(super) fn list(&self, keyword: &str) -> Option<&'a [Schema]> {
        self.get(keyword)?.as_array().map(Vec::as_slice)
    }

    pub(super) fn table(&self, keyword: &str) -> Option<&'a Map<String, Schema>> {
        self.get(keyword)?.as_object()
    }

    pub(super) fn text(&self, keyword: &str) -> Option<&'a str> {
        self.get(keyword)?.as_str()
    }

    pub(super) fn kinds(&self) -> Kinds<'a> {
        if self.is("x-kubernetes-int-or-string") {
            return vec!["integer", "string"];
        }
        match self.get("type") {
            Some(Schema::String(kind)) => vec![kind],
            Some(Schema::Array(kinds)) => kinds.iter().filter_map(Schema::as_str).collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn accepts_kind(&self, node: &Node) -> bool {
        if self.is("x-kubernetes-int-or-string") {
            // A quantity is a string that the API server also takes as any number: `cpu: 0.5`.
            let number =
                matches!(node.value, Value::Float(_)) && self.name.is_some_and(|name| name.ends_with("Quantity"));
            return number || has_kind(node, "integer") || has_kind(node, "string");
        }
        match self.get("type") {
            Some(Schema::String(kind)) => has_kind(node, kind),
            Some(Schema::Array(kinds)) => kinds.iter().filter_map(Schema::as_str).any(|kind| has_kind(node, kind)),
            _ => true,
        }
    }
}

fn has_kind(node: &Node, kind: &str) -> bool {
    match &node.value {
        Value::Null => kind == "null",
        Value::Bool(_) => kind == "boolean",
        Value::Int(_) => kind == "integer" || kind == "number",
        Value::Float(number) => kind == "number" || (kind == "integer" && number.fract() == 0.0),
        Value::String(_) => kind == "string",
        Value::List(_) => kind == "array",
        Value::Map(_) => kind == "object",
    }
}

impl<'a> Checker<'a> {
    /// Adds a schema, what it refers to and its `allOf`; false when one of them refuses everything.
    pub(super) fn open(&self, schema: &'a Schema, parts: &mut Vec<Part<'a>>) -> bool {
        self.open_named(schema, None, parts)
    }

    fn open_named(&self, schema: &'a Schema, name: Option<&'a str>, parts: &mut Vec<Part<'a>>) -> bool {
        let Schema::Object(object) = schema else { return schema != &Schema::Bool(false) };
        if parts.iter().any(|part| std::ptr::eq(part.schema, object)) {
            // A circle of references, or a union whose branch is itself.
            return true;
        }
        let part = Part { schema: object, name };
        parts.push(part);
        let referred = part.text("$ref").and_then(|reference| Some((self.refer(reference)?, last_name(reference))));
        referred.is_none_or(|(target, name)| self.open_named(target, Some(name), parts))
            && part.list("allOf").unwrap_or_default().iter().all(|schema| self.open_named(schema, None, parts))
    }

    /// What `#/definitions/X` or `#/$defs/X` names.
    pub(super) fn refer(&self, reference: &str) -> Option<&'a Schema> {
        let pointer = reference.strip_prefix('#')?;
        if pointer.contains(['~', '%']) {
            return self.schema.pointer(&pointer.replace("%3C", "<").replace("%3E", ">"));
        }
        // The common case without the allocations of `pointer`.
        pointer.split('/').skip(1).try_fold(self.schema, |schema, key| schema.get(key))
    }
}

fn last_name(reference: &str) -> &str {
    reference.rsplit(['/', '.']).next().unwrap_or(reference)
}
