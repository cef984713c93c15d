//! The tool as a user runs it.

mod effects;
mod helm;
mod import;
mod registry;
