use proptest::prelude::*;
use serde_json::json;

use super::super::parse::parse_rendered;
use super::super::parse_plain;
use super::super::plain::read_simple;

const MANIFEST: &str = r#"---
# Source: chart/templates/x.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: "x"   # a comment
  labels: {}
  annotations:
    empty:
    'it''s': "a\nb"
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: a
        args: ["--a=b", "c", 1]
        env:
        - name: A
          value: |
            one
              two

            three
        -
          name: B
          value: |-
            x
      - - 1
        - 2.5
      - null
      - plain text # with a comment
      - http://x:80/y
  last: true
"#;

#[test]
fn what_templates_write_is_read_the_quick_way() {
    let expected = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "x", "labels": {}, "annotations": {"empty": null, "it's": "a\nb"}},
        "spec": {"replicas": 2, "last": true, "template": {"spec": {"containers": [
            {"name": "a", "args": ["--a=b", "c", 1], "env": [
                {"name": "A", "value": "one\n  two\n\nthree\n"}, {"name": "B", "value": "x"}]},
            [1, 2.5], null, "plain text", "http://x:80/y"]}}},
    });
    assert_eq!(read_simple(MANIFEST).as_ref(), Some(&expected));
    assert_eq!(parse_rendered(MANIFEST).as_ref(), Ok(&expected));
}

#[test]
fn the_rest_of_yaml_is_read_the_slow_way() {
    assert!(parse_plain("a: &x {b: >-\n  c\n  d}\n").is_err());
    assert_eq!(
        parse_plain("a: &x {b: 1}\nc: *x\nd: two\n  lines\n"),
        Ok(json!({"a": {"b": 1}, "c": {"b": 1}, "d": "two lines"}))
    );
    assert_eq!(parse_plain("# nothing\n"), Ok(serde_json::Value::Null));
    assert_eq!(parse_plain("d: 2024-01-31\ne: 1:30\nf: =\n"), Ok(json!({"d": "2024-01-31", "e": "1:30", "f": "="})));
    assert_eq!(
        parse_plain("a:\n  b: off\n"),
        Err("line 2, column 6: `off` is `false` to Helm (YAML 1.1), but text to YAML 1.2".into())
    );
    assert!(parse_plain("a: 1\na: 2\n").unwrap_err().contains("twice"));
    assert!(parse_plain("a: 1\n---\nb: 2\n").unwrap_err().contains("second document"));
}

fn line() -> impl Strategy<Value = String> {
    let start = prop_oneof![
        4 => Just(""), 3 => Just("- "), 2 => Just("a: "), 2 => Just("b: "), 2 => Just("c:"), 1 => Just("-"), 1 => Just("- a: "),
        1 => Just("- - "), 1 => Just("- c:"), 1 => Just("\"q\": "), 1 => Just("'q' : "), 1 => Just("? "), 1 => Just("a : "),
    ];
    let rest = prop_oneof![
        6 => Just(String::new()),
        3 => prop::sample::select(vec![
            "x", "1", "1.5", "true", "off", "\"q\\n\" # c", "'it''s'", "|", "|-", "|+", ">", "{}", "[]", "[\"a\", 1]", "[a]",
            "{\"a\": 1}", "{\"a\": {\"b\": [x, y-z]}, \"c\": [\"d\", 1.5] }", "[[a], {}, ~, off] # c", "{\"a\": 1, \"a\": 2}", "[a, b", "[-, .]", "[a b, c]", "# c", "x # c", "x#c", "a: b", "a:b", "x:", "*a", "&a", "---", "...", "\"open", "é", "~", "-1", "- x",
            "0755", "<<: 1", "x\ty", " x ", "1_0", "\"\\x41\"", "!!str 1", ".5", "[\"a\",]", "\u{85}", "'a' b", "\"a\"#",
        ]).prop_map(str::to_owned),
        1 => "[-a:,#'\"\\[\\]{}|> ]{0,8}",
    ];
    (0..6_usize, start, rest).prop_map(|(indent, start, rest)| format!("{}{start}{rest}\n", " ".repeat(indent)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]
    #[test]
    fn the_quick_way_never_disagrees_with_the_slow_one(lines in prop::collection::vec(line(), 1..9), cut in any::<bool>()) {
        let mut text = lines.concat();
        if cut {
            text.pop();
        }
        if let Some(value) = read_simple(&text) {
            prop_assert_eq!(parse_rendered(&text), Ok(value), "{:?}", text);
        }
    }
}
