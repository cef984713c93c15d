//! The operator: places workloads on hosts, and leads traffic to them.
//!
//! What is decided is in functions of plain data: what a template's hash is ([`template`]), what a host is asked to run
//! ([`request`]), which host that is ([`placement`]), what a status says ([`conditions`]), where a Service leads
//! ([`endpoints`]).

pub mod conditions;
pub mod endpoints;
pub mod placement;
pub mod request;
pub mod template;
