//! Rendered manifests → JSON without places, fast: rendering reads back everything that it writes.
//!
//! Templates write a small part of YAML: block maps and lists, scalars on one line, literal blocks, and now and then
//! flow collections of the simplest kind. That part is read here in one pass; whatever is outside of it, or wrong, goes to
//! the real parser, which knows all of YAML and the words for what is wrong.

use serde_json::{Map, Number, Value};

use super::build::MAX_DEPTH;
use super::faults::bad_character;
use super::parse::parse_rendered;
use super::scalar::{self, Doubt, Mode, Typed};

/// Reads one rendered document; scalars as Helm and YAML 1.2 agree on, an error where they do not.
pub fn parse_plain(text: &str) -> Result<Value, String> {
    read_simple(text).map_or_else(|| parse_rendered(text), Ok)
}

/// The document, if it is of the simple kind; none when it is not, or when anything is wrong with it.
pub fn read_simple(text: &str) -> Option<Value> {
    if text.bytes().any(|byte| matches!(byte, b'\r' | 0x7F | 0..=8 | 11..=31)) {
        return None;
    }
    let mut reader = Reader { rest: text.strip_prefix("---\n").unwrap_or(text), line: "", indent: 0, open: false };
    reader.advance();
    if !reader.open {
        return None;
    }
    let value = reader.node(0, 0)?;
    // Something follows that does not belong to it.
    if reader.open { None } else { Some(value) }
}

/// Stands at a line that has content, or behind the last one (`open` is false then).
struct Reader<'a> {
    /// What follows behind the line.
    rest: &'a str,
    /// The line from its content on.
    line: &'a str,
    /// The column of the content.
    indent: usize,
    open: bool,
}

impl<'a> Reader<'a> {
    /// To the next line with content.
    fn advance(&mut self) {
        self.open = false;
        while !self.rest.is_empty() {
            let line = self.take_line();
            let content = line.trim_start_matches(' ');
            if !content.is_empty() && !content.starts_with('#') {
                self.indent = line.len() - content.len();
                self.line = content;
                self.open = true;
                return;
            }
        }
    }

    fn take_line(&mut self) -> &'a str {
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        line
    }

    /// What begins at the line and is indented by at least `least`.
    fn node(&mut self, least: usize, depth: usize) -> Option<Value> {
        if self.indent < least || depth >= MAX_DEPTH {
            return None;
        }
        if is_item(self.line) { self.list(depth) } else { self.map(depth) }
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        let column = self.indent;
        let mut items = Vec::new();
        while self.open && self.indent == column && is_item(self.line) {
            let content = self.line[1..].trim_start_matches(' ');
            if content.is_empty() || content.starts_with('#') {
                self.advance();
                let below = self.open && self.indent > column;
                items.push(if below { self.node(column + 1, depth + 1)? } else { Value::Null });
            } else if is_item(content) || key_end(content).is_some() {
                // The item's content is a line of its own, further right.
                self.indent = column + self.line.len() - content.len();
                self.line = content;
                items.push(self.node(column + 1, depth + 1)?);
            } else {
                items.push(self.scalar(content, column)?);
            }
        }
        // A line further right continues something in a way that is not for us to explain.
        if self.open && self.indent > column { None } else { Some(Value::Array(items)) }
    }

    fn map(&mut self, depth: usize) -> Option<Value> {
        let column = self.indent;
        let mut map = Map::new();
        while self.open && self.indent == column && !is_item(self.line) {
            let line = self.line;
            let end = key_end(line)?;
            let key = key(line[..end].trim_end_matches(' '))?;
            let content = line[end + 1..].trim_start_matches(' ');
            let value = if content.is_empty() || content.starts_with('#') {
                self.advance();
                // A list may stand in the key's own column.
                let least = if is_item(self.line) { column } else { column + 1 };
                if self.open && self.indent >= least { self.node(least, depth + 1)? } else { Value::Null }
            } else {
                self.scalar(content, column)?
            };
            if map.insert(key, value).is_some() {
                return None;
            }
        }
        if self.open && self.indent > column { None } else { Some(Value::Object(map)) }
    }

    /// A scalar or a flow collection that ends with its line, or a literal block; then the next line.
    fn scalar(&mut self, content: &str, column: usize) -> Option<Value> {
        let value = match content.as_bytes().first()? {
            b'"' | b'\'' => {
                let (text, rest) = quoted(content)?;
                if !is_end(rest) {
                    return None;
                }
                Value::String(text)
            }
            b'|' => return self.literal(content, column),
            b'[' | b'{' => {
                let (value, rest) = flow(content, 0)?;
                if !is_end(rest) {
                    return None;
                }
                value
            }
            _ => plain(content)?,
        };
        self.advance();
        Some(value)
    }

    fn literal(&mut self, header: &str, column: usize) -> Option<Value> {
        let clip = match header.trim_end_matches(' ') {
            "|" => true,
            "|-" => false,
            _ => return None,
        };
        let mut text = String::new();
        let mut indent = None;
        while !self.rest.is_empty() {
            let before = self.rest;
            let line = self.take_line();
            let spaces = line.len() - line.trim_start_matches(' ').len();
            let blank = spaces == line.len();
            match indent {
                None if blank || spaces <= column => return None,
                None => indent = Some(spaces),
                Some(indent) if blank && spaces <= indent => {}
                Some(indent) if spaces < indent => {
                    if spaces > column {
                        return None;
                    }
                    self.rest = before;
                    break;
                }
                Some(_) => {}
            }
            text.push_str(line.get(indent.unwrap_or(0)..).unwrap_or_default());
            text.push('\n');
        }
        indent?;
        text.truncate(text.trim_end_matches('\n').len());
        if clip {
            text.push('\n');
        }
        self.advance();
        if bad_character(&text).is_some() { None } else { Some(Value::String(text)) }
    }
}

fn is_item(line: &str) -> bool {
    line == "-" || line.starts_with("- ")
}

/// Nothing but blanks and a comment.
fn is_end(rest: &str) -> bool {
    let trimmed = rest.trim_start_matches(' ');
    trimmed.is_empty() || (trimmed.starts_with('#') && trimmed.len() < rest.len())
}

/// Where the `:` of a line that begins with a key stands.
fn key_end(line: &str) -> Option<usize> {
    let end = match line.as_bytes().first()? {
        b'"' | b'\'' => line.len() - quoted(line)?.1.len(),
        first if starts_plain(*first) => {
            let bytes = line.as_bytes();
            let mut from = 0;
            loop {
                let at = from + line[from..].find(':')?;
                if matches!(bytes.get(at + 1), None | Some(b' ')) {
                    break at;
                }
                from = at + 1;
            }
        }
        _ => return None,
    };
    let ends = line.as_bytes().get(end) == Some(&b':') && matches!(line.as_bytes().get(end + 1), None | Some(b' '));
    (ends && end < 1000 && !line[..end].contains(" #")).then_some(end)
}

fn key(text: &str) -> Option<String> {
    if text.starts_with(['"', '\'']) {
        return quoted(text).map(|(text, _)| text);
    }
    if text == "<<" || text.contains('\t') || bad_character(text).is_some() {
        return None;
    }
    let reading = scalar::read(text);
    let same = match reading.helm {
        Typed::Text => true,
        Typed::Bool(value) => value.to_string() == text,
        Typed::Int(value) => value.to_string() == text,
        Typed::Null | Typed::Float(_) => false,
    };
    (same && is_agreed(reading.doubt.as_ref())).then(|| text.to_owned())
}

fn is_agreed(doubt: Option<&Doubt>) -> bool {
    !doubt.is_some_and(|doubt| Mode::Rendered.minds(doubt))
}

/// Whether a plain scalar may begin so, among those that templates write.
const fn starts_plain(first: u8) -> bool {
    !matches!(
        first,
        b'&' | b'*'
            | b'!'
            | b'>'
            | b'|'
            | b'%'
            | b'@'
            | b'`'
            | b'?'
            | b':'
            | b','
            | b'#'
            | b'{'
            | b'}'
            | b'['
            | b']'
            | b'"'
            | b'\''
            | b'\t'
    )
}

fn plain(content: &str) -> Option<Value> {
    let text = content.find(" #").map_or(content, |comment| &content[..comment]).trim_end_matches(' ');
    if !starts_plain(*text.as_bytes().first()?) || is_item(text) || text.contains(": ") || text.ends_with(':') {
        return None;
    }
    if text.contains('\t') || bad_character(text).is_some() {
        return None;
    }
    let reading = scalar::read(text);
    if !is_agreed(reading.doubt.as_ref()) {
        return None;
    }
    Some(match reading.helm {
        Typed::Null => Value::Null,
        Typed::Bool(value) => Value::Bool(value),
        Typed::Int(value) => Value::Number(value.into()),
        Typed::Float(value) => Value::Number(Number::from_f64(value)?),
        Typed::Text => Value::String(text.to_owned()),
    })
}

/// The text in quotes and what follows on the line.
fn quoted(content: &str) -> Option<(String, &str)> {
    let bytes = content.as_bytes();
    let mut end = 1;
    let text = if bytes.first() == Some(&b'"') {
        let mut escaped = false;
        loop {
            match bytes.get(end)? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    end += 2;
                }
                _ => end += 1,
            }
        }
        // JSON's escapes mean the same in YAML; the others are left to the real parser.
        if escaped { serde_json::from_str(&content[..=end]).ok()? } else { content[1..end].to_owned() }
    } else {
        while !(*bytes.get(end)? == b'\'' && bytes.get(end + 1) != Some(&b'\'')) {
            end += if bytes[end] == b'\'' { 2 } else { 1 };
        }
        content[1..end].replace("''", "'")
    };
    if bad_character(&text).is_some() { None } else { Some((text, &content[end + 1..])) }
}

/// A flow collection, and what follows on the line: maps with keys in double quotes, as JSON has them, and lists; scalars
/// in quotes, or plain ones of letters, digits and a few marks that mean nothing.
fn flow(content: &str, depth: usize) -> Option<(Value, &str)> {
    if depth >= MAX_DEPTH {
        return None;
    }
    match content.as_bytes().first()? {
        b'{' => {
            let mut map = Map::new();
            let mut rest = content[1..].trim_start_matches(' ');
            while !rest.starts_with('}') {
                if !rest.starts_with('"') {
                    return None;
                }
                let (key, after) = quoted(rest)?;
                let (value, after) = flow(after.strip_prefix(": ")?.trim_start_matches(' '), depth + 1)?;
                if map.insert(key, value).is_some() {
                    return None;
                }
                rest = next_item(after, '}')?;
            }
            Some((Value::Object(map), &rest[1..]))
        }
        b'[' => {
            let mut items = Vec::new();
            let mut rest = content[1..].trim_start_matches(' ');
            while !rest.starts_with(']') {
                let (value, after) = flow(rest, depth + 1)?;
                items.push(value);
                rest = next_item(after, ']')?;
            }
            Some((Value::Array(items), &rest[1..]))
        }
        b'"' | b'\'' => quoted(content).map(|(text, rest)| (Value::String(text), rest)),
        _ => {
            let is_simple = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '_' | '-');
            let (text, rest) = content.split_at(content.find(|c| !is_simple(c))?);
            plain(text).map(|value| (value, rest))
        }
    }
}

/// From behind an item to the next one, or to the end of the collection.
fn next_item(after: &str, end: char) -> Option<&str> {
    let after = after.trim_start_matches(' ');
    if after.starts_with(end) {
        return Some(after);
    }
    let rest = after.strip_prefix(", ")?.trim_start_matches(' ');
    // A comma before the end is left to the real parser.
    if rest.starts_with(end) { None } else { Some(rest) }
}
