//! The tree itself: YAML's data model, each node with its place.

use std::collections::BTreeMap;

use super::{Origin, Path, Segment};

/// A map; sorted, since Helm's maps have no order either.
pub type Map = BTreeMap<String, Entry>;

/// A key's place and what stands under it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Where the key is written (for a `--set` flag: the key's part of the argument).
    pub key: Origin,
    /// The value.
    pub node: Node,
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// How its text was written.
    pub style: Style,
    /// Where it was written; through an alias, where the anchored node stands.
    pub origin: Origin,
    /// What earlier layers said here, oldest first.
    pub replaced: Vec<Origin>,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: its type was read from its text.
    Plain,
    /// Quoted or as a block scalar: a string whatever its text.
    Quoted,
    /// A map or a list.
    Collection,
}

/// YAML's data model as Helm reads it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer within ±2^53: Helm carries numbers as 64-bit floats.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// A map.
    Map(Map),
}

impl Value {
    /// The type's name for messages: `a map`, `a string` …
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

impl Node {
    /// A node that no earlier layer knew.
    pub const fn new(value: Value, style: Style, origin: Origin) -> Self {
        Self { value, style, origin, replaced: Vec::new() }
    }

    /// The child under a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The key and child under a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.as_map()?.get(key)
    }

    /// The map, if it is one.
    pub const fn as_map(&self) -> Option<&Map> {
        if let Value::Map(map) = &self.value { Some(map) } else { None }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Value::List(list) = &self.value { Some(list) } else { None }
    }

    /// The text, if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    /// The node at a path.
    pub fn at(&self, path: &Path) -> Option<&Self> {
        path.0.iter().try_fold(self, Self::child)
    }

    /// The deepest node on the way to a path that exists, and how many steps lead to it.
    pub fn nearest(&self, path: &Path) -> (&Self, usize) {
        let mut node = self;
        for (depth, segment) in path.0.iter().enumerate() {
            match node.child(segment) {
                Some(child) => node = child,
                None => return (node, depth),
            }
        }
        (node, path.0.len())
    }

    fn child(&self, segment: &Segment) -> Option<&Self> {
        match segment {
            Segment::Key(key) => self.get(key),
            Segment::Index(index) => self.as_list()?.get(*index),
        }
    }

    /// Data that was never written in a text of its own: every node gets the same place.
    pub fn from_json(json: &serde_json::Value, origin: Origin) -> Self {
        use serde_json::Value as Json;
        let collection = matches!(json, Json::Array(_) | Json::Object(_));
        let value = match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => {
                number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap_or_default()), Value::Int)
            }
            Json::String(text) => Value::String(text.clone()),
            Json::Array(items) => Value::List(items.iter().map(|item| Self::from_json(item, origin)).collect()),
            Json::Object(map) => Value::Map(
                map.iter()
                    .map(|(key, value)| (key.clone(), Entry { key: origin, node: Self::from_json(value, origin) }))
                    .collect(),
            ),
        };
        let style = if collection { Style::Collection } else { Style::Quoted };
        Self::new(value, style, origin)
    }

    /// The same data without places, as Helm would see it.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Int(value) => (*value).into(),
            Value::Float(value) => serde_json::Number::from_f64(*value).map_or(serde_json::Value::Null, Into::into),
            Value::String(value) => value.as_str().into(),
            Value::List(list) => list.iter().map(Self::to_json).collect(),
            Value::Map(map) => {
                serde_json::Value::Object(map.iter().map(|(key, entry)| (key.clone(), entry.node.to_json())).collect())
            }
        }
    }
}
