//! Requests that outlive a restart of the API server.

use std::time::Duration;

use tokio::time::Instant;

use super::ClusterError;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// Tries again while the API server is away or busy, until `end`. What is tried must be safe to do twice.
pub async fn patiently<T, E>(end: Instant, mut attempt: impl AsyncFnMut() -> Result<T, E>) -> Result<T, E>
where
    E: AsCluster,
{
    loop {
        match attempt().await {
            Err(err) if err.as_cluster().is_some_and(ClusterError::is_passing) && Instant::now() + PAUSE < end => {
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

/// Errors among which are those of the cluster.
pub trait AsCluster {
    /// It, if it is one.
    fn as_cluster(&self) -> Option<&ClusterError>;
}

impl AsCluster for ClusterError {
    fn as_cluster(&self) -> Option<&ClusterError> {
        Some(self)
    }
}
