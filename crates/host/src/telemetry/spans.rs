//! Spans of requests that are served and of those that guests send. Never with a path or a query: those are the
//! guests' and may hold secrets.

use http::{HeaderMap, Method, StatusCode, Uri};
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, SpanBuilder, SpanKind, Status, Tracer as _};
use opentelemetry_sdk::trace::{SdkTracer, Span};

use super::trace::{self, Trace};
use crate::workload::Part;

/// A span, or nothing where traces are not exported. Ends when it is dropped.
#[derive(Default)]
pub struct Recording(Option<Span>);

impl Recording {
    /// A request that a workload serves; its headers name this span then.
    pub(super) fn served(tracer: &SdkTracer, part: &Part, method: &Method, uri: &Uri, headers: &mut HeaderMap) -> Self {
        let parent = trace::extract(headers);
        let builder = builder(SpanKind::Server, part, method, uri);
        let span = tracer.build_with_context(builder, &parent);
        trace::inject(span.span_context(), headers);
        Self(Some(span))
    }

    /// A request that a workload sends, caused by the one with that trace unless the guest says otherwise.
    pub(super) fn sent(
        tracer: &SdkTracer,
        part: &Part,
        cause: &Trace,
        method: &Method,
        uri: &Uri,
        headers: &mut HeaderMap,
    ) -> Self {
        cause.pass_on(headers);
        let parent = trace::extract(headers);
        let span = tracer.build_with_context(builder(SpanKind::Client, part, method, uri), &parent);
        trace::inject(span.span_context(), headers);
        Self(Some(span))
    }

    /// The status of its answer; an error from `worst` on.
    pub(crate) fn status(&mut self, status: StatusCode, worst: u16) {
        let Some(span) = &mut self.0 else { return };
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        if status.as_u16() >= worst {
            span.set_attribute(KeyValue::new("error.type", status.as_str().to_owned()));
            span.set_status(Status::error(""));
        }
    }

    /// Why it has none of a workload or server.
    pub(crate) fn failed(&mut self, why: &'static str) {
        let Some(span) = &mut self.0 else { return };
        span.set_attribute(KeyValue::new("error.type", why));
        span.set_status(Status::error(why));
    }
}

fn builder(kind: SpanKind, part: &Part, method: &Method, uri: &Uri) -> SpanBuilder {
    let method = known(method);
    let mut attributes = vec![
        KeyValue::new("http.request.method", method),
        KeyValue::new("workload.namespace", part.namespace.clone()),
        KeyValue::new("workload.name", part.workload.clone()),
        KeyValue::new("component", part.component.clone()),
    ];
    if let Some(scheme) = uri.scheme_str() {
        attributes.push(KeyValue::new("url.scheme", scheme.to_owned()));
    }
    if let Some(host) = uri.host() {
        attributes.push(KeyValue::new("server.address", host.to_owned()));
    }
    if let Some(port) = uri.port_u16() {
        attributes.push(KeyValue::new("server.port", i64::from(port)));
    }
    SpanBuilder::from_name(method).with_kind(kind).with_attributes(attributes)
}

/// A method's name, of a bounded number.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "CONNECT" => "CONNECT",
        "OPTIONS" => "OPTIONS",
        "TRACE" => "TRACE",
        "PATCH" => "PATCH",
        _ => "_OTHER",
    }
}
