//! What is done to schemars' schema, one pass a purpose.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::{KUBERNETES, MEANINGS, ORDER, SAYS};

/// Helm carries numbers as 64-bit floats: beyond this they lose digits.
const LARGEST: i64 = (1 << 53) - 1;

const QUANTITY: &str = r"^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+|[numkMGTPE]|[KMGTPE]i)?$";

/// A definition of Kubernetes' own types.
pub(super) fn kubernetes(name: &str, definition: &mut Json) {
    shorten(definition);
    // The API takes a bare number too, and people write `cpu: 1`.
    if name.ends_with(".Quantity") {
        *definition = json!({
            "description": "A quantity, such as `100m`, `1.5` or `256Mi`.",
            "type": ["string", "integer"],
            "pattern": QUANTITY,
            SAYS: "a number and perhaps a unit: `250m`, `1.5`, `64Mi`, `2G`",
        });
    }
    if name.ends_with(".IntOrString") {
        *definition = json!({ "description": "A number, or a text such as `25%`.", "type": ["integer", "string"] });
    }
    integers(definition, &["int64"]);
}

/// A section or a choice of ours.
pub(super) fn own(definition: &mut Json) {
    choices(definition);
    integers(definition, &["int32", "int64"]);
}

/// The root is a section of ours too.
pub(super) fn own_root(schema: &mut Json) {
    if let Some(properties) = schema.get_mut("properties") {
        own(properties);
    }
}

/// Kubernetes' descriptions run to pages: the first sentence serves as a hover.
fn shorten(schema: &mut Json) {
    match schema {
        Json::Object(map) => {
            if let Some(Json::String(text)) = map.get_mut("description") {
                let end = text.find(". ").or_else(|| text.find('\n')).map_or(text.len(), |at| at + 1);
                text.truncate(end);
                let trimmed = text.trim_end().len();
                text.truncate(trimmed);
            }
            map.values_mut().for_each(shorten);
        }
        Json::Array(list) => list.iter_mut().for_each(shorten),
        _ => {}
    }
}

/// A closed choice becomes an `enum`: Helm names its values in one line, and needs five for a `oneOf` of constants.
fn choices(definition: &mut Json) {
    let Some(branches) = definition.get("oneOf").and_then(Json::as_array) else { return };
    let values: Vec<Json> = branches.iter().filter_map(|branch| branch.get("const").cloned()).collect();
    if values.len() != branches.len() {
        return;
    }
    let meaning = |branch: &Json| branch.get("description").cloned().unwrap_or_default();
    let meanings: Vec<Json> = branches.iter().map(meaning).collect();
    if let Json::Object(map) = definition {
        map.remove("oneOf");
        map.insert("type".into(), "string".into());
        map.insert("enum".into(), values.into());
        map.insert(MEANINGS.into(), meanings.into());
    }
}

/// Whether a schema takes a type, perhaps among others.
pub(super) fn is(schema: &Map<String, Json>, kind: &str) -> bool {
    match schema.get("type") {
        Some(Json::String(one)) => one == kind,
        Some(Json::Array(kinds)) => kinds.iter().any(|one| one == kind),
        _ => false,
    }
}

/// Bounds for integers of these formats; formats of numbers are no words of draft 7.
fn integers(schema: &mut Json, bounded: &[&str]) {
    match schema {
        Json::Object(map) => {
            if is(map, "integer") {
                let format = map.remove("format");
                let format = format.as_ref().and_then(Json::as_str).unwrap_or("int64");
                if bounded.contains(&format) {
                    let (least, most) = match format {
                        "int32" => (i64::from(i32::MIN), i64::from(i32::MAX)),
                        _ => (-LARGEST, LARGEST),
                    };
                    map.entry("minimum").or_insert_with(|| least.into());
                    map.entry("maximum").or_insert_with(|| most.into());
                }
            }
            map.values_mut().for_each(|value| integers(value, bounded));
        }
        Json::Array(list) => list.iter_mut().for_each(|value| integers(value, bounded)),
        _ => {}
    }
}

/// Turns the names of fields into keys; the keys of flattened types follow in their own order.
pub(super) fn order(schema: &mut Json, flattened: &[Json]) {
    let later: Vec<String> = flattened.iter().flat_map(keys_in_order).collect();
    let arrange = |section: &mut Json| {
        let mut keys = keys_in_order(section);
        let Some(properties) = section.get("properties").and_then(Json::as_object) else { return };
        let rest: Vec<String> =
            later.iter().chain(properties.keys()).filter(|key| properties.contains_key(*key)).cloned().collect();
        for key in rest {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        if let Json::Object(section) = section {
            section.insert(ORDER.into(), keys.into());
        }
    };
    arrange(schema);
    if let Some(definitions) = super::definitions(schema) {
        definitions
            .iter_mut()
            .filter(|(name, _)| !name.starts_with(KUBERNETES))
            .for_each(|(_, section)| arrange(section));
    }
}

fn keys_in_order(section: &Json) -> Vec<String> {
    let fields = section.get(ORDER).and_then(Json::as_array).into_iter().flatten();
    fields.filter_map(Json::as_str).map(|field| camel_case(field.trim_start_matches("r#"))).collect()
}

fn camel_case(field: &str) -> String {
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        name.push_str(letters.as_str());
        name
    })
}

/// Unknown keys are refused, and every key that need not be there may be null: Helm keeps a null that has no default
/// to delete, so the chart sees it.
pub(super) fn strict(schema: &mut Json) {
    let Json::Object(map) = schema else {
        if let Json::Array(list) = schema {
            list.iter_mut().for_each(strict);
        }
        return;
    };
    map.remove("default");
    lone_reference(map);
    if map.contains_key("properties") && !map.contains_key("additionalProperties") {
        map.insert("additionalProperties".into(), Json::Bool(false));
    }
    let required: Vec<String> = map
        .get("required")
        .and_then(Json::as_array)
        .map(|keys| keys.iter().filter_map(|key| key.as_str().map(Into::into)).collect())
        .unwrap_or_default();
    for (key, value) in map.iter_mut() {
        match (key.as_str(), &mut *value) {
            ("properties", Json::Object(properties)) => {
                for (name, property) in properties.iter_mut() {
                    strict(property);
                    if !required.contains(name) {
                        nullable(property);
                    }
                }
            }
            ("definitions", Json::Object(definitions)) => definitions.values_mut().for_each(strict),
            ("additionalProperties", Json::Object(_)) => {
                strict(value);
                nullable(value);
            }
            ("items" | "anyOf" | "oneOf" | "allOf", _) => strict(value),
            _ => {}
        }
    }
}

/// `allOf` around one reference only carries a description, which the reference's owner carries as well.
fn lone_reference(map: &mut Map<String, Json>) {
    let Some([Json::Object(only)]) = map.get("allOf").and_then(Json::as_array).map(Vec::as_slice) else { return };
    if map.len() == 1 {
        let only = only.clone();
        *map = only;
    }
}

/// The same schema, or null.
fn nullable(schema: &mut Json) {
    let Json::Object(map) = schema else { return };
    match map.get_mut("type") {
        Some(Json::String(one)) if one != "null" => {
            let types = json!([one, "null"]);
            map.insert("type".into(), types);
            if let Some(Json::Array(choices)) = map.get_mut("enum")
                && !choices.contains(&Json::Null)
            {
                choices.push(Json::Null);
            }
        }
        Some(Json::Array(types)) => {
            if !types.contains(&json!("null")) {
                types.push(json!("null"));
            }
        }
        Some(_) => {}
        None => {
            if let Some(Json::Array(branches)) = map.get_mut("anyOf") {
                if !branches.iter().any(|branch| branch.get("type") == Some(&json!("null"))) {
                    branches.push(json!({ "type": "null" }));
                }
            } else if map.contains_key("$ref") || map.contains_key("allOf") || map.contains_key("oneOf") {
                let description = map.remove("description");
                let mut inner = std::mem::take(map);
                lone_reference(&mut inner);
                if let Some(description) = description {
                    map.insert("description".into(), description);
                }
                map.insert("anyOf".into(), json!([inner, { "type": "null" }]));
            }
        }
    }
}

/// Takes away the definitions that nothing refers to.
pub(super) fn prune(schema: &mut Json) {
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut found = Vec::new();
    if let Some(properties) = schema.get("properties") {
        references(properties, &mut found);
    }
    while let Some(name) = found.pop() {
        if let Some(definition) = schema.get("definitions").and_then(|definitions| definitions.get(&name)) {
            let mut inside = Vec::new();
            references(definition, &mut inside);
            found.extend(inside.into_iter().filter(|inner| *inner != name && !reached.contains(inner)));
        }
        reached.insert(name);
    }
    if let Some(definitions) = super::definitions(schema) {
        definitions.retain(|name, _| reached.contains(name));
    }
}

fn references(schema: &Json, found: &mut Vec<String>) {
    match schema {
        Json::Object(map) => {
            if let Some(name) = reference(map) {
                found.push(name.to_owned());
            }
            map.values().for_each(|value| references(value, found));
        }
        Json::Array(list) => list.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

fn reference(map: &Map<String, Json>) -> Option<&str> {
    map.get("$ref").and_then(Json::as_str)?.strip_prefix("#/definitions/")
}

/// The definition that a property is made of, null aside.
fn section_of(property: &Json) -> Option<&str> {
    let map = property.as_object()?;
    let branches = map.get("anyOf").and_then(Json::as_array).into_iter().flatten();
    reference(map).or_else(|| branches.filter_map(Json::as_object).find_map(reference))
}

/// A section and a key of it; the default it has wherever the section is used, none when it differs.
type Found = BTreeMap<(String, String), Option<Json>>;

/// Writes the default of each scalar and list beside its key, for editors, where it is the same for every use of
/// the section that has defaults at all.
pub(super) fn defaults(schema: &mut Json, defaults: &Json) {
    let mut found = Found::new();
    collect(schema, None, defaults, &mut found);
    for ((section, key), default) in found {
        let Some(default) = default else { continue };
        let place =
            if section.is_empty() { "/properties".to_owned() } else { format!("/definitions/{section}/properties") };
        if let Some(Json::Object(property)) = schema.pointer_mut(&place).and_then(|properties| properties.get_mut(&key))
        {
            property.insert("default".into(), default);
        }
    }
}

fn collect(schema: &Json, section: Option<&str>, defaults: &Json, found: &mut Found) {
    let body = section.map_or(Some(schema), |name| schema.get("definitions")?.get(name));
    let Some(properties) = body.and_then(|body| body.get("properties")).and_then(Json::as_object) else { return };
    let Some(defaults) = defaults.as_object().filter(|defaults| !defaults.is_empty()) else { return };
    for (key, property) in properties {
        let default = defaults.get(key);
        if let (Some(inner), Some(default)) = (section_of(property), default)
            && default.is_object()
        {
            collect(schema, Some(inner), default, found);
            continue;
        }
        let default = default.filter(|default| !default.is_object()).cloned();
        let place = (section.unwrap_or_default().to_owned(), key.clone());
        found
            .entry(place)
            .and_modify(|known| *known = known.take().filter(|known| Some(known) == default.as_ref()))
            .or_insert(default);
    }
}

/// Takes keywords out of a schema; keys of values that have the same name stay.
pub(super) fn drop_keywords(schema: &mut Json, keywords: &[&str]) {
    match schema {
        Json::Object(map) => {
            map.retain(|keyword, _| !keywords.contains(&keyword.as_str()));
            for (keyword, value) in map.iter_mut() {
                match (keyword.as_str(), value) {
                    ("properties" | "patternProperties" | "definitions", Json::Object(named)) => {
                        named.values_mut().for_each(|schema| drop_keywords(schema, keywords));
                    }
                    ("enum" | "const" | "default" | "required", _) => {}
                    (_, value) => drop_keywords(value, keywords),
                }
            }
        }
        Json::Array(list) => list.iter_mut().for_each(|schema| drop_keywords(schema, keywords)),
        _ => {}
    }
}

/// A probe is a switch of ours among Kubernetes' fields.
pub(super) fn drop_flattened_descriptions(probe: &mut Json) {
    let Some(Json::Object(properties)) = probe.get_mut("properties") else { return };
    for (_, property) in properties.iter_mut().filter(|(key, _)| *key != "enabled") {
        drop_keywords(property, &["description"]);
    }
}
