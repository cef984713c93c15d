//! The chart's ways of joining maps. Their Go twins are `cw.merge`, `cw.override` and `cw.nulls`.

use std::{collections::BTreeMap, sync::Arc};

use super::value::{Map, Value};

/// Null deletes, maps merge, lists under a key that starts with `extra` are joined, everything else replaces.
pub(crate) fn merge(into: &mut Map, from: &Map) {
    for (key, value) in from {
        match value {
            Value::Nil => {
                into.remove(key);
            }
            Value::Map(map) => {
                let mut inner = take_map(into, key);
                merge(&mut inner, map);
                into.insert(key.clone(), Value::map(inner));
            }
            Value::List(later) if key.starts_with("extra") => match into.get_mut(key) {
                Some(Value::List(earlier)) => Arc::make_mut(earlier).extend(later.iter().cloned()),
                _ => {
                    into.insert(key.clone(), value.clone());
                }
            },
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}

/// A patch onto an object: null deletes, maps merge, lists whose items all have a `name` merge by name, everything
/// else replaces.
pub(crate) fn override_with(into: &mut Map, from: &Map) {
    for (key, value) in from {
        match value {
            Value::Nil => {
                into.remove(key);
            }
            Value::Map(map) => {
                let mut inner = take_map(into, key);
                override_with(&mut inner, map);
                into.insert(key.clone(), Value::map(inner));
            }
            Value::List(later) => match into.get_mut(key) {
                Some(Value::List(earlier)) if !later.is_empty() && later.iter().chain(earlier.iter()).all(is_named) => {
                    by_name(Arc::make_mut(earlier), later);
                }
                _ => {
                    into.insert(key.clone(), value.clone());
                }
            },
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}

fn by_name(into: &mut Vec<Value>, from: &[Value]) {
    let known = into.len();
    for patch in from {
        let Value::Map(patch_map) = patch else { continue };
        let mut found = false;
        for item in into[..known].iter_mut().filter(|item| name(item).same(&name(patch))) {
            if let Value::Map(map) = item {
                override_with(Arc::make_mut(map), patch_map);
                found = true;
            }
        }
        if !found {
            let mut fresh = Map::new();
            override_with(&mut fresh, patch_map);
            into.push(Value::map(fresh));
        }
    }
}

fn name(item: &Value) -> Value {
    match item {
        Value::Map(map) => map.get("name").cloned().unwrap_or(Value::Nil),
        _ => Value::Nil,
    }
}

fn is_named(item: &Value) -> bool {
    name(item).is_true()
}

/// Takes out the map under a key; an empty one if something else stands there.
fn take_map(from: &mut Map, key: &Arc<str>) -> Map {
    match from.remove(key) {
        Some(Value::Map(map)) => Arc::unwrap_or_clone(map),
        _ => Map::new(),
    }
}

/// The keys, sorted, that are null in the last map that has them.
pub(crate) fn nulls(maps: &[Value]) -> Result<Value, String> {
    let mut last: BTreeMap<&Arc<str>, bool> = BTreeMap::new();
    for map in maps {
        match map {
            Value::Map(map) => last.extend(map.iter().map(|(key, value)| (key, matches!(value, Value::Nil)))),
            other if !other.is_true() => {}
            other => return Err(format!("`nulls` is for maps, this is {}", other.kind())),
        }
    }
    let keys = last.into_iter().filter(|(_, null)| *null).map(|(key, _)| Value::Str(key.clone()));
    Ok(Value::list(keys.collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(json: &serde_json::Value) -> Map {
        match Value::from_json(json) {
            Value::Map(map) => (*map).clone(),
            _ => panic!("no map"),
        }
    }

    #[test]
    fn merge_keeps_false_and_joins_extra_lists() {
        let mut into = map(&json!({"a": true, "b": {"c": 1, "d": 2}, "list": [1], "extraEnv": [1], "n": 1}));
        let from = map(
            &json!({"a": false, "b": {"c": null, "e": 0}, "list": [2], "extraEnv": [2], "n": null, "m": {"x": null}}),
        );
        merge(&mut into, &from);
        let expected = json!({"a": false, "b": {"d": 2, "e": 0}, "list": [2], "extraEnv": [1, 2], "m": {}});
        assert_eq!(Value::map(into).to_json(), expected);
    }

    #[test]
    fn an_override_merges_lists_by_name() {
        let mut into = map(&json!({"containers": [{"name": "a", "image": "x"}, {"name": "b"}], "args": ["1"]}));
        let from =
            map(&json!({"containers": [{"name": "c"}, {"name": "a", "image": null, "tty": true}], "args": ["2"]}));
        override_with(&mut into, &from);
        let expected = json!({"containers": [{"name": "a", "tty": true}, {"name": "b"}, {"name": "c"}], "args": ["2"]});
        assert_eq!(Value::map(into).to_json(), expected);
    }

    #[test]
    fn nulls_takes_the_last_word() {
        let maps: Vec<Value> = [json!({"a": null, "b": null}), json!(null), json!({"a": 1, "c": null})]
            .iter()
            .map(Value::from_json)
            .collect();
        assert_eq!(nulls(&maps).unwrap().to_json(), json!(["b", "c"]));
    }
}
