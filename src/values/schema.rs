//! The JSON Schema of the values, draft 7, made from the types.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json, json};

use super::{Values, defaults};

/// The schema: strict at every depth, null allowed wherever it may stand for "not set", defaults written in.
pub fn schema() -> Json {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = Json::from(generator.into_root_schema_for::<Values>());
    if let Some(definitions) = schema.get_mut("definitions").and_then(Json::as_object_mut) {
        for (name, definition) in definitions.iter_mut() {
            if name.starts_with("io.k8s.") {
                shorten(definition);
            }
            match name.as_str() {
                // The API takes a bare number too, and people write `cpu: 1`.
                "io.k8s.apimachinery.pkg.api.resource.Quantity" => *definition = quantity(),
                _ => {}
            }
        }
    }
    strict(&mut schema);
    names(&mut schema);
    describe_defaults(&mut schema, &Json::Object(defaults()));
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".into(), "Values of chartwright".into());
    }
    schema
}

fn quantity() -> Json {
    json!({
        "description": "A quantity, such as `100m`, `1.5` or `256Mi`.",
        "type": ["string", "integer"],
        "pattern": r"^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+|[numkMGTPE]|[KMGTPE]i)?$",
        "x-pattern-says": "a number and perhaps a unit: `250m`, `1.5`, `64Mi`, `2G`",
    })
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

/// Unknown keys are refused, and every key that need not be there may be null: Helm keeps a null that has no default
/// to delete, so the chart sees it.
fn strict(schema: &mut Json) {
    let Json::Object(map) = schema else {
        if let Json::Array(list) = schema {
            list.iter_mut().for_each(strict);
        }
        return;
    };
    map.remove("default");
    if let Some(Json::String(format)) = map.get("format")
        && format.starts_with("int")
    {
        map.remove("format");
    }
    if map.contains_key("properties") && !map.contains_key("additionalProperties") {
        map.insert("additionalProperties".into(), Json::Bool(false));
    }
    let required: Vec<String> = map
        .get("required")
        .and_then(Json::as_array)
        .map(|keys| keys.iter().filter_map(|key| key.as_str().map(Into::into)).collect())
        .unwrap_or_default();
    for (key, value) in map.iter_mut() {
        if key == "properties" {
            if let Json::Object(properties) = value {
                for (name, property) in properties.iter_mut() {
                    strict(property);
                    if !required.contains(name) {
                        nullable(property);
                    }
                }
            }
        } else if key == "additionalProperties" {
            strict(value);
            if value.is_object() {
                nullable(value);
            }
        } else if matches!(key.as_str(), "definitions" | "items" | "anyOf" | "oneOf" | "allOf") {
            if key == "definitions"
                && let Json::Object(definitions) = value
            {
                definitions.values_mut().for_each(strict);
            } else {
                strict(value);
            }
        }
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
                let inner = Json::Object(std::mem::take(map));
                let mut outer = Map::new();
                if let Some(description) = description {
                    outer.insert("description".into(), description);
                }
                outer.insert("anyOf".into(), json!([inner, { "type": "null" }]));
                *map = outer;
            }
        }
    }
}

/// Names that become part of object names.
fn names(schema: &mut Json) {
    for key in ["hosts", "routes", "workloadAutoscalers"] {
        if let Some(Json::Object(map)) = schema.pointer_mut(&format!("/properties/{key}"))
            && let Some(value) = map.remove("additionalProperties")
        {
            map.insert("additionalProperties".into(), Json::Bool(false));
            map.insert("patternProperties".into(), json!({ "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$": value }));
        }
    }
}

/// Writes the default of each scalar and list beside its key, for editors.
fn describe_defaults(schema: &mut Json, defaults: &Json) {
    let Json::Object(defaults) = defaults else { return };
    for (key, value) in defaults {
        let Some(property) = schema.pointer_mut(&format!("/properties/{key}")) else { continue };
        if let (Json::Object(property), false) = (&mut *property, value.is_object()) {
            property.insert("default".into(), value.clone());
        }
    }
}
