//! What the host tells others over OTLP: spans, durations, its log. Nothing of it is started without an endpoint; trace
//! context is passed on all the same.

mod export;
mod logs;
mod sender;
mod settings;
mod spans;
mod trace;
mod trust;

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, MeterProvider as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

pub use logs::Logs;
pub use settings::{Endpoint, Protocol, Settings};
pub use spans::Recording;
pub use trace::Trace;
pub use trust::Trust;

use crate::workload::Part;

/// Seconds, as upstream's buckets and `/metrics` have them.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0, 300.0];

/// Spans and durations.
#[derive(Clone, Default)]
pub struct Telemetry(Option<Arc<Exports>>);

struct Exports {
    traces: Option<(SdkTracerProvider, SdkTracer)>,
    metrics: Option<(SdkMeterProvider, Histogram<f64>)>,
}

impl Telemetry {
    /// Starts what has an endpoint; needs a runtime.
    pub fn start(settings: &Settings) -> Self {
        let traces = export::traces(settings).map(|provider| {
            let tracer = provider.tracer("chartwright-host");
            (provider, tracer)
        });
        let metrics = export::metrics(settings).map(|provider| {
            let meter = provider.meter("chartwright-host");
            let durations = meter
                .f64_histogram("guest.invocation.duration")
                .with_unit("s")
                .with_description("Time that a guest needed for a call")
                .with_boundaries(BUCKETS.to_vec())
                .build();
            (provider, durations)
        });
        let nothing = traces.is_none() && metrics.is_none();
        Self((!nothing).then(|| Arc::new(Exports { traces, metrics })))
    }

    fn tracer(&self) -> Option<&SdkTracer> {
        self.0.as_ref()?.traces.as_ref().map(|(_, tracer)| tracer)
    }

    /// A request that a workload is to serve: with traces exported, its headers then name the span that is returned.
    pub(crate) fn serves<B>(&self, part: &Part, request: &mut Request<B>) -> Recording {
        let Some(tracer) = self.tracer() else { return Recording::default() };
        let (method, uri) = (request.method().clone(), request.uri().clone());
        Recording::served(tracer, part, &method, &uri, request.headers_mut())
    }

    /// A request that a workload sends: it continues the trace of its cause.
    pub(crate) fn sends<B>(&self, part: &Part, cause: &Trace, request: &mut Request<B>) -> Recording {
        let Some(tracer) = self.tracer() else {
            cause.pass_on(request.headers_mut());
            return Recording::default();
        };
        let (method, uri) = (request.method().clone(), request.uri().clone());
        Recording::sent(tracer, part, cause, &method, &uri, request.headers_mut())
    }

    /// A call of a guest, and why it failed if it did.
    pub(crate) fn called(
        &self,
        part: &Part,
        plugin: &'static str,
        operation: &'static str,
        took: Duration,
        error: Option<&'static str>,
    ) {
        let Some((_, durations)) = self.0.as_ref().and_then(|exports| exports.metrics.as_ref()) else { return };
        let mut attributes = vec![
            KeyValue::new("plugin", plugin),
            KeyValue::new("operation", operation),
            KeyValue::new("workload.namespace", part.namespace.clone()),
            KeyValue::new("workload.name", part.workload.clone()),
            KeyValue::new("component", part.component.clone()),
        ];
        attributes.extend(error.map(|error| KeyValue::new("error.type", error)));
        durations.record(took.as_secs_f64(), &attributes);
    }

    /// Sends what is left.
    pub async fn finish(&self) {
        let Some(exports) = &self.0 else { return };
        let traces = exports.traces.as_ref().map(|(provider, _)| provider.clone());
        let metrics = exports.metrics.as_ref().map(|(provider, _)| provider.clone());
        export::finish(traces, metrics).await;
    }
}
