//! The tool as a user runs it.

mod dialect;
mod helm;
mod import;
mod registry;
