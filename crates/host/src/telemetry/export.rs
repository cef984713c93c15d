//! Exporters, one for each signal that has an endpoint.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_otlp::{
    ExporterBuildError, LogExporter, MetricExporter, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
    WithTonicConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;

use super::sender::Sender;
use super::settings::{Endpoint, Protocol, Settings};

/// Time for what is left at the end.
const LAST: Duration = Duration::from_secs(5);

type Built<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

// The three builders have the same methods, and no trait that says so.
macro_rules! exporter {
    ($kind:ty, $endpoint:expr, $trust:expr) => {{
        let endpoint: &Endpoint = $endpoint;
        match endpoint.protocol {
            Protocol::Grpc => {
                let builder = <$kind>::builder().with_tonic().with_endpoint(&endpoint.url);
                if endpoint.url.starts_with("https:") {
                    builder.with_tls_config($trust.tonic()).build()
                } else {
                    builder.build()
                }
            }
            Protocol::HttpProtobuf => {
                let builder = <$kind>::builder().with_http().with_endpoint(&endpoint.url);
                let builder = builder.with_protocol(opentelemetry_otlp::Protocol::HttpBinary);
                builder.with_http_client(Sender::new($trust)?).build()
            }
        }
    }};
}

pub(super) fn traces(settings: &Settings) -> Option<SdkTracerProvider> {
    let endpoint = settings.traces.as_ref()?;
    let build = || -> Built<_> { Ok(exporter!(SpanExporter, endpoint, &settings.trust)?) };
    let exporter = told("traces", build())?;
    Some(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource(settings)).build())
}

pub(super) fn metrics(settings: &Settings) -> Option<SdkMeterProvider> {
    let endpoint = settings.metrics.as_ref()?;
    let build = || -> Built<_> { Ok(exporter!(MetricExporter, endpoint, &settings.trust)?) };
    let exporter = told("metrics", build())?;
    Some(SdkMeterProvider::builder().with_periodic_exporter(exporter).with_resource(resource(settings)).build())
}

pub(super) fn logs(settings: &Settings) -> Option<SdkLoggerProvider> {
    let endpoint = settings.logs.as_ref()?;
    let build = || -> Built<_> { Ok(exporter!(LogExporter, endpoint, &settings.trust)?) };
    let exporter = told("logs", build())?;
    Some(SdkLoggerProvider::builder().with_batch_exporter(exporter).with_resource(resource(settings)).build())
}

/// A host that cannot tell others what it does works all the same.
fn told<T>(signal: &str, built: Built<T>) -> Option<T> {
    let built = built.map_err(|err| match err.downcast_ref::<ExporterBuildError>() {
        // What follows the name repeats the value, and that may hold a password.
        Some(ExporterBuildError::InvalidConfiguration(words)) => {
            format!("{} is not understood", words.split(':').next().unwrap_or_default())
        }
        _ => err.to_string(),
    });
    match built {
        Ok(exporter) => Some(exporter),
        Err(why) => {
            tracing::warn!("{signal} are not exported over OTLP: {why}");
            None
        }
    }
}

fn resource(settings: &Settings) -> Resource {
    let given = settings.attributes.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
    let named = settings.service_name.clone();
    let listed = settings.attributes.iter().find(|(key, _)| key == "service.name").map(|(_, name)| name.clone());
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", uuid::Uuid::new_v4().to_string()),
        ])
        .with_attributes(given)
        .with_service_name(named.or(listed).unwrap_or_else(|| "chartwright-host".to_owned()))
        .build()
}

/// Sends what is left of both at once. The libraries wait for it in the thread that asks.
pub(super) async fn finish(traces: Option<SdkTracerProvider>, metrics: Option<SdkMeterProvider>) {
    let traces = tokio::task::spawn_blocking(move || traces.map(|traces| traces.shutdown_with_timeout(LAST)));
    let metrics = tokio::task::spawn_blocking(move || metrics.map(|metrics| metrics.shutdown_with_timeout(LAST)));
    _ = tokio::time::timeout(LAST, async { tokio::join!(traces, metrics) }).await;
}
