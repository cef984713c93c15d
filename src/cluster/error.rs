//! What a cluster answers when it does not do what it was asked.

use kube::core::Status;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Nobody says where the cluster is, or says it wrongly.
    #[error("no cluster to talk to: {0}. Set KUBECONFIG, or --kubeconfig and --context")]
    Config(String),
    /// The API server refused.
    #[error("cannot {doing}: the API server says: {}", .status.message)]
    Refused {
        /// What was tried, `apply the Deployment shop/web`.
        doing: String,
        /// Its answer.
        status: Box<Status>,
    },
    /// The API server could not be reached, or did not answer in its language.
    #[error("cannot {doing}: {}", causes(.source))]
    Unreachable {
        /// What was tried.
        doing: String,
        /// Why it failed.
        source: kube::Error,
    },
    /// No such kind on that cluster.
    #[error("this cluster has no kind {kind} of {api_version}: {hint}")]
    NoKind {
        /// `ServiceMonitor`.
        kind: String,
        /// `monitoring.coreos.com/v1`.
        api_version: String,
        /// What to do.
        hint: &'static str,
    },
}

impl ClusterError {
    /// Turns a client's error into ours, given what was tried.
    pub fn when(doing: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let doing = doing.into();
        move |source| match source {
            kube::Error::Api(status) => Self::Refused { doing, status },
            source => Self::Unreachable { doing, source },
        }
    }

    /// The code of HTTP that the API server answered.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(status.code),
            _ => None,
        }
    }

    /// Whether it answers at all; what fails so is worth another try.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => matches!(status.code, 429 | 500 | 503 | 504),
            Self::Config(_) | Self::NoKind { .. } => false,
        }
    }
}

/// An error with all that it comes from: the client's own first line says too little.
fn causes(err: &dyn std::error::Error) -> String {
    let mut text = err.to_string();
    let mut next = err.source();
    while let Some(err) = next {
        let more = err.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        next = err.source();
    }
    text
}
