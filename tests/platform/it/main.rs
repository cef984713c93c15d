//! Operator and host together.
//!
//! `CHARTWRIGHT_ETCD`, `CHARTWRIGHT_KUBEBOX` and `CHARTWRIGHT_NATS_SERVER` name the programs; `cargo xtask test --only platform`
//! builds them. Without one of them a test says so and passes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    missing_docs,
    dead_code,
    reason = "tests; and what is shared with the host's tests is not all used here"
)]

mod bench;
mod certificates;
mod chart;
mod child;
mod control_plane;
mod custom_resources;
mod faults;
#[path = "../../../crates/host/tests/it/guests.rs"]
mod guests;
mod intake;
#[path = "../../../crates/host/tests/it/nats.rs"]
mod nats;
mod objects;
mod ours;
mod process;
mod proxy;
mod references;
#[path = "../../../crates/host/tests/it/registry.rs"]
mod registry;
mod rights;
mod rollouts;
mod scene;
mod scraping;
mod scripted;
mod services;
mod tenancy;
mod troubled;
mod workloads;
