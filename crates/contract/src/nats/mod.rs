//! NATS: what the platform needs to be allowed there, and, behind the feature `nats`, the connection that both halves use.

pub mod permissions;

#[cfg(feature = "nats")]
mod attempts;
#[cfg(feature = "nats")]
mod connect;
#[cfg(feature = "nats")]
mod credentials;
#[cfg(feature = "nats")]
mod error;
#[cfg(feature = "nats")]
mod files;
#[cfg(feature = "nats")]
mod logs;
#[cfg(feature = "nats")]
mod options;
#[cfg(feature = "nats")]
mod pause;
#[cfg(feature = "nats")]
mod state;
#[cfg(feature = "nats")]
mod tls;
#[cfg(feature = "nats")]
mod urls;

/// The client library, so that there is one version of it.
#[cfg(feature = "nats")]
pub use async_nats;

#[cfg(feature = "nats")]
pub use self::{
    connect::{Connection, connect},
    error::{ConnectError, FileProblem},
    logs::may_log,
    options::NatsOptions,
    pause::LONGEST as LONGEST_PAUSE,
    state::{Link, NatsState, Problem, ProblemKind},
};
