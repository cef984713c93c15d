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

mod backend;
mod certificates;
mod client;
mod egress;
mod guests;
mod host;
mod ingress;
mod local;
mod nats;
mod otlp;
mod protocol;
mod registry;
mod requests;
mod tls;
mod tracing;
