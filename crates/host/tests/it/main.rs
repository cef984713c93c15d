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
mod cached;
mod capabilities;
mod certificates;
mod child;
mod client;
mod distribution;
mod egress;
mod guests;
mod host;
mod in_place;
mod ingress;
#[path = "../../../contract/tests/nats/jwt.rs"]
#[allow(dead_code, reason = "the matrix of the other package uses the rest of it")]
mod jwt;
mod late_nats;
mod links;
mod local;
mod markers;
mod nats;
mod nats_planes;
mod otlp;
mod pools;
mod protocol;
mod pulls;
mod registries;
mod registry;
mod requests;
mod sandbox;
mod services;
mod slow_starts;
mod small_machines;
mod tls;
mod tracing;
mod volumes;
mod wasi3;
