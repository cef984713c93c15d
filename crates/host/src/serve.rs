//! The program: flags, logs, signals, and the host between them.

use std::time::Duration;

use chartwright_program::logs;
use chartwright_program::signals::Signals;
use tokio::sync::oneshot;
use tracing_subscriber::Layer as _;

use crate::options::{Options, Usage};
use crate::run::{HostError, run};
use crate::telemetry::Logs;

/// Why the program ends before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Wrong flags.
    #[error(transparent)]
    Usage(#[from] Usage),
    /// The host does not run.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The process lacks something basic.
    #[error("cannot {0}: {1}")]
    Process(&'static str, std::io::Error),
}

impl ServeError {
    /// Whether the call was wrong: flags, or files they name. Nothing was tried then.
    pub fn is_usage(&self) -> bool {
        use HostError::{Engine, File, Nats, Oci};
        matches!(self, Self::Usage(_) | Self::Host(File(_) | Engine(_) | Nats(_) | Oci(_)))
    }
}

/// Runs a host with these arguments, without the program's name, until SIGTERM or SIGINT, and drains it.
pub fn serve(arguments: &[String]) -> Result<(), ServeError> {
    let options = Options::parse(arguments, |name| std::env::var(name).ok())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|err| ServeError::Process("start threads", err))?;
    let entered = runtime.enter();
    let exported = Logs::start(&options.telemetry);
    drop(entered);
    logs::start(&options.log_level, options.log_json, exported.as_ref().map(|logs| logs.layer().boxed()))?;
    for flag in &options.ignored {
        tracing::warn!("--{flag} has no effect on this host yet");
    }
    for warning in &options.telemetry.warnings {
        tracing::warn!("{warning}");
    }
    let result = runtime.block_on(async {
        let signals = Signals::listen().map_err(|err| ServeError::Process("listen to signals", err))?;
        let (ready, _addresses) = oneshot::channel();
        let result = signals.run(|stopped| run(options, async { _ = stopped.await }, ready)).await;
        result.map_or_else(
            || {
                tracing::warn!("a second signal: the host ends at once, whatever is in flight");
                Ok(())
            },
            |result| Ok(result?),
        )
    });
    // While the runtime is there: what is left of the log is sent over it.
    drop(exported);
    // Not for as long as a compiler may need that nobody waits for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}
