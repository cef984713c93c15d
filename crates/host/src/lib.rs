//! The host: runs WebAssembly components for wasmCloud.
//!
//! Commands come over NATS ([`control`]), components from registries ([`oci`]), their code is compiled once for each
//! digest ([`engine`]), workloads are names, settings and routes on top ([`workload`]), requests come over HTTP
//! ([`http`]), and what guests may import beside WASI are capabilities ([`plugins`]).

mod control;
pub mod engine;
pub mod http;
mod machine;
pub mod metrics;
pub mod oci;
pub mod options;
mod planes;
pub mod plugins;
mod shared;
pub mod telemetry;
pub mod workload;

mod run;
mod serve;

pub use options::Options;
pub use planes::NotThere;
pub use run::{Addresses, HostError, run};
pub use serve::{ServeError, serve};
