//! YAML text → [`Node`]s, with every fault of the text found in one run.

use granit_parser::{ErrorKind, Event, Options, Parser, ScanError};
use thiserror::Error;

use super::build::{Builder, Document, MAX_DEPTH};
use super::scalar::Mode;
use super::{Node, Origin, Position, SourceId, SourceKind, Sources, codes};
use crate::diagnostics::Diagnostic;

/// Larger than any values file; YAML is refused beyond it before it is looked at.
const MAX_BYTES: usize = 16 << 20;

/// A comment and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From its `#` to the end of the line.
    pub origin: Origin,
    /// What stands behind the `#`.
    pub text: String,
}

/// What was read of a text with one document.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The document; after a syntax error what was read up to it.
    pub node: Option<Node>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
    /// Its comments, in order.
    pub comments: Vec<Comment>,
    /// There is nothing in it but comments; whether that is wrong ([`empty_file`]) the caller knows.
    pub empty: bool,
}

/// What was read of a text with any number of documents.
#[derive(Clone, Debug)]
pub struct ParsedDocuments {
    /// The documents that are not empty.
    pub documents: Vec<Node>,
    /// What is wrong with them.
    pub diagnostics: Vec<Diagnostic>,
    /// All comments, in order.
    pub comments: Vec<Comment>,
}

/// Bytes that are no text.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{what} at byte {offset} (line {line})")]
pub struct DecodeError {
    /// What was found.
    pub what: &'static str,
    /// Where, from 0.
    pub offset: usize,
    /// In which line, from 1.
    pub line: usize,
}

/// The bytes of a file as text; UTF-8 only, with or without a byte order mark.
pub fn decode(bytes: &[u8]) -> Result<String, DecodeError> {
    let fault =
        |what, offset: usize| DecodeError { what, offset, line: bytes[..offset].split(|byte| *byte == b'\n').count() };
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(fault("UTF-16 text; save the file as UTF-8", 0));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| fault("no UTF-8 text", error.valid_up_to()))?;
    match text.find('\0') {
        Some(at) => Err(fault("binary data, a NUL byte", at)),
        None => Ok(text.to_owned()),
    }
}

/// Reads a values file: one document.
pub fn parse(sources: &Sources, id: SourceId) -> Parsed {
    single(sources, id, Mode::Strict)
}

/// Reads another tool's values file as Helm does: what YAML readers differ on is no error here, since
/// [`Sources::text`] of a node's origin still has the text. Duplicate keys are errors all the same.
pub fn parse_lenient(sources: &Sources, id: SourceId) -> Parsed {
    single(sources, id, Mode::Lenient)
}

/// Reads a manifest: any number of documents.
pub fn parse_documents(sources: &Sources, id: SourceId) -> ParsedDocuments {
    let Read { builder, comments } = read(&sources.get(id).text, id, 0, Mode::Strict);
    ParsedDocuments {
        documents: builder.documents.into_iter().filter_map(|document| document.node).collect(),
        diagnostics: builder.diagnostics,
        comments,
    }
}

/// For a values file that has to say something.
pub fn empty_file(id: SourceId) -> Diagnostic {
    Diagnostic::error(codes::EMPTY, "the file is empty")
        .at(Origin { source: id, start: 0, end: 0 }, "no values here")
        .with_help("a file that changes nothing is written `{}`")
}

/// JSON inside another text, `base` bytes behind its start: the same tree with places.
pub(super) fn parse_part(part: &str, id: SourceId, base: usize) -> (Option<Node>, Vec<Diagnostic>) {
    let Read { builder, .. } = read(part, id, base, Mode::Strict);
    (builder.documents.into_iter().next().and_then(|document| document.node), builder.diagnostics)
}

/// What templates rendered, as data; the slow way, for all of YAML.
pub(super) fn parse_rendered(text: &str) -> Result<serde_json::Value, String> {
    let mut sources = Sources::default();
    let id = sources.add(SourceKind::File, "", text);
    let Parsed { node, diagnostics, .. } = single(&sources, id, Mode::Rendered);
    match diagnostics.into_iter().next() {
        None => Ok(node.map_or(serde_json::Value::Null, |node| node.to_json())),
        Some(Diagnostic { message, primary, .. }) => Err(match primary.map(|label| sources.position(label.origin)) {
            Some(Position { line, column }) => format!("line {line}, column {column}: {message}"),
            None => message,
        }),
    }
}

fn single(sources: &Sources, id: SourceId, mode: Mode) -> Parsed {
    let Read { builder, comments } = read(&sources.get(id).text, id, 0, mode);
    let mut diagnostics = builder.diagnostics;
    let mut documents = builder.documents.into_iter();
    let first = documents.next();
    let further = documents.find(|document| document.node.is_some());
    if let Some(Document { start, .. }) = &further {
        let mut diagnostic = Diagnostic::error(codes::SECOND_DOCUMENT, "a second document in a values file")
            .at(*start, "begins here")
            .with_help("join the two, or give two files: Helm 3 reads only the first, Helm 4 merges both");
        if let Some(first) = first.as_ref().and_then(|first| first.node.as_ref()) {
            diagnostic = diagnostic.and_at(first.origin, "the first");
        }
        diagnostics.push(diagnostic);
    }
    let node = first.and_then(|first| first.node);
    let empty = node.is_none() && further.is_none() && diagnostics.is_empty();
    Parsed { node, diagnostics, comments, empty }
}

struct Read {
    builder: Builder,
    comments: Vec<Comment>,
}

fn read(text: &str, id: SourceId, base: usize, mode: Mode) -> Read {
    let mut builder = Builder::new(id, base, mode);
    let mut comments = Vec::new();
    if text.len() > MAX_BYTES {
        builder.diagnostics.push(
            Diagnostic::error(codes::LIMIT, format!("the text has {} MiB", text.len() >> 20))
                .at(Origin { source: id, start: 0, end: 0 }, "not read")
                .with_help(format!("the limit is {} MiB: is this the right file?", MAX_BYTES >> 20)),
        );
        return Read { builder, comments };
    }
    let mut parser = Parser::new_from_str_with_options(text, options(true));
    while let Some(next) = parser.next_event() {
        match next {
            Ok((Event::Comment(text, _), span)) => {
                let range = span.byte_range().unwrap_or_default();
                comments.push(Comment { origin: place(id, base, range.start, range.end), text: text.into_owned() });
            }
            Ok((event, span)) => {
                if builder.event(&event, &span).is_err() {
                    builder.break_off();
                    return Read { builder, comments };
                }
            }
            Err(error) => {
                builder.diagnostics.push(syntax(&error, text, id, base));
                builder.break_off();
                if !parser.proceed_next_document().unwrap_or(false) {
                    break;
                }
            }
        }
    }
    // Comments between an anchor and its node are reported late.
    comments.sort_by_key(|comment| comment.origin.start);
    Read { builder, comments }
}

/// How the parser is run; comments cost time that only some have a use for.
pub(super) fn options(comments: bool) -> Options {
    granit_parser::options! {
        emit_unresolved_aliases: true,
        emit_comments: comments,
        max_buffered_comment_events: usize::MAX,
        flow_nesting_limit: MAX_DEPTH + 50,
        block_nesting_limit: MAX_DEPTH + 50,
    }
}

fn place(source: SourceId, base: usize, start: usize, end: usize) -> Origin {
    let offset = |byte: usize| u32::try_from(byte + base).unwrap_or(u32::MAX);
    Origin { source, start: offset(start), end: offset(end) }
}

fn syntax(error: &ScanError, text: &str, id: SourceId, base: usize) -> Diagnostic {
    let start = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
    let length =
        text.get(start..).and_then(|rest| rest.chars().next()).filter(|c| *c != '\n').map_or(0, char::len_utf8);
    let line = text.get(..start).map_or("", |before| before.rsplit('\n').next().unwrap_or_default());
    let (code, message, help) = match error.kind() {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => {
            (codes::SYNTAX, "a tab in the indentation".to_owned(), "indent with spaces")
        }
        ErrorKind::UnclosedQuotedScalar => (
            codes::SYNTAX,
            "the quote that opens here is never closed".to_owned(),
            "close it, or double a quote inside",
        ),
        ErrorKind::UnclosedFlowCollection { open } => {
            (codes::SYNTAX, format!("the `{open}` that opens here is never closed"), "close it")
        }
        ErrorKind::MappingValueNotAllowed => (
            codes::SYNTAX,
            "a `key: value` is not possible here".to_owned(),
            if line.contains(": ") {
                "quote the text that contains `: `, or start a new line"
            } else {
                "align the key with its neighbours, or indent it below the key above"
            },
        ),
        ErrorKind::RecursionLimitExceeded => {
            (codes::LIMIT, format!("nested deeper than {MAX_DEPTH} levels"), "look for brackets gone astray")
        }
        ErrorKind::UnexpectedCharacter { character } => {
            (codes::SYNTAX, format!("`{}` cannot start a value", character.escape_default()), "quote the text")
        }
        ErrorKind::UnknownQuotedScalarEscape => (
            codes::SYNTAX,
            "no such escape in double quotes".to_owned(),
            "write a backslash twice, or use single quotes",
        ),
        kind => (codes::SYNTAX, kind.to_string(), "compare the indentation with the lines around it"),
    };
    Diagnostic::error(code, message).at(place(id, base, start, start + length), "").with_help(help)
}
