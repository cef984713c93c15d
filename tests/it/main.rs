//! The tool as a user runs it.
// Helpers outside of test functions may unwrap, too: clippy asks for this mark.
#![cfg(test)]

mod effects;
mod helm;
mod import;
mod registry;
