//! The tool as a user runs it.
// Helpers outside of test functions may unwrap, too: clippy asks for this mark.
#![cfg(test)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::type_complexity,
    reason = "a test that panics has failed, and one that skips says why"
)]

mod bad_input;
mod cases;
mod cli;
mod effects;
mod goldens;
mod helm;
mod image;
mod import;
#[cfg(feature = "cluster")]
mod install;
mod quickstart;
mod random;
mod registry;
mod schema;
mod secrets;
mod tool;
mod warnings;
