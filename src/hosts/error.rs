//! What can be in the way of that.

use crate::cluster::{AsCluster, ClusterError};

use super::Staying;

/// Why a host is not as it was wanted.
#[derive(Debug, thiserror::Error)]
pub enum HostsError {
    /// The cluster.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// No such host.
    #[error("there is no Host {name} in {namespace}; {}", names(.known))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Where.
        namespace: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// It is written down, and nobody reads it.
    #[error(
        "no operator took note within {seconds} s that the Host {name} is to be given something else. Either none runs, or it is not \
         chartwright's: `kubectl get deployments -A -l app.kubernetes.io/component=operator`"
    )]
    NoNote {
        /// The host.
        name: String,
        /// For how long it was waited.
        seconds: u64,
    },
    /// The time is over.
    #[error("not empty in time; still there: {}. The hosts stay closed, and the operator goes on", list(.0))]
    NotEmpty(Vec<Staying>),
}

impl HostsError {
    /// Whether it was found out before anything was written.
    pub fn is_before(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::Cluster(ClusterError::Config(_)))
    }
}

impl AsCluster for HostsError {
    fn as_cluster(&self) -> Option<&ClusterError> {
        match self {
            Self::Cluster(err) => Some(err),
            _ => None,
        }
    }
}

fn names(known: &[String]) -> String {
    if known.is_empty() { "there is none at all".into() } else { format!("there are {}", known.join(", ")) }
}

fn list(staying: &[Staying]) -> String {
    let parts: Vec<_> = staying.iter().map(|one| format!("{} ({})", one.workload, one.why)).collect();
    parts.join(", ")
}
