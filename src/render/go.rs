//! How Go writes and reads scalars: the native half must print what `printf "%v"`, `quote` and `toJson` print.

use std::fmt::Write as _;

use super::value::Value;

/// `printf "%v"` of a float64: shortest digits, with an exponent from seven integer digits on (`1e+06`).
pub(crate) fn float(value: f64) -> String {
    if value == 0.0 {
        return if value.is_sign_negative() { "-0".into() } else { "0".into() };
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    with_exponent(digits, exponent, 2)
}

/// A float64 as `encoding/json` writes it.
pub(crate) fn json_float(value: f64) -> String {
    if value == 0.0 {
        return if value.is_sign_negative() { "-0".into() } else { "0".into() };
    }
    if value.abs() >= 1e-6 && value.abs() < 1e21 {
        return format!("{value}");
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    // Go cleans e-09 to e-9, and leaves e+21 alone.
    with_exponent(digits, exponent.parse().unwrap_or(0), 1)
}

fn with_exponent(digits: &str, exponent: i32, width: usize) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:0width$}", exponent.abs())
}

/// `printf "%v"`: sprig's `strval` of anything.
pub(crate) fn display(value: &Value) -> String {
    let mut out = String::new();
    write_display(value, &mut out);
    out
}

fn write_display(value: &Value, out: &mut String) {
    match value {
        Value::Nil => out.push_str("<nil>"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => {
            let _ = write!(out, "{value}");
        }
        Value::Float(value) => out.push_str(&float(*value)),
        Value::Str(value) => out.push_str(value),
        Value::List(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push(' ');
                }
                write_display(item, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push_str("map[");
            for (position, (key, item)) in map.iter().enumerate() {
                if position > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                write_display(item, out);
            }
            out.push(']');
        }
    }
}

/// The text of a value where text is wanted: nothing for nil, else `printf "%v"`.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Nil => String::new(),
        value => display(value),
    }
}

/// Double-quoted text that YAML 1.1, YAML 1.2 and JSON read alike.
pub(crate) fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Not printable for YAML, or a line break for YAML 1.1.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// What happens to `<`, `>` and `&`: Helm's `toJson` escapes them, `toRawJson` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Html {
    Escaped,
    Plain,
}

/// Helm's `toJson` and `toRawJson`: sorted keys, numbers as `encoding/json` writes them.
pub(crate) fn write_json(value: &Value, html: Html, out: &mut String) {
    match value {
        Value::Nil => out.push_str("null"),
        Value::Float(value) => out.push_str(&json_float(*value)),
        Value::Bool(_) | Value::Int(_) => write_display(value, out),
        Value::Str(text) => write_json_string(text, html, out),
        Value::List(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                write_json(item, html, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (position, (key, item)) in map.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                write_json_string(key, html, out);
                out.push(':');
                write_json(item, html, out);
            }
            out.push('}');
        }
    }
}

fn write_json_string(text: &str, html: Html, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' if html == Html::Plain => out.push(c),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Sprig's `int64`.
pub(crate) fn int(value: &Value) -> i64 {
    match value {
        Value::Int(value) => *value,
        Value::Float(value) => truncate(*value),
        Value::Bool(value) => i64::from(*value),
        Value::Str(text) => parse_int(text),
        Value::Nil | Value::List(_) | Value::Map(_) => 0,
    }
}

/// Go's conversion on amd64: what does not fit becomes the smallest integer.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "the bounds are checked first")]
fn truncate(value: f64) -> i64 {
    if value >= i64::MIN as f64 && value < i64::MAX as f64 { value as i64 } else { i64::MIN }
}

/// `strconv.ParseInt(text, 0, 64)` after cutting off `.000`; 0 when it is no number.
fn parse_int(text: &str) -> i64 {
    let text = match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => whole,
        _ => text,
    };
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits, prefixed) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..], true),
        [b'0', b'b', ..] => (2, &lower[2..], true),
        [b'0', b'o', ..] => (8, &lower[2..], true),
        [b'0', _, ..] => (8, &lower[1..], true),
        _ => (10, lower.as_str(), false),
    };
    // Underscores only between digits, or between the base prefix and a digit.
    let bytes = digits.as_bytes();
    let misplaced = bytes.last() == Some(&b'_')
        || bytes.windows(2).any(|pair| pair == b"__")
        || (!prefixed && bytes.first() == Some(&b'_'));
    let digits: String = digits.chars().filter(|c| *c != '_').collect();
    if misplaced || digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return 0;
    }
    let signed = if negative { format!("-{digits}") } else { digits };
    i64::from_str_radix(&signed, radix).unwrap_or(0)
}

/// `strings.ToLower`: one character for one character.
pub(crate) fn lower(text: &str) -> String {
    text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}

/// `path.Base`.
pub(crate) fn base(text: &str) -> &str {
    if text.is_empty() {
        return ".";
    }
    let trimmed = text.trim_end_matches('/');
    if trimmed.is_empty() {
        return "/";
    }
    trimmed.rsplit('/').next().unwrap_or(trimmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        for (value, plain, json) in [
            (0.0, "0", "0"),
            (1.0, "1", "1"),
            (123_456.0, "123456", "123456"),
            (1_000_000.0, "1e+06", "1000000"),
            (1_234_567.0, "1.234567e+06", "1234567"),
            (0.5, "0.5", "0.5"),
            (1e-5, "1e-05", "0.00001"),
            (1e-7, "1e-07", "1e-7"),
            (1e21, "1e+21", "1e+21"),
            (-12.25, "-12.25", "-12.25"),
        ] {
            assert_eq!((float(value).as_str(), json_float(value).as_str()), (plain, json));
        }
    }

    #[test]
    fn text_becomes_an_integer_as_in_go() {
        for (text, number) in [
            ("12", 12),
            ("-3", -3),
            ("010", 8),
            ("0x1F", 31),
            ("1_000", 1000),
            ("_1", 0),
            ("5.0", 5),
            ("5.5", 0),
            ("x", 0),
            ("", 0),
            ("0", 0),
            ("08", 0),
            ("0_7", 7),
            ("9223372036854775808", 0),
        ] {
            assert_eq!(parse_int(text), number, "{text}");
        }
    }
}
