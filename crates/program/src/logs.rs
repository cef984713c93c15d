//! Logs: lines on stderr, without what must not be said.

use std::io::IsTerminal as _;

use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

use crate::flags::Usage;

/// A further place for the same lines.
pub type More = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts logging. `level` is a word or a filter, as `--log-level` takes it.
pub fn start(level: &str, json: bool, more: Option<More>) -> Result<(), Usage> {
    // The NATS library repeats what our own lines say of the connection; whoever wants its words names it.
    let quiet = if level.contains("async_nats") { "" } else { ",async_nats=off" };
    let filter = EnvFilter::builder().parse(format!("{level}{quiet}"));
    let filter = filter.map_err(|err| Usage(vec![format!("--log-level={level}: {err}")]))?;
    // The NATS library writes whole messages at its finest level, and messages carry Secrets.
    let discreet = filter_fn(|metadata| {
        let (target, level) = (metadata.target(), *metadata.level());
        // So do those of OpenTelemetry with endpoints and headers, and the client of Kubernetes with whole answers.
        let talkative = target.starts_with("opentelemetry") && level > tracing::Level::WARN;
        let whole = target.starts_with("kube_client") && level > tracing::Level::DEBUG;
        !talkative && !whole && chartwright_contract::nats::may_log(target, level)
    });
    let lines =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines = if json { lines.json().boxed() } else { lines.boxed() };
    let mut layers = vec![lines];
    layers.extend(more);
    // A second call, in a test, keeps the first one's.
    _ = tracing_subscriber::registry().with(layers.with_filter(discreet).with_filter(filter)).try_init();
    Ok(())
}
