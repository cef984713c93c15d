//! The program: flags, logs, signals, and the host between them.

use std::io::IsTerminal as _;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

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
    logs(&options, exported.as_ref())?;
    for flag in &options.ignored {
        tracing::warn!("--{flag} has no effect on this host yet");
    }
    for warning in &options.telemetry.warnings {
        tracing::warn!("{warning}");
    }
    let result = runtime.block_on(async {
        let listen = |kind| signal(kind).map_err(|err| ServeError::Process("listen to signals", err));
        let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
        let (first, stopped) = oneshot::channel::<()>();
        let signals = async move {
            let mut next = async || {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            };
            next().await;
            _ = first.send(());
            next().await;
        };
        let (ready, _addresses) = oneshot::channel();
        tokio::select! {
            result = run(options, async { _ = stopped.await }, ready) => Ok(result?),
            () = signals => {
                tracing::warn!("a second signal: the host ends at once, whatever is in flight");
                Ok(())
            }
        }
    });
    // While the runtime is there: what is left of the log is sent over it.
    drop(exported);
    // Not for as long as a compiler may need that nobody waits for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

fn logs(options: &Options, exported: Option<&Logs>) -> Result<(), Usage> {
    // The NATS library repeats what our own lines say of the connection; whoever wants its words names it.
    let quiet = if options.log_level.contains("async_nats") { "" } else { ",async_nats=off" };
    let filter = EnvFilter::builder().parse(format!("{}{quiet}", options.log_level));
    let filter = filter.map_err(|err| Usage(vec![format!("--log-level={}: {err}", options.log_level)]))?;
    // The NATS library writes whole messages at its finest level, and messages carry Secrets.
    let discreet = filter_fn(|metadata| {
        let (target, level) = (metadata.target(), *metadata.level());
        // So do those of OpenTelemetry with endpoints and headers.
        let quiet = target.starts_with("opentelemetry") && level > tracing::Level::WARN;
        !quiet && chartwright_contract::nats::may_log(target, level)
    });
    let lines =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines = if options.log_json { lines.json().boxed() } else { lines.boxed() };
    let mut layers = vec![lines];
    layers.extend(exported.map(|logs| logs.layer().boxed()));
    // A second call, in a test, keeps the first one's.
    _ = tracing_subscriber::registry().with(layers.with_filter(discreet).with_filter(filter)).try_init();
    Ok(())
}
