//! The program: flags, logs, signals, and the operator between them.

use std::time::Duration;

use chartwright_program::flags::Usage;
use chartwright_program::logs;
use chartwright_program::signals::Signals;
use kube::{Client, Config};
use tokio::sync::oneshot;

use crate::options::Options;
use crate::run::{OperatorError, run};

/// Why the program ends before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Wrong flags.
    #[error(transparent)]
    Usage(#[from] Usage),
    /// The operator does not run.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// There is no way to the API server.
    #[error("no way to a cluster: {0}; in a Pod it needs its service account, elsewhere KUBECONFIG names a file")]
    Cluster(String),
    /// The process lacks something basic.
    #[error("cannot {0}: {1}")]
    Process(&'static str, std::io::Error),
}

impl ServeError {
    /// Whether the call was wrong: flags, or files they name. Nothing was tried then.
    pub fn is_usage(&self) -> bool {
        use OperatorError::{Certificates, Nats, Scrape};
        matches!(self, Self::Usage(_) | Self::Cluster(_) | Self::Operator(Nats(_) | Certificates(_) | Scrape(_)))
    }
}

/// Runs an operator with these arguments, without the program's name, until SIGTERM or SIGINT.
pub fn serve(arguments: &[String]) -> Result<(), ServeError> {
    let options = Options::parse(arguments, |name| std::env::var(name).ok())?;
    logs::start(&options.log_level, options.log_json, None)?;
    for flag in &options.ignored {
        tracing::warn!("--{flag} has no effect on this operator");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|err| ServeError::Process("start threads", err))?;
    let result = runtime.block_on(async {
        let signals = Signals::listen().map_err(|err| ServeError::Process("listen to signals", err))?;
        let client = client().await?;
        let (ready, _addresses) = oneshot::channel();
        let result = signals.run(|stopped| run(options, client, async { _ = stopped.await }, ready)).await;
        result.map_or_else(
            || {
                tracing::warn!("a second signal: the operator ends at once");
                Ok(())
            },
            |result| Ok(result?),
        )
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

/// The way to the API server: of the Pod, or of KUBECONFIG.
pub async fn client() -> Result<Client, ServeError> {
    // Several crates bring TLS; one provider is to be used by all of them. A second call, in a test, keeps the first.
    _ = rustls::crypto::ring::default_provider().install_default();
    let config = Config::infer().await.map_err(|err| ServeError::Cluster(err.to_string()))?;
    Client::try_from(config).map_err(|err| ServeError::Cluster(err.to_string()))
}
