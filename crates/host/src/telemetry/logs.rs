//! The host's log over OTLP.

use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use super::{Settings, export};

/// The export of the log. What is left is sent when it is dropped.
pub struct Logs(SdkLoggerProvider);

impl Logs {
    /// Starts it, where logs have an endpoint; needs a runtime.
    pub fn start(settings: &Settings) -> Option<Self> {
        export::logs(settings).map(Self)
    }

    /// What takes the lines in.
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + 'static
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
    {
        // Lines about the sending of lines would be sent as well, and so on.
        let ours = filter_fn(|metadata| {
            let library = metadata.target().split("::").next().unwrap_or_default();
            !matches!(library, "h2" | "hyper" | "hyper_util" | "hyper_rustls" | "rustls" | "tonic" | "tower")
                && !library.starts_with("opentelemetry")
        });
        OpenTelemetryTracingBridge::new(&self.0).with_filter(ours)
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        _ = self.0.shutdown();
    }
}
