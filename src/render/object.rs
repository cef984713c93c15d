//! From a macro's text to a finished object: read, common labels, overrides, placeholders. Its twin is `cw.object`.

use std::sync::Arc;

use super::{
    eval::Input,
    go, merge, text,
    value::{Map, Value},
};

/// The placeholders and what stands for them.
pub(crate) struct Placeholders([(&'static str, String); 3]);

impl Placeholders {
    pub(crate) fn new(input: &Input) -> Self {
        let domain = match &input.values {
            Value::Map(values) => values.get("clusterDomain").map(go::text).unwrap_or_default(),
            _ => String::new(),
        };
        Self([
            ("${release.name}", go::text(&input.release_name)),
            ("${release.namespace}", go::text(&input.release_namespace)),
            ("${clusterDomain}", domain),
        ])
    }

    fn text(&self, text: &str) -> Option<Arc<str>> {
        if !text.contains("${") {
            return None;
        }
        let mut changed = text.to_owned();
        for (name, value) in &self.0 {
            if changed.contains(name) {
                changed = changed.replace(name, value);
            }
        }
        Some(changed.into())
    }

    fn fill(&self, value: &mut Value) {
        match value {
            Value::Str(text) => {
                if let Some(changed) = self.text(text) {
                    *text = changed;
                }
            }
            Value::List(items) => {
                for item in Arc::make_mut(items) {
                    self.fill(item);
                }
            }
            Value::Map(map) => {
                let map = Arc::make_mut(map);
                for item in map.values_mut() {
                    self.fill(item);
                }
                let keys: Vec<(Arc<str>, Arc<str>)> =
                    map.keys().filter_map(|key| self.text(key).map(|changed| (key.clone(), changed))).collect();
                for (old, new) in keys {
                    if let Some(item) = map.remove(&old) {
                        map.insert(new, item);
                    }
                }
            }
            Value::Nil | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
        }
    }
}

/// Reads the text of one object and finishes it.
pub(crate) fn finish(object_text: &str, input: &Input, placeholders: &Placeholders) -> Result<Value, String> {
    let mut object = match text::parse(object_text)? {
        Value::Map(map) => Arc::unwrap_or_clone(map),
        other => return Err(format!("the text of an object must be a map, this is {}", other.kind())),
    };
    let values = &input.values;
    let common = [("labels", get(values, "commonLabels")?), ("annotations", get(values, "commonAnnotations")?)];
    for (field, extra) in common {
        if extra.is_true() {
            add_common(&mut object, field, &extra)?;
        }
    }
    let (kind, name) = identity(&object)?;
    let patch = get(&get(&get(values, "overrides")?, &kind)?, &name)?;
    if patch.is_true() {
        merge::override_with(&mut object, &*as_map(&patch, "an override")?);
        if identity(&object).ok() != Some((kind.clone(), name.clone())) {
            return Err(format!("overrides.{kind}.{name} changes the kind or name of the object"));
        }
    }
    let mut object = Value::map(object);
    placeholders.fill(&mut object);
    Ok(object)
}

fn add_common(object: &mut Map, field: &str, extra: &Value) -> Result<(), String> {
    let mut merged = Map::new();
    merge::merge(&mut merged, &*as_map(extra, "common labels and annotations")?);
    let Some(Value::Map(metadata)) = object.get_mut("metadata") else {
        return Err("an object without metadata".into());
    };
    let metadata = Arc::make_mut(metadata);
    match metadata.get(field) {
        Some(Value::Map(own)) => merge::merge(&mut merged, own),
        Some(other) if other.is_true() => return Err(format!("metadata.{field} is {}", other.kind())),
        _ => {}
    }
    metadata.insert(field.into(), Value::map(merged));
    Ok(())
}

fn identity(object: &Map) -> Result<(Arc<str>, Arc<str>), String> {
    let kind = object.get("kind");
    let name = match object.get("metadata") {
        Some(Value::Map(metadata)) => metadata.get("name"),
        _ => None,
    };
    match (kind, name) {
        (Some(Value::Str(kind)), Some(Value::Str(name))) if !kind.is_empty() && !name.is_empty() => {
            Ok((kind.clone(), name.clone()))
        }
        _ => Err("an object needs a kind and a metadata.name that are strings".into()),
    }
}

fn get(parent: &Value, key: &str) -> Result<Value, String> {
    match parent {
        Value::Map(map) => Ok(map.get(key).cloned().unwrap_or(Value::Nil)),
        other if !other.is_true() => Ok(Value::Nil),
        other => Err(format!("there is no `{key}` in {}", other.kind())),
    }
}

fn as_map(value: &Value, what: &str) -> Result<Arc<Map>, String> {
    match value {
        Value::Map(map) => Ok(map.clone()),
        other => Err(format!("{what} must be a map, this is {}", other.kind())),
    }
}

/// `x|toYaml`: a block at the top, so that it can continue a map or list of the template; flow below.
///
/// Nulls are left out of maps (not of maps inside lists), as `cw.yaml` does.
pub(crate) fn write_yaml(value: &Value, out: &mut String) {
    match value {
        Value::Map(map) if map.values().any(|item| !matches!(item, Value::Nil)) => {
            let entries = map.iter().filter(|(_, item)| !matches!(item, Value::Nil));
            for (position, (key, item)) in entries.enumerate() {
                if position > 0 {
                    out.push('\n');
                }
                go::write_quoted(key, out);
                out.push_str(": ");
                write_flow(item, true, out);
            }
        }
        Value::List(items) if !items.is_empty() => {
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push('\n');
                }
                out.push_str("- ");
                write_flow(item, false, out);
            }
        }
        other => write_flow(other, true, out),
    }
}

fn write_flow(value: &Value, strip: bool, out: &mut String) {
    match value {
        Value::Nil => out.push_str("null"),
        Value::Float(number) => out.push_str(&go::json_float(*number)),
        Value::Bool(_) | Value::Int(_) => out.push_str(&go::display(value)),
        Value::Str(text) => go::write_quoted(text, out),
        Value::List(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                write_flow(item, false, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            let entries = map.iter().filter(|(_, item)| !(strip && matches!(item, Value::Nil)));
            for (position, (key, item)) in entries.enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                go::write_quoted(key, out);
                out.push_str(": ");
                write_flow(item, strip, out);
            }
            out.push('}');
        }
    }
}
