//! The data a template works on: Helm's view of it, in which every number that came from values is a 64-bit float.

use std::{collections::BTreeMap, sync::Arc};

/// A map; sorted by bytes, as Go's templates walk maps.
pub(crate) type Map = BTreeMap<Arc<str>, Value>;

/// A value as a Go template would hold it. Cloning is cheap: collections are shared.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Missing or null: the templates cannot tell them apart.
    Nil,
    /// A boolean.
    Bool(bool),
    /// A whole number that the template itself made (`5`, `x|int`); printed with plain digits.
    Int(i64),
    /// A number out of the values; printed as Go prints a `float64`.
    Float(f64),
    /// Text.
    Str(Arc<str>),
    /// A list.
    List(Arc<Vec<Self>>),
    /// A map.
    Map(Arc<Map>),
}

impl Value {
    /// Go's truth: empty things are false.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Str(value) => !value.is_empty(),
            Self::List(value) => !value.is_empty(),
            Self::Map(value) => !value.is_empty(),
        }
    }

    /// The name of the kind, for messages.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Str(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }

    /// A string.
    pub(crate) fn str(text: impl Into<Arc<str>>) -> Self {
        Self::Str(text.into())
    }

    /// A list.
    pub(crate) fn list(items: Vec<Self>) -> Self {
        Self::List(Arc::new(items))
    }

    /// A map.
    pub(crate) fn map(map: Map) -> Self {
        Self::Map(Arc::new(map))
    }

    /// The twin of `eq (toJson a) (toJson b)`: the same JSON text.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nil, Self::Nil) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::List(a), Self::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.same(b)),
            (Self::Map(a), Self::Map(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|((k, a), (l, b))| k == l && a.same(b))
            }
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Int(a), Self::Float(b)) | (Self::Float(b), Self::Int(a)) => {
                super::go::json_float(*b) == a.to_string()
            }
            // Bits, since JSON writes `-0`.
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            _ => false,
        }
    }

    /// Reads JSON the way Helm does: every number becomes a float.
    pub(crate) fn from_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Nil,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(value) => Self::Float(value.as_f64().unwrap_or_default()),
            serde_json::Value::String(value) => Self::str(value.as_str()),
            serde_json::Value::Array(items) => Self::list(items.iter().map(Self::from_json).collect()),
            serde_json::Value::Object(map) => Self::from_json_map(map),
        }
    }

    /// [`Self::from_json`] for a map.
    pub(crate) fn from_json_map(map: &serde_json::Map<String, serde_json::Value>) -> Self {
        Self::map(map.iter().map(|(key, value)| (Arc::from(key.as_str()), Self::from_json(value))).collect())
    }

    /// As JSON; whole numbers within ±2^53 become integers, since YAML and JSON write both alike.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Nil => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::Float(value) => float_to_json(*value),
            Self::Str(value) => serde_json::Value::String(value.to_string()),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(map) => {
                serde_json::Value::Object(map.iter().map(|(key, value)| (key.to_string(), value.to_json())).collect())
            }
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "checked to be whole and within ±2^53")]
fn float_to_json(value: f64) -> serde_json::Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        return (value as i64).into();
    }
    serde_json::Number::from_f64(value).map_or(serde_json::Value::Null, serde_json::Value::Number)
}
