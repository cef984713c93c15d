//! The Pod inside the cluster: a registry with the components of the checks, a collector of what hosts export, and the eyes and
//! hands of the runner.

mod exports;
mod http;
mod identities;
mod load;
mod nats;
mod registry;
mod server;
mod tls;

use std::net::SocketAddr;

pub use nats::introduce;
pub use server::serve;

/// What the agent is told.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens.
    pub address: SocketAddr,
    /// Flags of connections to NATS, `identity:--flag=value`; they name files, never credentials.
    pub identities: Vec<String>,
}

/// Why the agent does not run.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The port is taken, or not ours.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The runner and its agent are of different versions.
    #[error("`{0}` is no identity: the runner writes `operator:--nats-url=…`; use the same version for both")]
    Identity(String),
    /// There are no flags of that one.
    #[error("nobody is `{0}` here")]
    Nobody(String),
}
