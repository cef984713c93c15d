//! The operator: places workloads on hosts, and leads traffic to them.
//!
//! What is decided is in functions of plain data: what a template's hash is ([`template`]), what a host is asked to run
//! ([`request`]), which host that is ([`placement`]), what a status says ([`conditions`]), where a Service leads
//! ([`endpoints`]), how a rollout goes on (`controllers::rollout`).
//!
//! Around it: the cluster as it is known here ([`cluster`]), the hosts as they were heard ([`fleet`]), what hosts are asked
//! ([`bus`]), one controller for each kind (`controllers`), and what brings them together ([`operator`], [`run()`]).

pub mod bus;
pub mod certificates;
pub mod cluster;
pub mod conditions;
mod controllers;
mod election;
pub mod endpoints;
pub mod fleet;
mod health;
pub mod metrics;
pub mod operator;
pub mod options;
pub mod placement;
pub mod request;
mod run;
mod scrape;
mod serve;
pub mod template;

pub use controllers::deployment::{MAX_SURGE, MAX_UNAVAILABLE};
pub use kube::Client;
pub use options::Options;
pub use run::{Addresses, OperatorError, run};
pub use scrape::CertificateError as MetricsCertificateError;
pub use serve::{ServeError, client, serve};
