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

mod capabilities;
mod guests;
mod host;
mod links;
mod nats;
mod pools;
mod protocol;
mod registry;
mod requests;
mod services;
mod volumes;
mod wasi3;
