//! The way of a request to its workload: by its host name, within the limits, counted.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Request, Response, Uri, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::AbortOnDropHandle;
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::{ExpirationError, InstantiationError};

use super::answer::Miss;
use super::gather::Gathered;
use super::names::requested;
use super::{Call, Router, Target};
use crate::metrics::{Gauge, Metrics};
use crate::telemetry::{Recording, Telemetry, Trace};

/// What all requests pass through, from outside and from workloads of this host.
pub struct Front {
    router: Arc<Router>,
    metrics: Arc<Metrics>,
    in_flight: Arc<Semaphore>,
    /// Largest body, in bytes.
    body: Option<u64>,
    telemetry: Telemetry,
}

/// What is let in.
#[derive(Clone, Copy, Debug)]
pub struct Admission {
    /// Requests under way at a time.
    pub in_flight: usize,
    /// Largest body, in bytes; none: any.
    pub body: Option<u64>,
}

impl Front {
    /// A front of the whole host.
    pub fn new(router: Arc<Router>, metrics: Arc<Metrics>, telemetry: Telemetry, admission: Admission) -> Arc<Self> {
        let Admission { in_flight, body } = admission;
        Arc::new(Self { router, metrics, in_flight: Arc::new(Semaphore::new(in_flight)), body, telemetry })
    }

    /// The answer to a request that came over a connection.
    pub(super) async fn answer(&self, mut request: Request<WasiBody>, https: bool) -> Response<Counted> {
        let start = Instant::now();
        let authority = match authority(request.headers(), request.uri()) {
            Ok(authority) => authority,
            Err(miss) => return self.miss(&miss),
        };
        let name = requested(authority.as_str());
        let target = match self.router.find(name) {
            Ok(target) => target,
            Err(miss) => return self.miss(&miss),
        };
        // The guest sees the name that the request was routed by, whatever else the client wrote.
        if let Some(uri) = absolute(request.uri(), &authority, https) {
            *request.uri_mut() = uri;
        }
        self.serve(&target, request, https, start).await
    }

    /// The answer to a request of a workload of a namespace, if a neighbour of it is to give it.
    pub(super) async fn within(
        self: Arc<Self>,
        namespace: &str,
        request: Request<WasiBody>,
    ) -> Result<Response<WasiBody>, Request<WasiBody>> {
        let start = Instant::now();
        let Some(target) = self.router.neighbour(namespace, request.uri()) else { return Err(request) };
        let https = request.uri().scheme() == Some(&Scheme::HTTPS);
        // A task of its own: the workload that asks may be what polls this, and no instance runs within another.
        let front = Arc::clone(&self);
        let served = tokio::spawn(async move { front.serve(&target, request, https, start).await });
        let response = AbortOnDropHandle::new(served).await.unwrap_or_else(|_| self.miss(&Miss::Failed));
        Ok(response.map(BodyExt::boxed_unsync))
    }

    async fn serve(
        &self,
        target: &Target,
        mut request: Request<WasiBody>,
        https: bool,
        start: Instant,
    ) -> Response<Counted> {
        let mut span = self.telemetry.serves(&target.part, &mut request);
        let trace = Trace::of(request.headers());
        if let Some(most) = self.body {
            if request.body().size_hint().exact().is_some_and(|length| length > most) {
                return self.refused(target, &Miss::TooLarge, start, span);
            }
            request = request.map(|body| bounded(body, most));
        }
        let Ok(permit) = Arc::clone(&self.in_flight).try_acquire_owned() else {
            return self.refused(target, &Miss::HostBusy, start, span);
        };
        let Ok(own) = Arc::clone(&target.in_flight).try_acquire_owned() else {
            return self.refused(target, &Miss::WorkloadBusy, start, span);
        };
        let gauge = target.meters.running().clone();
        gauge.inc();
        let admitted = Arc::new(Admitted { _permits: (permit, own), gauge });
        let broken = Arc::<AtomicBool>::default();
        let call = Call { https, trace, admitted: Some(Arc::clone(&admitted)), broken: Arc::clone(&broken) };
        let called = |error| self.telemetry.called(&target.part, "wasi-http", "handle", start.elapsed(), error);
        match target.caller.call(call, request).await {
            Ok((response, mut work)) => {
                let (head, body) = response.into_parts();
                let named = head.headers.contains_key(header::CONTENT_LENGTH);
                let Some(body) = Gathered::new(body, named, broken, work.as_mut()).await else {
                    called(Some(Miss::Failed.word()));
                    return self.refused(target, &Miss::Failed, start, span);
                };
                // What it has not done yet the instance does by itself, while this sends what there is.
                drop(work);
                target.meters.answered(head.status, start.elapsed());
                called(None);
                span.status(head.status, 500);
                // The span is as long as the body.
                let running = Running { _admitted: admitted, _span: span };
                Response::from_parts(head, Counted { body, _running: Some(running) })
            }
            Err(err) => {
                let miss = if err.is::<ExpirationError>() {
                    Miss::TooLong
                } else if err.is::<InstantiationError<Call>>() {
                    Miss::NoInstance
                } else {
                    Miss::Failed
                };
                tracing::warn!(
                    namespace = target.part.namespace, workload = target.part.workload,
                    component = target.part.component, reason = miss.word(), error = %format!("{err:#}"),
                    "a request failed"
                );
                called(Some(miss.word()));
                self.refused(target, &miss, start, span)
            }
        }
    }

    fn miss(&self, miss: &Miss) -> Response<Counted> {
        self.metrics.missed(miss.word());
        miss.response().map(|body| Counted { body: Gathered::whole(body), _running: None })
    }

    fn refused(&self, target: &Target, miss: &Miss, start: Instant, mut span: Recording) -> Response<Counted> {
        span.status(miss.status(), u16::MAX);
        span.failed(miss.word());
        target.meters.answered(miss.status(), start.elapsed());
        self.miss(miss)
    }
}

/// A body that breaks off when it is longer than that, for those that do not say so beforehand.
fn bounded(body: WasiBody, most: u64) -> WasiBody {
    let limited = Limited::new(body, usize::try_from(most).unwrap_or(usize::MAX));
    let error = move |err: Box<dyn std::error::Error + Send + Sync>| match err.downcast::<wasmtime_wasi_http::Error>() {
        Ok(err) => *err,
        Err(_) => wasmtime_wasi_http::Error::HttpRequestBodySize(Some(most)),
    };
    limited.map_err(error).boxed_unsync()
}

/// `Host`, else `:authority`.
fn authority(headers: &HeaderMap, uri: &Uri) -> Result<Authority, Miss> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let authority = match (hosts.next(), hosts.next()) {
        // Two names: whoever is in front may have looked at the other one.
        (Some(_), Some(_)) => return Err(Miss::BadHost),
        (Some(host), None) if host.is_empty() => return Err(Miss::NoHost),
        (Some(host), None) => Authority::try_from(host.as_bytes()).map_err(|_| Miss::BadHost)?,
        (None, _) => uri.authority().cloned().ok_or(Miss::NoHost)?,
    };
    let text = authority.as_str();
    let port = text.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.ends_with(']'));
    let bad_port = port.is_some_and(|(_, port)| !port.is_empty() && port.parse::<u16>().is_err());
    if text.contains('@') || authority.host().is_empty() || bad_port { Err(Miss::BadHost) } else { Ok(authority) }
}

/// The whole address of a request. None for those that have no path: `OPTIONS *`, `CONNECT`.
fn absolute(uri: &Uri, authority: &Authority, https: bool) -> Option<Uri> {
    let path = uri.path_and_query().filter(|path| path.as_str().starts_with('/'))?;
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(if https { Scheme::HTTPS } else { Scheme::HTTP });
    parts.authority = Some(authority.clone());
    parts.path_and_query = Some(PathAndQuery::clone(path));
    Uri::from_parts(parts).ok()
}

/// A place among the requests under way.
#[derive(Debug)]
pub struct Admitted {
    _permits: (OwnedSemaphorePermit, OwnedSemaphorePermit),
    gauge: Gauge,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

/// A request until the last byte of its answer.
struct Running {
    _admitted: Arc<Admitted>,
    _span: Recording,
}

/// A body that keeps its request in the count until it ends.
pub(super) struct Counted {
    body: Gathered,
    _running: Option<Running>,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = wasmtime_wasi_http::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(hosts: &[&str], uri: &str) -> Result<String, Miss> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, host.parse().unwrap());
        }
        authority(&headers, &uri.parse().unwrap()).map(|authority| authority.to_string())
    }

    #[test]
    fn a_request_is_for_the_one_name_it_has() {
        assert_eq!(of(&["a.example:80"], "/").unwrap(), "a.example:80");
        assert_eq!(of(&[], "http://a.example/x").unwrap(), "a.example");
        assert_eq!(of(&["b.example"], "http://a.example/x").unwrap(), "b.example");
        assert_eq!(of(&["[2001:db8::1]:80"], "/").unwrap(), "[2001:db8::1]:80");
        assert_eq!(of(&[], "/"), Err(Miss::NoHost));
        assert_eq!(of(&[""], "/"), Err(Miss::NoHost));
        for bad in ["a b", "a/b", "user@a", ":80", "a:port", "a:99999", "<script>"] {
            assert_eq!(of(&[bad], "/"), Err(Miss::BadHost), "{bad}");
        }
        assert_eq!(of(&["a", "b"], "/"), Err(Miss::BadHost));
    }

    #[test]
    fn a_guest_sees_the_whole_address() {
        let authority = Authority::from_static("a.example:8443");
        let uri = absolute(&"/x?y=1".parse().unwrap(), &authority, true).unwrap();
        assert_eq!(uri.to_string(), "https://a.example:8443/x?y=1");
        assert_eq!(absolute(&"*".parse().unwrap(), &authority, true), None);
    }
}
