use serde_json::{Value, json};

use super::{NONE, findings};

#[test]
fn a_documented_enum_is_one_list_of_values() {
    // As schemars writes an enum whose variants have doc comments, wrapped in an `Option`.
    let schema = json!({ "anyOf": [{ "$ref": "#/$defs/Mode" }, { "type": "null" }],
        "$defs": { "Mode": { "oneOf": [
            { "description": "x", "type": "string", "const": "bundled" },
            { "type": "string", "enum": ["external", "leaf"] } ] } } });
    assert_eq!(
        findings(&schema, "extrenal"),
        ["CW0202 1:1 : `extrenal` is not one of `bundled`, `external`, `leaf` | did you mean `external`?"]
    );
    assert_eq!(findings(&schema, "leaf"), NONE);
    assert_eq!(findings(&schema, "null"), NONE);
}

fn auth() -> Value {
    json!({ "oneOf": [
        { "type": "object", "required": ["type"], "additionalProperties": false,
          "properties": { "type": { "const": "none" } } },
        { "type": "object", "required": ["type", "secretName"], "additionalProperties": false,
          "properties": { "type": { "const": "credentials" }, "secretName": { "type": "string" } } },
    ] })
}

#[test]
fn the_discriminator_chooses_the_branch() {
    assert_eq!(
        findings(&auth(), "type: credentials\nsecretNam: x\n"),
        [
            "CW0204 2:1 secretNam: unknown key `secretNam` | did you mean `secretName`?",
            "CW0205 1:1 secretName: missing key `secretName` | add `secretName: <text>`",
        ]
        .into_iter()
        .rev()
        .collect::<Vec<_>>()
    );
    assert_eq!(
        findings(&auth(), "type: credential\nsecretName: x\n"),
        ["CW0202 1:7 type: `credential` is not one of `none`, `credentials` | did you mean `credentials`?"]
    );
    assert_eq!(findings(&auth(), "type: none\n"), NONE);
}

#[test]
fn without_a_discriminator_the_type_decides_and_then_the_fewest_findings() {
    let env = json!({ "anyOf": [
        { "type": "string" },
        { "type": "object", "required": ["valueFrom"], "additionalProperties": false,
          "properties": { "valueFrom": { "type": "object" } } },
        { "type": "object", "required": ["secret", "key"], "additionalProperties": false,
          "properties": { "secret": { "type": "string" }, "key": { "type": "string" } } },
        { "type": "null" } ] });
    assert_eq!(findings(&env, "8080"), ["CW0207 1:1 : `8080` would not survive as a string | write `\"8080\"`"]);
    assert_eq!(findings(&env, "[a]"), ["CW0201 1:1 : expected a string or a map, found a list"]);
    assert_eq!(findings(&env, "secret: a\nkey: b\n"), NONE);
    assert_eq!(
        findings(&env, "secret: a\nkey: 1\n"),
        ["CW0207 2:6 key: `1` would not survive as a string | write `\"1\"`"]
    );
}

#[test]
fn alternatives_are_named() {
    let schema = |keyword: &str| json!({ "type": "object", keyword: [{ "required": ["a"] }, { "required": ["b"] }] });
    assert_eq!(findings(&schema("anyOf"), "c: 1"), ["CW0205 1:1 : one of `a` or `b` is needed"]);
    assert_eq!(findings(&schema("anyOf"), "a: 1\nb: 1"), NONE);
    assert_eq!(findings(&schema("oneOf"), "a: 1\nb: 1"), ["CW0208 1:1 : only one of `a` or `b` may be given"]);
}

#[test]
fn flattened_parts_count_as_known() {
    let schema = json!({ "unevaluatedProperties": false, "properties": { "name": { "type": "string" } },
        "allOf": [{ "properties": { "image": { "type": "string" } } }], "oneOf": auth()["oneOf"].as_array().unwrap().iter().map(|branch| {
            let mut branch = branch.clone();
            branch.as_object_mut().unwrap().remove("additionalProperties");
            branch
        }).collect::<Value>() });
    assert_eq!(findings(&schema, "name: a\nimage: b\ntype: credentials\nsecretName: c\n"), NONE);
    assert_eq!(
        findings(&schema, "name: a\nimages: b\ntype: none\n"),
        ["CW0204 2:1 images: unknown key `images` | did you mean `image`?"]
    );
}

#[test]
fn a_schema_that_refers_to_itself_ends() {
    let schema = json!({ "$ref": "#/$defs/A", "$defs": { "A": { "anyOf": [{ "$ref": "#/$defs/A" }, { "type": "string" }] },
        "B": { "$ref": "#/$defs/B" } }, "allOf": [{ "$ref": "#/$defs/B" }] });
    assert_eq!(findings(&schema, "x"), NONE);
}
