//! Lists: their items, how many, and whether one is there twice.

use std::collections::HashMap;

use serde_json::Value as Schema;

use super::parts::Part;
use super::scalar::count;
use super::{Checker, Step};
use crate::source::{Node, Origin};

impl<'a> Checker<'a> {
    pub(super) fn list(&mut self, parts: &[Part<'a>], list: &'a [Node], node: &'a Node, key: Option<Origin>) {
        for part in parts {
            self.listed(part, node);
            let (least, most) = (count(part, "minItems"), count(part, "maxItems"));
            if least.is_some_and(|least| list.len() < least) || most.is_some_and(|most| list.len() > most) {
                self.report(|checker| checker.wrong_count("items", list.len(), least, most, node, key));
            }
            if part.is("uniqueItems") || part.text("x-kubernetes-list-type") == Some("set") {
                self.unique(list, |item| Some(same_number(item.to_json()).to_string()));
            }
            if let Some(keys) = part.list("x-kubernetes-list-map-keys") {
                self.unique(list, |item| merge_key(item, keys));
            }
            for (index, item) in list.iter().enumerate() {
                let schema = match part.get("items") {
                    Some(Schema::Array(tuple)) => tuple.get(index).or_else(|| part.get("additionalItems")),
                    schema => schema,
                };
                if let Some(schema) = schema {
                    self.step(Step::Index(index), |checker| checker.visit(schema, item, None));
                }
            }
        }
    }

    fn unique(&mut self, list: &'a [Node], name: impl Fn(&Node) -> Option<String>) {
        let mut seen: HashMap<String, &Node> = HashMap::new();
        for (index, item) in list.iter().enumerate() {
            let Some(name) = name(item) else { continue };
            if let Some(first) = seen.get(&name) {
                let first = first.origin;
                self.step(Step::Index(index), |checker| checker.report(|checker| checker.twice(item, first)));
            } else {
                seen.insert(name, item);
            }
        }
    }
}

/// What the API server tells the items of the list apart by.
fn merge_key(item: &Node, keys: &[Schema]) -> Option<String> {
    let values: Option<Vec<String>> =
        keys.iter().map(|key| Some(item.get(key.as_str()?)?.to_json().to_string())).collect();
    values.map(|values| values.join(","))
}

/// JSON has one kind of number: `2` and `2.0` are the same.
fn same_number(json: Schema) -> Schema {
    match json {
        Schema::Number(number) => match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "whole and small enough, as just asked")]
            Some(value) if value.fract() == 0.0 && value.abs() < 9e15 => Schema::from(value as i64),
            _ => Schema::Number(number),
        },
        Schema::Array(items) => items.into_iter().map(same_number).collect(),
        Schema::Object(map) => Schema::Object(map.into_iter().map(|(key, value)| (key, same_number(value))).collect()),
        other => other,
    }
}
