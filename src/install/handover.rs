//! What Helm wrote by updates and not by server-side apply: Helm 3 always, Helm 4 where it was told to.
//!
//! The API server notes these fields as somebody else's, and an apply would keep every one of them that leaves the chart. So they
//! are handed over first: the entries of `metadata.managedFields` are rewritten as if they had been applied.

use serde_json::{Map, Value};

use super::apply::MANAGER;

/// The entries of `managedFields` with what Helm wrote by updates turned into what it applied; none if it wrote nothing so.
pub(super) fn handed_over(live: &Value) -> Option<Vec<Value>> {
    let entries = live["metadata"]["managedFields"].as_array()?;
    let updated = entries.iter().find(|entry| is_helms(entry, "Update"))?;
    let mut all: Vec<Value> =
        entries.iter().filter(|entry| !is_helms(entry, "Update") && !is_helms(entry, "Apply")).cloned().collect();
    let mut applied = updated.clone();
    applied["operation"] = "Apply".into();
    for entry in entries.iter().filter(|entry| is_helms(entry, "Apply")) {
        join(&mut applied["fieldsV1"], &entry["fieldsV1"]);
    }
    all.push(applied);
    Some(all)
}

/// What an apply makes of an object that was handed over: without Helm's fields, unless somebody else has them too, and with those
/// of the new manifest. Lists are joined by the names of their items; for a forecast that is near enough to the API server's rules.
pub(super) fn outcome(live: &Value, manifest: &Value) -> Value {
    let (mut helms, mut others) = (Value::Object(Map::new()), Value::Object(Map::new()));
    for entry in live["metadata"]["managedFields"].as_array().into_iter().flatten() {
        let own = is_helms(entry, "Update") || is_helms(entry, "Apply");
        join(if own { &mut helms } else { &mut others }, &entry["fieldsV1"]);
    }
    let mut outcome = live.clone();
    prune(&mut outcome, &helms, &others);
    lay_over(&mut outcome, manifest);
    outcome
}

fn is_helms(entry: &Value, operation: &str) -> bool {
    entry["manager"] == MANAGER
        && entry["operation"] == operation
        && entry["subresource"].as_str().unwrap_or_default().is_empty()
}

/// Every field of both.
fn join(into: &mut Value, from: &Value) {
    if let (Some(into), Some(from)) = (into.as_object_mut(), from.as_object()) {
        for (key, value) in from {
            join(into.entry(key.clone()).or_insert_with(|| Value::Object(Map::new())), value);
        }
    }
}

/// Takes fields away that others do not have. Both are in the form of `fieldsV1`: `f:` a key of a map, `k:` an item of a list by its
/// keys, `v:` one by its value, `.` the thing itself.
fn prune(value: &mut Value, fields: &Value, others: &Value) {
    for (key, inner) in fields.as_object().into_iter().flatten() {
        let other = &others[key.as_str()];
        let Some((form, name)) = key.split_once(':') else { continue };
        let goes = |child: &Value, whole: bool| other.is_null() && (whole || is_hollow(child));
        let whole = inner.as_object().is_none_or(Map::is_empty);
        match (form, &mut *value) {
            ("f", Value::Object(map)) => {
                let Some(child) = map.get_mut(name) else { continue };
                prune(child, inner, other);
                if goes(child, whole) {
                    map.remove(name);
                }
            }
            ("k", Value::Array(items)) => {
                let Ok(keys) = serde_json::from_str::<Map<String, Value>>(name) else { continue };
                let is = |item: &Value| keys.iter().all(|(key, value)| item[key.as_str()] == *value);
                let Some(at) = items.iter().position(is) else { continue };
                prune(&mut items[at], inner, other);
                // Its keys went with the rest of it, unless somebody else has something in it.
                if other.is_null() {
                    items.remove(at);
                } else if let Some(item) = items[at].as_object_mut() {
                    item.extend(keys);
                }
            }
            ("v", Value::Array(items)) if other.is_null() => {
                let Ok(gone) = serde_json::from_str::<Value>(name) else { continue };
                items.retain(|item| *item != gone);
            }
            _ => {}
        }
    }
}

fn is_hollow(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Puts a manifest over what is left.
fn lay_over(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                lay_over(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (Value::Array(base), Value::Array(over)) if over.iter().all(|item| item["name"].is_string()) => {
            let left = std::mem::take(base);
            for item in over {
                let mut merged = left.iter().find(|one| one["name"] == item["name"]).cloned().unwrap_or_default();
                lay_over(&mut merged, item);
                base.push(merged);
            }
            base.extend(left.into_iter().filter(|one| !over.iter().any(|item| one["name"] == item["name"])));
        }
        (base, over) => *base = over.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_helm_updated_becomes_what_it_applied() {
        let live = json!({ "metadata": { "managedFields": [
            { "manager": "helm", "operation": "Update", "fieldsV1": { "f:a": {} } },
            { "manager": "helm", "operation": "Apply", "fieldsV1": { "f:b": { "f:c": {} } } },
            { "manager": "kubelet", "operation": "Update", "subresource": "status", "fieldsV1": {} },
        ] } });
        let entries = handed_over(&live).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[1]["operation"], "Apply");
        assert_eq!(entries[1]["fieldsV1"], json!({ "f:a": {}, "f:b": { "f:c": {} } }));
        assert!(handed_over(&json!({ "metadata": { "managedFields": [entries[1]] } })).is_none());
    }

    #[test]
    fn the_forecast_has_neither_what_left_the_chart_nor_lost_what_others_wrote() {
        let live = json!({
            "metadata": {
                "uid": "u", "labels": { "app": "web", "old": "x" }, "annotations": { "seen": "by another" },
                "managedFields": [
                    { "manager": "helm", "operation": "Update", "fieldsV1": {
                        "f:metadata": { "f:labels": { ".": {}, "f:app": {}, "f:old": {} } },
                        "f:spec": { "f:replicas": {}, "f:finalizers": { ".": {}, "v:\"a\"": {} }, "f:containers": {
                            "k:{\"name\":\"host\"}": {
                                ".": {}, "f:name": {}, "f:image": {}, "f:probe": { ".": {}, "f:tcpSocket": { ".": {}, "f:port": {} } },
                            },
                            "k:{\"name\":\"gone\"}": { ".": {}, "f:name": {} },
                        } },
                    } },
                    { "manager": "scaler", "operation": "Update", "fieldsV1": { "f:spec": { "f:replicas": {} } } },
                    { "manager": "mesh", "operation": "Update", "fieldsV1": {
                        "f:metadata": { "f:annotations": { ".": {}, "f:seen": {} } },
                    } },
                ],
            },
            "spec": {
                "replicas": 7, "finalizers": ["a", "b"],
                "containers": [
                    { "name": "host", "image": "old", "probe": { "tcpSocket": { "port": 1 } } },
                    { "name": "gone" },
                    { "name": "mesh", "image": "proxy" },
                ],
            },
        });
        let manifest = json!({
            "metadata": { "labels": { "app": "web" } },
            "spec": { "containers": [{ "name": "host", "image": "new", "probe": { "httpGet": { "port": 2 } } }] },
        });
        let after = outcome(&live, &manifest);
        assert_eq!(after["metadata"]["labels"], json!({ "app": "web" }));
        assert_eq!(
            (&after["metadata"]["uid"], &after["metadata"]["annotations"]["seen"]),
            (&json!("u"), &json!("by another"))
        );
        assert_eq!(
            after["spec"],
            json!({
                "replicas": 7, "finalizers": ["b"],
                "containers": [
                    { "name": "host", "image": "new", "probe": { "httpGet": { "port": 2 } } },
                    { "name": "mesh", "image": "proxy" },
                ],
            })
        );
    }
}
