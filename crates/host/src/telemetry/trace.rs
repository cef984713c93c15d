//! W3C trace context: what came with a request, and what goes along with those it causes.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::SpanContext;
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;

const PARENT: HeaderName = HeaderName::from_static("traceparent");
const STATE: HeaderName = HeaderName::from_static("tracestate");

/// The two headers, as they were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    parent: Option<HeaderValue>,
    state: Option<HeaderValue>,
}

impl Trace {
    /// Those of a request. Who sends two parents has none.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut parents = headers.get_all(&PARENT).iter();
        match (parents.next(), parents.next()) {
            (Some(parent), None) => Self { parent: Some(parent.clone()), state: headers.get(&STATE).cloned() },
            _ => Self::default(),
        }
    }

    /// Sets them on a request that has none of its own.
    pub(crate) fn pass_on(&self, headers: &mut HeaderMap) {
        let Some(parent) = self.parent.as_ref().filter(|_| !headers.contains_key(&PARENT)) else { return };
        headers.insert(PARENT, parent.clone());
        match &self.state {
            Some(state) => _ = headers.insert(STATE, state.clone()),
            None => _ = headers.remove(&STATE),
        }
    }
}

/// The context that headers name; none in it where they name none.
pub(super) fn extract(headers: &HeaderMap) -> Context {
    TraceContextPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(headers))
}

/// Sets the headers to a span.
pub(super) fn inject(span: &SpanContext, headers: &mut HeaderMap) {
    let parent = format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), u8::from(span.is_sampled()));
    let Ok(parent) = HeaderValue::try_from(parent) else { return };
    headers.insert(PARENT, parent);
    match HeaderValue::try_from(span.trace_state().header()) {
        Ok(state) if !state.is_empty() => _ = headers.insert(STATE, state),
        _ => _ = headers.remove(&STATE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_guest_sets_stays() {
        let mut came = HeaderMap::new();
        came.insert(PARENT, HeaderValue::from_static("00-1-2-01"));
        came.insert(STATE, HeaderValue::from_static("a=b"));
        let trace = Trace::of(&came);
        let mut out = HeaderMap::new();
        trace.pass_on(&mut out);
        assert_eq!(out, came);
        let mut own = HeaderMap::new();
        own.insert(PARENT, HeaderValue::from_static("00-3-4-01"));
        trace.pass_on(&mut own);
        assert_eq!((own.len(), &own[PARENT]), (1, &HeaderValue::from_static("00-3-4-01")));
        came.append(PARENT, HeaderValue::from_static("00-5-6-01"));
        assert_eq!(Trace::of(&came), Trace::default());
    }
}
