//! Reads the YAML that a macro wrote. Only what every YAML version reads alike is accepted.
//!
//! Nearly all of it is of the plain kind that [`source::read_simple`] takes in one pass; the rest, such as a label given
//! twice, goes through the parser.

use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle};

use super::value::{Map, Value};
use crate::source;

/// Reads one document.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    if let Some(simple) = source::read_simple(text) {
        return Ok(Value::from_json(&simple));
    }
    let mut reader = Reader { parser: Parser::new_from_str(text), text };
    loop {
        match reader.next()?.0 {
            Event::StreamStart | Event::DocumentStart(..) => {}
            Event::StreamEnd => return Ok(Value::Nil),
            event => return reader.node(event, 0),
        }
    }
}

struct Reader<'t> {
    parser: Parser<'t, granit_parser::StrInput<'t>>,
    text: &'t str,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, usize), String> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, span.start.line())),
            Some(Err(err)) => Err(format!("a template made text that is no YAML: {err}\n{}", self.text)),
            None => Err("a template made text that ends too early".into()),
        }
    }

    fn node(&mut self, event: Event<'t>, line: usize) -> Result<Value, String> {
        match event {
            Event::Scalar(text, ScalarStyle::Plain, 0, None) => plain(&text).ok_or_else(|| self.ambiguous(&text, line)),
            Event::Scalar(text, _, 0, None) => Ok(Value::str(text.as_ref())),
            Event::SequenceStart(_, 0, None) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => return Ok(Value::list(items)),
                        (event, line) => items.push(self.node(event, line)?),
                    }
                }
            }
            Event::MappingStart(_, 0, None) => {
                let mut map = Map::new();
                loop {
                    let key = match self.next()? {
                        (Event::MappingEnd, _) => return Ok(Value::map(map)),
                        (Event::Scalar(text, style, 0, None), line) => {
                            if style == ScalarStyle::Plain && !matches!(plain(&text), Some(Value::Str(_))) {
                                return Err(self.ambiguous(&text, line));
                            }
                            Arc::from(text.as_ref())
                        }
                        (other, _) => return Err(format!("a template made a key that is no text: {other:?}")),
                    };
                    let (event, line) = self.next()?;
                    let value = self.node(event, line)?;
                    // The last of two equal keys wins, as in Helm.
                    map.insert(key, value);
                }
            }
            other => Err(format!("a template made YAML with an anchor, alias or tag: {other:?}")),
        }
    }

    fn ambiguous(&self, text: &str, line: usize) -> String {
        let context = self.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        format!("a template left `{text}` unquoted, which YAML readers take for different things: `{context}`")
    }
}

/// The value of a plain scalar; `None` when YAML 1.1 and 1.2 disagree.
fn plain(text: &str) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" => Value::Nil,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ if is_number(text) => Value::Float(text.parse().ok()?),
        _ if is_risky(text) => return None,
        _ => Value::str(text),
    })
}

/// `0`, `12`, `-3`, `1.5`, `1e+21`: what JSON has.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match digits.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    all_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(all_digits)
        && exponent.is_none_or(|exponent| all_digits(exponent.trim_start_matches(['+', '-'])))
}

/// Words of YAML 1.1, and whatever begins like a number.
fn is_risky(text: &str) -> bool {
    const WORDS: [&str; 13] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", ".nan", ".inf", "<<", "="];
    let first = text.bytes().next().unwrap_or_default();
    WORDS.contains(&text.to_ascii_lowercase().as_str())
        || (first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.'))
            && text
                .bytes()
                .all(|b| b.is_ascii_hexdigit() || matches!(b, b'+' | b'-' | b'.' | b'_' | b':' | b'x' | b'o'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_what_templates_write() {
        let text =
            "a: 1\nb: [x, \"yes\"]\nc:\n  \n  \"k\": {\"d\": null}\n  e: |\n    one\n    two\nf: -1.5\ng: 80m\nh: v1\n";
        let expected = json!({"a": 1, "b": ["x", "yes"], "c": {"k": {"d": null}, "e": "one\ntwo\n"}, "f": -1.5, "g": "80m", "h": "v1"});
        assert_eq!(parse(text).unwrap().to_json(), expected);
    }

    #[test]
    fn refuses_what_readers_disagree_about() {
        for text in ["a: yes", "a: 0755", "on: 1", "a: 1_000", "a: &x 1", "a: !t 1", "<<: {}"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
