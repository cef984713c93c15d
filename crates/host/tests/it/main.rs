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
mod child;
mod distribution;
mod guests;
mod host;
#[path = "../../../contract/tests/nats/jwt.rs"]
#[allow(dead_code, reason = "the matrix of the other package uses the rest of it")]
mod jwt;
mod late_nats;
mod links;
mod markers;
mod nats;
mod nats_planes;
mod pools;
mod protocol;
mod pulls;
mod registries;
mod registry;
mod requests;
mod sandbox;
mod services;
mod slow_starts;
mod volumes;
mod wasi3;
