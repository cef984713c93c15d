//! Text → a tree in which every node knows where it came from.
//!
//! Files, `--set` flags, profiles and defaults all become [`Node`]s; [`Sources`] keeps their texts, so that a
//! diagnostic can show the line it speaks of.

mod assign;
mod build;
pub mod codes;
mod faults;
mod layers;
mod locks;
mod merge;
mod parse;
mod path;
mod plain;
mod renames;
mod scalar;
mod set;
mod sources;
mod tree;

pub use layers::{Coalesced, Layers, Shown};
pub use parse::{
    Comment, DecodeError, Parsed, ParsedDocuments, decode, empty_file, parse, parse_documents, parse_lenient,
};
pub use path::{Path, Segment};
pub use plain::{parse_plain, read_simple};
pub use renames::Rename;
pub use set::{Flag, FlagKind, ReadFile};
pub use sources::{Origin, Position, Source, SourceId, SourceKind, Sources};
pub use tree::{Entry, Map, Node, Style, Value};

#[cfg(test)]
mod tests;
