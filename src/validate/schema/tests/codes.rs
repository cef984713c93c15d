use serde_json::{Value, json};

use super::{NONE, findings};
use crate::diagnostics::Code;
use crate::source::{Node, Origin, Path, SourceKind, Sources, Style, Value as Data};
use crate::validate::schema::{RULES, check};

fn values() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "gateway": { "$ref": "#/definitions/Gateway" },
            "hosts": { "type": "object", "additionalProperties": { "$ref": "#/definitions/HostGroup" },
                       "propertyNames": { "pattern": "^[a-z][a-z0-9-]*$", "maxLength": 8,
                                          "x-pattern-says": "a DNS label: lower-case letters, digits and `-`" } },
            "operator": { "$ref": "#/definitions/Pod" },
            "image": { "type": "object", "additionalProperties": false, "properties": {
                "tag": { "type": ["string", "null"] }, "pullPolicy": { "enum": ["Always", "IfNotPresent", "Never"] },
                "pullSecrets": { "type": "array", "items": { "$ref": "#/definitions/Secret" } } } },
        },
        "definitions": {
            "Gateway": { "type": "object", "additionalProperties": false, "properties": {
                "enabled": { "type": "boolean" },
                "port": { "type": "integer", "minimum": 1, "maximum": 65535 },
                "weight": { "type": "number", "exclusiveMinimum": 0 },
                "name": { "type": "string", "maxLength": 5 },
                "domain": { "type": "string", "pattern": "^[a-z.]+$" },
                "alias": { "type": "string", "pattern": "^[a-z]+$", "errorMessage": "only lower-case letters" },
                "modes": { "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": 3, "uniqueItems": true } } },
            "Pod": { "type": "object", "additionalProperties": false, "properties": {
                "replicas": { "type": "integer" },
                "tolerations": { "type": "array", "items": { "type": "object" } },
                "env": { "type": "object", "additionalProperties": { "type": "string" } },
                "networking": { "type": "object", "title": "Networking", "additionalProperties": false,
                                "properties": { "socketEgress": { "type": "string" } } } } },
            "HostGroup": { "allOf": [{ "$ref": "#/definitions/Pod" }] },
            "Secret": { "type": "object", "additionalProperties": false, "required": ["name"],
                        "properties": { "name": { "type": "string" } } },
        },
    })
}

#[test]
fn cw0201_wrong_type_and_what_to_write() {
    let text = "gateway:\n  enabled: \"false\"\n  port: \"9191\"\n  weight: '0.5'\n  modes: fast\nhosts: []\n";
    assert_eq!(
        findings(&values(), text),
        [
            "CW0201 2:12 gateway.enabled: expected a boolean, found a string | write `false` without quotes",
            "CW0201 3:9 gateway.port: expected an integer, found a string | write `9191` without quotes",
            "CW0201 4:11 gateway.weight: expected a number, found a string | write `0.5` without quotes",
            "CW0201 5:10 gateway.modes: expected a list, found a string | write a list: `- fast`",
            "CW0201 6:8 hosts: expected a map, found a list",
        ]
    );
    assert_eq!(
        findings(&values(), "gateway: {port: 1.5}\nimage:\n  pullSecrets:\n    - regcred\n"),
        [
            "CW0201 1:17 gateway.port: expected an integer, found a number",
            "CW0201 4:7 image.pullSecrets[0]: expected a map, found a string | write `name: regcred`",
        ]
    );
    assert_eq!(
        findings(&values(), "image: {pullSecrets: regcred}\n"),
        ["CW0201 1:22 image.pullSecrets: expected a list, found a string | write a list: `- name: regcred`"]
    );
}

#[test]
fn cw0202_not_one_of() {
    assert_eq!(
        findings(&values(), "image:\n  pullPolicy: always\n"),
        [
            "CW0202 2:15 image.pullPolicy: `always` is not one of `Always`, `IfNotPresent`, `Never` | did you mean `Always`?"
        ]
    );
}

#[test]
fn cw0203_in_the_schemas_own_words() {
    assert_eq!(
        findings(&values(), "gateway:\n  domain: A\n  alias: B\nhosts:\n  Edge_1: {}\n"),
        [
            "CW0203 2:11 gateway.domain: `A` does not match `^[a-z.]+$`",
            "CW0203 3:10 gateway.alias: `B`: only lower-case letters",
            "CW0203 5:3 hosts.Edge_1: `Edge_1` must be a DNS label: lower-case letters, digits and `-`",
        ]
    );
}

#[test]
fn cw0204_points_at_the_key_and_names_what_was_meant() {
    let text = "image:\n  pull_policy: Always\noperator:\n  networking:\n    socketEgres: x\nzzz: 1\n";
    assert_eq!(
        findings(&values(), text),
        [
            "CW0204 2:3 image.pull_policy: unknown key `pull_policy` in `image` | did you mean `pullPolicy`?",
            "CW0204 5:5 operator.networking.socketEgres: unknown key `socketEgres` in `operator.networking` | did you mean `socketEgress`?",
            "CW0204 6:1 zzz: unknown key `zzz`",
        ]
    );
}

#[test]
fn cw0204_says_where_a_key_belongs() {
    assert_eq!(
        findings(&values(), "hosts:\n  tolerations:\n    - key: spot\n"),
        ["CW0204 2:3 hosts.tolerations: unknown key `tolerations` in `hosts` | known as `hosts.<name>.tolerations`"]
    );
    // A map that could be a group, but whose keys make sense only as the setting.
    assert_eq!(
        findings(&values(), "hosts:\n  env:\n    A: x\n    B: y\n"),
        ["CW0204 2:3 hosts.env: unknown key `env` in `hosts` | known as `hosts.<name>.env`"]
    );
    assert_eq!(
        findings(&values(), "hosts:\n  edge:\n    networking:\n      replicas: 2\n"),
        [
            "CW0204 4:7 hosts.edge.networking.replicas: unknown key `replicas` in `hosts.edge.networking` | known as `hosts.edge.replicas`"
        ]
    );
    assert_eq!(findings(&values(), "hosts:\n  env:\n    replicas: 2\n"), NONE, "a group may be called `env`");
    // Values of another chart, whose keys have counterparts.
    assert_eq!(
        findings(&values(), "runtime:\n  tolerations: []\n"),
        [
            "CW0204 1:1 runtime: unknown key `runtime` | `runtime.tolerations` is known as `operator.tolerations`; for values of another chart: `chartwright import`"
        ]
    );
}

#[test]
fn cw0205_points_at_the_maps_key_or_first_character() {
    assert_eq!(
        findings(&values(), "image:\n  pullSecrets:\n    - {}\n"),
        ["CW0205 3:7 image.pullSecrets[0].name: missing key `name` in `image.pullSecrets[0]` | add `name: <text>`"]
    );
    let schema = json!({ "required": ["a"], "properties": { "a": { "required": ["b", "c"], "properties": { "b": { "type": "object" } } } } });
    assert_eq!(
        findings(&schema, "a:\n  x: 1\n"),
        [
            "CW0205 1:1 a.b: missing key `b` in `a` | add `b: {…}`",
            "CW0205 1:1 a.c: missing key `c` in `a` | add `c: …`"
        ]
    );
    assert_eq!(findings(&schema, "x: 1\n"), ["CW0205 1:1 a: missing key `a` | add `a: …`"]);
}

#[test]
fn cw0206_out_of_range() {
    assert_eq!(
        findings(&values(), "gateway:\n  port: 70000\n  weight: 0\n  name: toolong\nhosts:\n  abcdefghi: {}\n"),
        [
            "CW0206 2:9 gateway.port: `70000` is out of range: at least 1 and at most 65535",
            "CW0206 3:11 gateway.weight: `0` is out of range: more than 0",
            "CW0206 4:9 gateway.name: 7 characters are too many: at most 5",
            "CW0206 6:3 hosts.abcdefghi: 9 characters are too many: at most 8",
        ]
    );
    let openapi = json!({ "minimum": 0, "exclusiveMinimum": true, "multipleOf": 2 });
    assert_eq!(findings(&openapi, "0"), ["CW0206 1:1 : `0` is out of range: more than 0"]);
    assert_eq!(findings(&openapi, "3"), ["CW0206 1:1 : `3` is not a multiple of 2"]);
}

#[test]
fn cw0207_shows_the_source_text_in_quotes() {
    assert_eq!(
        findings(&values(), "image:\n  tag: 2.10\nhosts:\n  edge:\n    env:\n      PORT: 8080\n      TLS: off\n"),
        [
            "CW0207 2:8 image.tag: `2.10` would not survive as a string | write `\"2.10\"`",
            "CW0207 6:13 hosts.edge.env.PORT: `8080` would not survive as a string | write `\"8080\"`",
            "CW0207 7:12 hosts.edge.env.TLS: `off` would not survive as a string | write `\"off\"`",
        ]
    );
    assert_eq!(
        findings(&json!({ "enum": ["off", "system"] }), "off"),
        ["CW0207 1:1 : `off` would not survive as a string | write `\"off\"`"]
    );
}

#[test]
fn cw0208_counts_and_duplicates() {
    assert_eq!(
        findings(&values(), "gateway:\n  modes: [a, b, c, a]\n"),
        [
            "CW0208 2:3 gateway.modes: 4 items are too many: at most 3",
            "CW0208 2:20 gateway.modes[3]: this item is in the list already",
        ]
    );
    assert_eq!(
        findings(&values(), "gateway:\n  modes: []\n"),
        ["CW0208 2:3 gateway.modes: 0 items are too few: at least 1"]
    );
}

#[test]
fn a_flag_is_told_about_flags() {
    let mut sources = Sources::default();
    let source = sources.add(SourceKind::Flag, "--set-string", "gateway.enabled=false");
    let origin = Origin { source, start: 16, end: 21 };
    let node = Node::new(Data::String("false".into()), Style::Quoted, origin);
    let found = check(&json!({ "type": "boolean" }), &node, &Path::keys(["gateway", "enabled"]), &sources);
    assert_eq!(found[0].help.as_deref(), Some("use `--set` instead of `--set-string`"));
    assert_eq!(found[0].path, Some(Path::keys(["gateway", "enabled"])));
}

#[test]
fn every_code_has_its_page() {
    let codes: Vec<&str> = RULES.iter().map(|rule| rule.code.0).collect();
    assert!(codes.is_sorted(), "{codes:?}");
    assert!(RULES.iter().any(|rule| rule.code == Code("CW0204")));
    assert!(RULES.iter().all(|rule| rule.docs.contains("```yaml")));
}
