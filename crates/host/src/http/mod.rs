//! HTTP in front of workloads, and behind them.

mod allowed_hosts;
mod answer;
mod egress;
mod gather;
mod names;
mod router;
mod server;

pub use allowed_hosts::AllowedHosts;
pub use egress::{Client, ClientError, ClientOptions, Egress};
pub use names::HostNames;
pub use router::{Conflict, Router, Target};
pub use server::{Server, ServerOptions};
