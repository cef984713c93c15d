//! Our verdict is another validator's, on generated documents.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::findings;

/// Between them they use every keyword that is understood.
fn schemas() -> Vec<Value> {
    vec![
        json!({ "type": "object", "additionalProperties": false, "required": ["a"], "properties": {
            "a": { "type": ["integer", "null"], "minimum": 0, "exclusiveMaximum": 3 },
            "b": { "type": "string", "pattern": "^[xy]*$", "minLength": 1, "maxLength": 2 },
            "c": { "enum": ["x", 1, null, true] } } }),
        json!({ "patternProperties": { "^[ab]$": { "type": "number", "multipleOf": 2 } },
            "additionalProperties": { "type": "array", "items": { "$ref": "#/definitions/i" }, "minItems": 1, "maxItems": 2, "uniqueItems": true },
            "minProperties": 1, "maxProperties": 2, "propertyNames": { "pattern": "^[abc]$" },
            "definitions": { "i": { "type": "integer" } } }),
        json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": [{ "type": "integer" }], "additionalItems": { "type": "string" } },
            { "type": "object", "properties": { "a": { "const": "x" }, "b": { "type": "integer" } }, "required": ["a", "b"] },
            { "type": "object", "properties": { "a": { "const": "y" } }, "required": ["a"] }] }),
        json!({ "oneOf": [{ "required": ["a"] }, { "required": ["b"] }], "allOf": [{ "properties": { "a": { "type": "integer" } } },
            { "type": "object", "additionalProperties": { "anyOf": [{ "type": "integer" }, { "oneOf": [{ "const": "x" }, { "const": "y" }] }] } }] }),
        json!({ "type": "array", "items": { "oneOf": [{ "type": "integer", "minimum": 2 }, { "type": "number", "maximum": 1 }, { "type": "boolean" }] } }),
        json!({ "properties": { "a": false, "b": true, "c": { "exclusiveMinimum": 1, "maximum": 2 } } }),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-1_i64..5).prop_map(Value::from),
        Just(json!(1.5)),
        Just(json!(2.0)),
        "[xyz]{0,3}".prop_map(Value::from),
    ];
    scalar.prop_recursive(2, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[abcd]", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn we_refuse_what_another_validator_refuses(document in document()) {
        for schema in schemas() {
            // JSON is YAML; the keys and strings are quoted.
            let ours = findings(&schema, &document.to_string());
            let theirs = jsonschema::draft7::is_valid(&schema, &document);
            prop_assert_eq!(ours.is_empty(), theirs, "{} against {}: {:?}", document, schema, ours);
        }
    }
}
