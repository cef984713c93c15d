//! Text → a tree in which every node knows where it came from.
//!
//! Files, `--set` flags, profiles and defaults all become [`Node`]s; [`Sources`] keeps their texts, so that a
//! diagnostic can show the line it speaks of.

mod build;
pub mod codes;
mod parse;
mod path;
mod scalar;
mod sources;
mod tree;

pub use parse::{
    Comment, DecodeError, Parsed, ParsedDocuments, decode, empty_file, parse, parse_documents, parse_lenient,
};
pub use path::{Path, Segment};
pub use sources::{Origin, Position, Source, SourceId, SourceKind, Sources};
pub use tree::{Entry, Map, Node, Style, Value};

#[cfg(test)]
mod tests;
