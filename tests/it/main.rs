//! The tool as a user runs it.

mod dialect;
mod effects;
mod helm;
mod import;
mod registry;
