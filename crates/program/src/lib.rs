//! What operator and host are alike in as programs.
//!
//! - [`flags`]: the flag table, read; [`units`]: sizes, times and addresses in it; [`nats`]: the flags of a connection.
//! - [`logs`]: lines on stderr, without what must not be said.
//! - [`signals`]: the first one ends in order, the second at once.
//! - [`pages`]: small pages in plain HTTP, for probes and metrics.

pub mod flags;
pub mod logs;
pub mod nats;
pub mod pages;
pub mod signals;
pub mod units;

pub use flags::{Given, Usage};
