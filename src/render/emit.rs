//! Writes manifests as YAML that YAML 1.1 and 1.2 read alike: quoted unless plainly a word, literal blocks where safe.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::go::write_quoted;

/// Keys that come before the others, in this order.
const TOP: [&str; 3] = ["apiVersion", "kind", "metadata"];
const METADATA: [&str; 4] = ["name", "namespace", "labels", "annotations"];

/// Writes a value as a YAML document without `---`; ends with a newline.
pub fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    write_yaml(value, &mut out);
    out
}

/// Appends a value as a YAML document without `---`; ends with a newline.
pub fn write_yaml(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => write_map(map, &TOP, 0, false, out),
        Value::Array(items) if !items.is_empty() => write_list(items, 0, false, out),
        scalar => {
            write_scalar(scalar, 2, out);
            out.push('\n');
        }
    }
}

/// `inline`: the first key stands on a line that is already indented (after `- `).
fn write_map(map: &Map<String, Value>, first: &[&str], indent: usize, inline: bool, out: &mut String) {
    let leading = first.iter().filter_map(|key| map.get_key_value(*key));
    let rest = map.iter().filter(|(key, _)| !first.contains(&key.as_str()));
    for (position, (key, value)) in leading.chain(rest).enumerate() {
        if position > 0 || !inline {
            pad(indent, out);
        }
        write_string(key, out);
        out.push(':');
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                out.push('\n');
                let first: &[&str] = if key == "metadata" { &METADATA } else { &[] };
                write_map(inner, first, indent + 2, false, out);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                write_list(items, indent, false, out);
            }
            scalar => {
                out.push(' ');
                write_scalar(scalar, indent + 2, out);
                out.push('\n');
            }
        }
    }
}

fn write_list(items: &[Value], indent: usize, inline: bool, out: &mut String) {
    for (position, item) in items.iter().enumerate() {
        if position > 0 || !inline {
            pad(indent, out);
        }
        out.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => write_map(map, &[], indent + 2, true, out),
            Value::Array(inner) if !inner.is_empty() => write_list(inner, indent + 2, true, out),
            scalar => {
                write_scalar(scalar, indent + 2, out);
                out.push('\n');
            }
        }
    }
}

/// A scalar or empty collection, without a newline at the end.
fn write_scalar(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => write_number(number, out),
        Value::String(text) if is_block(text) => write_block(text, indent, out),
        Value::String(text) => write_string(text, out),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

/// YAML 1.1 wants a dot and a sign in front of the exponent.
fn write_number(number: &serde_json::Number, out: &mut String) {
    let text = number.to_string();
    match text.split_once('e') {
        None => out.push_str(&text),
        Some((mantissa, exponent)) => {
            out.push_str(mantissa);
            if !mantissa.contains('.') {
                out.push_str(".0");
            }
            out.push('e');
            if !exponent.starts_with(['+', '-']) {
                out.push('+');
            }
            out.push_str(exponent);
        }
    }
}

fn write_string(text: &str, out: &mut String) {
    if is_plain(text) { out.push_str(text) } else { write_quoted(text, out) }
}

fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    (first.is_ascii_alphabetic() || matches!(first, b'/' | b'_'))
        && *last != b':'
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'/' | b':' | b'@' | b'-'))
        && !is_word(text)
}

/// What some YAML reader takes for a boolean, null or number.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 11] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"];
    text.len() <= 5 && WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Several lines that survive as a literal block: nothing to escape, no space a reader or editor would lose.
fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    body.contains('\n')
        && !body.starts_with([' ', '\n'])
        && !body.ends_with('\n')
        && body.lines().all(|line| !line.ends_with(' '))
        && !text.chars().any(|c| (c.is_control() && c != '\n') || is_odd(c))
}

/// Line breaks of YAML 1.1, the byte order mark, and what YAML does not allow in a text.
const fn is_odd(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn write_block(text: &str, indent: usize, out: &mut String) {
    out.push_str(if text.ends_with('\n') { "|" } else { "|-" });
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            pad(indent, out);
            let _ = out.write_str(line);
        }
    }
}

fn pad(width: usize, out: &mut String) {
    for _ in 0..width {
        out.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn looks_as_kubectl_writes_it() {
        let object = json!({
            "spec": {"b": [{"name": "x", "args": ["--a", "yes", "1"]}, [1, [2]], {}], "a": 1.5, "empty": []},
            "kind": "Deployment", "apiVersion": "apps/v1",
            "metadata": {"labels": {"on": "off", "app.kubernetes.io/name": "x"}, "name": "x:y"},
            "data": {"conf": "a: 1\n\nb: 2\n", "tail": "a\nb", "odd": "a \nb", "url": "nats://n:4222", "end": "a:"},
        });
        let expected = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: x:y
  labels:
    app.kubernetes.io/name: x
    "on": "off"
data:
  conf: |
    a: 1

    b: 2
  end: "a:"
  odd: "a \nb"
  tail: |-
    a
    b
  url: nats://n:4222
spec:
  a: 1.5
  b:
  - args:
    - --a
    - "yes"
    - "1"
    name: x
  - - 1
    - - 2
  - {}
  empty: []
"#;
        // `--a` does not start with a letter.
        assert_eq!(to_yaml(&object), expected.replace("- --a", "- \"--a\""));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            "[ -~\n\t]{0,12}",
            "\\PC{0,6}",
            "[a-z]{1,4}(\n[ a-z]{0,4}){0,3}\n?",
            Just("yes".to_owned()),
            Just("1e3".to_owned()),
            Just("0x1F".to_owned()),
            Just("\u{2028}\u{feff}\u{7f}\u{85}".to_owned()),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            (-1e30..1e30f64).prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(text.clone(), inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_reader_gets_back_what_was_written(value in any_json()) {
            let text = to_yaml(&value);
            let read = crate::render::text::parse(&text).map(|read| read.to_json());
            let wanted = crate::render::value::Value::from_json(&value).to_json();
            prop_assert_eq!(read, Ok(wanted), "{}", text);
        }
    }
}
