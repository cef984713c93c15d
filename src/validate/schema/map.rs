//! Maps: keys that are missing, unknown or in the wrong place.

use serde_json::Value as Schema;

use super::parts::Part;
use super::scalar::count;
use super::{Checker, Step};
use crate::source::{Entry, Map, Node, Origin, Value};

/// Known in every Kubernetes object, whatever its schema names.
const OBJECT_KEYS: [&str; 3] = ["apiVersion", "kind", "metadata"];

impl<'a> Checker<'a> {
    pub(super) fn map(&mut self, parts: &[Part<'a>], map: &'a Map, node: &'a Node, key: Option<Origin>) {
        for part in parts {
            self.listed(part, node);
            let (least, most) = (count(part, "minProperties"), count(part, "maxProperties"));
            if least.is_some_and(|least| map.len() < least) || most.is_some_and(|most| map.len() > most) {
                self.report(|checker| checker.wrong_count("keys", map.len(), least, most, node, key));
            }
        }
        self.required(parts, map, node, key);
        let closed = self.closed(parts);
        for (name, entry) in map {
            self.step(Step::Key(name), |checker| checker.entry(parts, name, entry, closed));
        }
    }

    fn required(&mut self, parts: &[Part<'a>], map: &Map, node: &'a Node, key: Option<Origin>) {
        let mut missing: Vec<&str> = Vec::new();
        for name in parts.iter().filter_map(|part| part.list("required")).flatten().filter_map(Schema::as_str) {
            if missing.contains(&name) {
                continue;
            }
            match map.get(name) {
                Some(entry) if !self.absent(entry) => continue,
                Some(entry) => self.report(|checker| checker.missing(name, parts, entry.node.origin)),
                None => {
                    let place = place_of(node, key);
                    self.report(|checker| checker.missing(name, parts, place));
                }
            }
            missing.push(name);
        }
    }

    fn absent(&self, entry: &Entry) -> bool {
        self.options.null_means_absent && entry.node.value == Value::Null
    }

    /// Whether a key that no part names is unknown even though none forbids it.
    fn closed(&self, parts: &[Part<'a>]) -> bool {
        // A branch that is tried alone does not see the keys its union's neighbours name.
        let asked = self.options.closed && self.probing.is_empty();
        (asked || parts.iter().any(|part| part.get("unevaluatedProperties") == Some(&Schema::Bool(false))))
            && parts.iter().any(|part| part.table("properties").is_some())
            && !parts.iter().any(|part| part.is("x-kubernetes-preserve-unknown-fields"))
    }

    fn entry(&mut self, parts: &[Part<'a>], name: &'a str, entry: &'a Entry, closed: bool) {
        let (mut known, mut refused) = (false, false);
        for part in parts {
            let mut named = false;
            if let Some(schema) = part.table("properties").and_then(|properties| properties.get(name)) {
                named = true;
                self.child(schema, entry);
            }
            for (pattern, schema) in part.table("patternProperties").into_iter().flatten() {
                if self.matches(pattern, name) {
                    named = true;
                    self.child(schema, entry);
                }
            }
            if !named {
                match part.get("additionalProperties") {
                    Some(Schema::Bool(false)) => refused = true,
                    Some(schema) => {
                        named = true;
                        if self.misplaced(schema, name, entry) {
                            refused = true;
                        } else {
                            self.child(schema, entry);
                        }
                    }
                    None => {}
                }
            }
            known |= named;
        }
        let object = self.steps.len() == 1 || parts.iter().any(|part| part.is("x-kubernetes-embedded-resource"));
        let exempt = self.options.closed && object && OBJECT_KEYS.contains(&name);
        if refused || (closed && !known && !exempt) {
            self.report(|checker| checker.unknown_key(name, parts, entry));
            return;
        }
        for schema in parts.iter().filter_map(|part| part.get("propertyNames")) {
            self.name(schema, name, entry);
        }
    }

    fn child(&mut self, schema: &'a Schema, entry: &'a Entry) {
        if !self.absent(entry) {
            self.visit(schema, &entry.node, Some(entry.key));
        }
    }

    /// Whether a key that could be any name is really one that belongs a level deeper: `tolerations` right under
    /// `hosts`.
    fn misplaced(&mut self, schema: &'a Schema, name: &str, entry: &'a Entry) -> bool {
        let mut parts = Vec::new();
        self.open(schema, &mut parts);
        let deeper = parts.iter().find_map(|part| part.table("properties")?.get(name));
        let Some(deeper) = deeper else { return false };
        let here = self.probe(schema, &entry.node, Some(entry.key));
        here > 0 && self.probe(deeper, &entry.node, Some(entry.key)) < here
    }

    /// `propertyNames`, of which only the form of the text matters.
    fn name(&mut self, schema: &'a Schema, name: &'a str, entry: &Entry) {
        let mut parts = Vec::new();
        self.open(schema, &mut parts);
        for part in parts {
            if let Some(pattern) = part.text("pattern")
                && !self.matches(pattern, name)
            {
                self.report(|checker| checker.bad_name(&part, pattern, name, entry.key));
            }
            let (least, most) = (count(&part, "minLength"), count(&part, "maxLength"));
            let length = name.chars().count();
            if least.is_some_and(|least| length < least) || most.is_some_and(|most| length > most) {
                self.report(|checker| checker.bad_name_length(length, least, most, entry.key));
            }
        }
    }
}

/// What to point at when something is missing in a collection: its key, else its first character.
pub(super) fn place_of(node: &Node, key: Option<Origin>) -> Origin {
    key.unwrap_or_else(|| {
        let Origin { source, start, end } = node.origin;
        Origin { source, start, end: end.min(start + 1) }
    })
}
