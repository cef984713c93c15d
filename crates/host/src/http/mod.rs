//! HTTP in front of workloads, and behind them.

mod allowed_hosts;
mod answer;
mod calls;
mod egress;
mod front;
mod gather;
mod local;
mod names;
mod pem;
mod router;
mod scheme;
mod server;
mod tls;

pub use allowed_hosts::AllowedHosts;
pub use calls::{Begun, Call, Calls};
pub use egress::{Client, ClientOptions, Clients, Egress, IdentityOptions, Surroundings, TrustRoots};
pub use front::{Admission, Front};
pub use local::LocalRoute;
pub use names::HostNames;
pub use pem::FileError;
pub use router::{Conflict, Router, Target};
pub(crate) use scheme::tell_scheme;
pub use server::{End, Server, ServerOptions};
pub use tls::{Tls, TlsOptions};
