//! Helm's `--set` grammar: an argument becomes assignments, each with its place in the argument.
//!
//! Nothing is applied here, so an argument with a fault changes nothing. The grammar is that of Helm's
//! `pkg/strvals`; where Helm stops with an internal message or drops a part without a word, this is an error.

use std::io;

use super::faults::control_character;
use super::scalar::MAX_EXACT;
use super::{Node, Origin, Segment, SourceId, Sources, Style, Value, codes, parse};
use crate::diagnostics::{Code, Diagnostic};

/// Helm counts the dots of a name.
const MAX_DOTS: usize = 30;
/// Helm's limit, and with it that of the gaps we fill.
pub(super) const MAX_INDEX: usize = 65_536;
/// Brackets are not counted by Helm; without an end they would exhaust the memory.
const MAX_STEPS: usize = 60;

/// Which flag an argument was given to; in the order in which Helm applies them, whatever their order on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FlagKind {
    /// `--set-json`: JSON values, or one JSON object.
    Json,
    /// `--set`: booleans, null and integers are recognised.
    Typed,
    /// `--set-string`: all values are text.
    Text,
    /// `--set-file`: all values are paths of files with the text.
    File,
    /// `--set-literal`: everything behind the first `=` is the text.
    Literal,
}

impl FlagKind {
    /// How the flag is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "--set-json",
            Self::Typed => "--set",
            Self::Text => "--set-string",
            Self::File => "--set-file",
            Self::Literal => "--set-literal",
        }
    }
}

/// One flag; its argument is the text of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Which flag.
    pub kind: FlagKind,
    /// Its argument.
    pub source: SourceId,
}

/// Reads the files of `--set-file`.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> io::Result<Vec<u8>>;

/// One step of an assignment's path and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) segment: Segment,
    pub(super) origin: Origin,
}

/// What an argument says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    /// A value at a path of at least one step.
    Assign { steps: Vec<Step>, value: Node },
    /// A whole object to merge (`--set-json '{…}'`).
    Merge(Node),
}

/// Reads one argument; a fault is the only one that is reported of it.
pub(super) fn changes(sources: &Sources, flag: Flag, read: ReadFile<'_>) -> Result<Vec<Change>, Box<Diagnostic>> {
    let text = sources.get(flag.source).text.as_str();
    let mut reader = Reader { text, at: 0, flag, read, changes: Vec::new(), last: 0 };
    if flag.kind == FlagKind::Json && text.trim_start().starts_with('{') {
        reader.at = text.len() - text.trim_start().len();
        let node = reader.json()?;
        reader.skip_blanks();
        if reader.at < text.len() {
            return Err(reader.fault(
                "something follows the JSON object",
                reader.at,
                text.len(),
                "one object per flag",
            ));
        }
        return Ok(vec![Change::Merge(node)]);
    }
    while reader.at < text.len() {
        reader.assignment()?;
    }
    Ok(reader.changes)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    flag: Flag,
    read: ReadFile<'a>,
    changes: Vec<Change>,
    /// Where the last assignment began.
    last: usize,
}

type Outcome<T> = Result<T, Box<Diagnostic>>;

impl Reader<'_> {
    fn origin(&self, start: usize, end: usize) -> Origin {
        let offset = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        Origin { source: self.flag.source, start: offset(start), end: offset(end) }
    }

    fn fault(&self, message: impl Into<String>, start: usize, end: usize, help: &str) -> Box<Diagnostic> {
        self.fault_of(codes::SET_GRAMMAR, message, start, end, help)
    }

    fn fault_of(
        &self,
        code: Code,
        message: impl Into<String>,
        start: usize,
        end: usize,
        help: &str,
    ) -> Box<Diagnostic> {
        let diagnostic = Diagnostic::error(code, message)
            .at(self.origin(start, end), "")
            .with_help(help)
            .with_note(format!("in `{} {}`; nothing of it was applied", self.flag.kind.name(), self.text));
        Box::new(diagnostic)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Text up to one of the stops (consumed), escapes taken out; the stop is none at the end.
    fn until(&mut self, stops: &[char]) -> Outcome<(String, Option<char>)> {
        let escapes = self.flag.kind != FlagKind::Literal;
        let mut out = String::new();
        while let Some(c) = self.next() {
            if stops.contains(&c) {
                return Ok((out, Some(c)));
            }
            if c == '\\' && escapes {
                let Some(escaped) = self.next() else {
                    return Err(self.fault(
                        "a backslash at the end escapes nothing",
                        self.at - 1,
                        self.at,
                        "write `\\\\` for a backslash",
                    ));
                };
                out.push(escaped);
            } else {
                out.push(c);
            }
        }
        Ok((out, None))
    }

    /// `key.key[1].key=value`; Helm's end of the argument inside of a path, which it ignores, is a fault.
    fn assignment(&mut self) -> Outcome<()> {
        let begin = self.at;
        let mut steps: Vec<Step> = Vec::new();
        let mut dots = 0;
        let mut key_expected = true;
        loop {
            let start = self.at;
            let literal = self.flag.kind == FlagKind::Literal || !key_expected;
            let (key, stop) = self.until(if literal { &['=', '[', '.'] } else { &['=', '[', '.', ','] })?;
            let end = self.at - usize::from(stop.is_some());
            match (key_expected, key.is_empty()) {
                (false, false) => {
                    let help = "behind `]` stands `.key`, `[1]` or `=value`";
                    return Err(self.fault(format!("`{key}` stands behind an index"), start, end, help));
                }
                (false, true) => {}
                (true, true) => {
                    let help = "write `key=value`, with a dot between keys and a comma between pairs";
                    return Err(self.fault("a key is missing here", start, self.at.max(start), help));
                }
                (true, false) => steps.push(Step { segment: Segment::Key(key), origin: self.origin(start, end) }),
            }
            match stop {
                Some('=') => break,
                Some('.') => {
                    dots += 1;
                    key_expected = true;
                }
                Some('[') => {
                    steps.push(self.index()?);
                    key_expected = false;
                }
                _ => return Err(self.no_value(begin)),
            }
            if dots > MAX_DOTS || steps.len() > MAX_STEPS {
                let message = format!("the name is nested deeper than {MAX_DOTS} levels");
                return Err(self.fault(message, begin, self.at, "no value of the chart lies that deep"));
            }
        }
        let value = self.value()?;
        self.last = begin;
        self.changes.push(Change::Assign { steps, value });
        Ok(())
    }

    fn index(&mut self) -> Outcome<Step> {
        let start = self.at;
        let (text, stop) = self.until(&[']'])?;
        let end = self.at - usize::from(stop.is_some());
        let index = text.parse::<usize>().ok().filter(|index| stop.is_some() && *index <= MAX_INDEX);
        index.map(|index| Step { segment: Segment::Index(index), origin: self.origin(start, end) }).ok_or_else(|| {
            let help = "write `name[0]`; brackets that belong to a key are escaped: `\\[`";
            self.fault(format!("`[{text}` is no index from 0 to {MAX_INDEX}"), start - 1, self.at, help)
        })
    }

    /// The one fault that everybody makes: a comma in a value.
    fn no_value(&self, begin: usize) -> Box<Diagnostic> {
        let end = self.text[begin..].find(',').map_or(self.text.len(), |comma| begin + comma);
        let key = &self.text[begin..end];
        let message = format!("key `{key}` has no value");
        if begin == 0 {
            return self.fault(message, begin, end, "write `key=value`");
        }
        // All the pieces that hang on the same value.
        let rest = &self.text[begin..];
        let pieces: usize = rest.split(',').take_while(|piece| !piece.contains('=')).map(|piece| piece.len() + 1).sum();
        let (name, value) = self.text[self.last..begin + pieces.saturating_sub(1)].split_once('=').unwrap_or_default();
        let flag = self.flag.kind.name();
        let mut diagnostic = Diagnostic::error(codes::SET_GRAMMAR, message)
            .at(self.origin(begin - 1, begin), "this comma ends the value in front of it")
            .and_at(self.origin(begin, end), "so this is read as a key");
        diagnostic.help = Some(format!(
            "write one of\n  {flag} '{name}={}'\n  {flag} '{name}={{{value}}}' (a list)\n  --set-literal '{name}={value}'",
            value.replace(',', "\\,")
        ));
        Box::new(diagnostic.with_note(format!("in `{flag} {}`; nothing of it was applied", self.text)))
    }

    fn value(&mut self) -> Outcome<Node> {
        match self.flag.kind {
            FlagKind::Json => {
                let start = self.at;
                self.skip_blanks();
                if matches!(self.peek(), None | Some(',')) {
                    self.next();
                    return Ok(Node::new(Value::Null, Style::Plain, self.origin(start, start)));
                }
                let node = self.json()?;
                self.skip_blanks();
                if !matches!(self.next(), None | Some(',')) {
                    let help = "a comma stands between two pairs";
                    return Err(self.fault("something follows the JSON value", self.at - 1, self.text.len(), help));
                }
                Ok(node)
            }
            FlagKind::Literal => {
                let start = std::mem::replace(&mut self.at, self.text.len());
                self.scalar(self.text[start..].to_owned(), start, self.text.len())
            }
            FlagKind::Typed | FlagKind::Text | FlagKind::File => {
                let start = self.at;
                if self.peek() == Some('{') {
                    self.at += 1;
                    return self.list(start);
                }
                let (text, stop) = self.until(&[','])?;
                let end = self.at - usize::from(stop.is_some());
                if start == self.text.len() {
                    // Helm reads no file here.
                    return Ok(Node::new(Value::String(text), Style::Plain, self.origin(start, end)));
                }
                self.scalar(text, start, end)
            }
        }
    }

    /// `{a,b}`; `{}` is a list with one empty text, as in Helm.
    fn list(&mut self, begin: usize) -> Outcome<Node> {
        let mut items = Vec::new();
        loop {
            let start = self.at;
            let (text, stop) = self.until(&[',', '}'])?;
            let Some(stop) = stop else {
                let help = "close the list with `}`, or escape the brace: `\\{`";
                return Err(self.fault("the list that begins here does not end", begin, self.text.len(), help));
            };
            items.push(self.scalar(text, start, self.at - 1)?);
            if stop == '}' {
                let list = Node::new(Value::List(items), Style::Collection, self.origin(begin, self.at));
                if self.peek() == Some(',') {
                    self.at += 1;
                }
                return Ok(list);
            }
        }
    }

    fn scalar(&self, text: String, start: usize, end: usize) -> Outcome<Node> {
        let origin = self.origin(start, end);
        let (value, style) = match self.flag.kind {
            FlagKind::Typed => (typed(text), Style::Plain),
            FlagKind::File => (Value::String(self.file(&text, start, end)?), Style::Quoted),
            _ => (Value::String(text), Style::Quoted),
        };
        match &value {
            Value::Int(number) if number.unsigned_abs() > MAX_EXACT => Err(self.fault_of(
                codes::NUMBER,
                format!("the number `{number}` would not arrive as written: it is beyond 2^53"),
                start,
                end,
                "give it as text with `--set-string`",
            )),
            Value::String(text) => match control_character(text, origin) {
                Some(diagnostic) => Err(Box::new(diagnostic)),
                None => Ok(Node::new(value, style, origin)),
            },
            _ => Ok(Node::new(value, style, origin)),
        }
    }

    fn file(&self, path: &str, start: usize, end: usize) -> Outcome<String> {
        let fault = |why: &str| {
            let help = "the value of `--set-file` is the path of a UTF-8 text file";
            self.fault_of(codes::SET_FILE, format!("cannot take the text of `{path}`: {why}"), start, end, help)
        };
        let bytes = (self.read)(path).map_err(|error| fault(&error.to_string()))?;
        parse::decode(&bytes).map_err(|error| fault(&error.to_string()))
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next();
        }
    }

    /// One JSON value; its nodes have their places in the argument.
    fn json(&mut self) -> Outcome<Node> {
        let rest = &self.text[self.at..];
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<serde::de::IgnoredAny>();
        let help = "values of `--set-json` are JSON: `key={\"a\":1}`, `key=\"text\"`; mind the quotes of the shell";
        let read = match stream.next() {
            Some(Ok(_)) => stream.byte_offset(),
            Some(Err(error)) => {
                let message = format!("no JSON value: {error}");
                return Err(self.fault(message, self.at, self.text.len(), help));
            }
            None => return Err(self.fault("no JSON value", self.at, self.text.len(), help)),
        };
        let (node, diagnostics) = parse::parse_part(&rest[..read], self.flag.source, self.at);
        if let Some(diagnostic) = diagnostics.into_iter().next() {
            return Err(Box::new(diagnostic));
        }
        let start = self.at;
        self.at += read;
        node.ok_or_else(|| self.fault("no JSON value", start, self.at, help))
    }
}

/// Helm's types of `--set`: everything else is text, floats too.
fn typed(text: String) -> Value {
    if text.eq_ignore_ascii_case("true") {
        return Value::Bool(true);
    }
    if text.eq_ignore_ascii_case("false") {
        return Value::Bool(false);
    }
    if text.eq_ignore_ascii_case("null") {
        return Value::Null;
    }
    if text == "0" {
        return Value::Int(0);
    }
    let number = if text.starts_with('0') { None } else { text.parse::<i64>().ok() };
    number.map_or(Value::String(text), Value::Int)
}
