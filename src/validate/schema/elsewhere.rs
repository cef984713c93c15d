//! Where a key that is unknown here would be known.

use std::collections::{HashSet, VecDeque};

use serde_json::Value as Schema;

use super::parts::Part;
use super::{Checker, Step};
use crate::source::{Path, Segment};

/// How far below a place it is still "near".
const DEEPEST: usize = 4;

/// A file in which every key is unknown is another kind of file: no need to search the schema for each.
const SEARCHES: usize = 32;

impl<'a> Checker<'a> {
    /// The nearest place below this map, or below one of the maps around it, that knows the key.
    pub(super) fn elsewhere(&mut self, key: &str) -> Option<String> {
        self.places(key, 1).into_iter().next()
    }

    /// The nearest places that know the key: as many as are equally near, and at most `most`.
    pub(super) fn places(&mut self, key: &str, most: usize) -> Vec<String> {
        self.searches += 1;
        if self.searches > SEARCHES {
            return Vec::new();
        }
        let mut seen = HashSet::new();
        let found = (0..self.scopes.len()).rev().find_map(|depth| {
            let below = self.below(self.scopes[depth], key, most, &mut seen);
            let above = self.steps[..depth].iter().map(|step| match step {
                Step::Key(key) => Segment::Key((*key).to_owned()),
                Step::Index(index) => Segment::Index(*index),
            });
            let path = Path(self.base.0.iter().cloned().chain(above).collect()).to_string();
            let written = below.iter().map(|way| {
                way.iter().fold(path.clone(), |mut text, step| {
                    if !text.is_empty() && *step != "[]" {
                        text.push('.');
                    }
                    text.push_str(step);
                    text
                })
            });
            Some(written.collect::<Vec<_>>()).filter(|places| !places.is_empty())
        });
        found.unwrap_or_default()
    }

    /// Breadth first, so that the shortest ways are found.
    fn below(
        &self,
        schema: &'a Schema,
        key: &str,
        most: usize,
        seen: &mut HashSet<*const Schema>,
    ) -> Vec<Vec<&'a str>> {
        let mut queue = VecDeque::from([(schema, Vec::new())]);
        let mut found: Vec<Vec<&str>> = Vec::new();
        while let Some((schema, way)) = queue.pop_front() {
            if found.len() == most || found.first().is_some_and(|first| way.len() >= first.len()) {
                break;
            }
            let Some(object) = schema.as_object() else { continue };
            if !seen.insert(std::ptr::from_ref(schema)) {
                continue;
            }
            let part = Part { schema: object, name: None };
            let go = |step: &'a str| way.iter().copied().chain([step]).collect::<Vec<_>>();
            if let Some(properties) = part.table("properties") {
                if let Some((name, _)) = properties.get_key_value(key) {
                    found.push(go(name));
                    continue;
                }
                if way.len() < DEEPEST {
                    queue.extend(properties.iter().map(|(name, schema)| (schema, go(name))));
                }
            }
            if way.len() < DEEPEST {
                queue.extend(part.get("additionalProperties").map(|schema| (schema, go("<name>"))));
                queue.extend(part.get("items").map(|schema| (schema, go("[]"))));
            }
            // Kubernetes' types have thousands of keys, of which nobody means one far away.
            let own = part.text("$ref").filter(|reference| !reference.contains(crate::values::schema::KUBERNETES));
            let same = own.and_then(|reference| self.refer(reference)).into_iter();
            let same = same.chain(["allOf", "anyOf", "oneOf"].iter().filter_map(|key| part.list(key)).flatten());
            // The same place: before anything deeper.
            for schema in same {
                queue.push_front((schema, way.clone()));
            }
        }
        found
    }
}
