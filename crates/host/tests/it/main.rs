//! A host with a real NATS server, a registry on loopback and real components.
#![cfg(test)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test that panics has failed, and one that skips says why"
)]

mod cached;
mod guests;
mod host;
mod nats;
mod pool;
mod protocol;
mod registry;
mod requests;
