//! The server: HTTP/1.1 and h2 on one port, each request to its workload, and an orderly end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::{conn::auto, graceful::GracefulShutdown};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use wasmtime_wasi_http::handler::{ExpirationError, InstantiationError};

use super::answer::Miss;
use super::gather::Gathered;
use super::names::requested;
use super::{Router, Target};
use crate::metrics::Metrics;

/// What the server is told.
#[derive(Clone, Copy, Debug)]
pub struct ServerOptions {
    /// Where it listens.
    pub address: SocketAddr,
    /// Connections at a time.
    pub connections: usize,
    /// Requests at a time.
    pub in_flight: usize,
    /// Time for what is in flight after the end began.
    pub drain: Duration,
}

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    options: ServerOptions,
    shared: Arc<Shared>,
}

struct Shared {
    router: Arc<Router>,
    metrics: Arc<Metrics>,
    in_flight: Arc<Semaphore>,
}

impl Server {
    /// Listens, so that an address in use is known before anything else happens.
    pub async fn bind(options: ServerOptions, router: Arc<Router>, metrics: Arc<Metrics>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(options.address).await?;
        let in_flight = Arc::new(Semaphore::new(options.in_flight));
        Ok(Self { listener, options, shared: Arc::new(Shared { router, metrics, in_flight }) })
    }

    /// Where it listens.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` says so, then finishes what is in flight.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut http = auto::Builder::new(TokioExecutor::new());
        http.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(30)).pipeline_flush(true);
        http.http2().timer(TokioTimer::new()).keep_alive_interval(Duration::from_secs(20));
        let connections = Arc::new(Semaphore::new(self.options.connections));
        let graceful = GracefulShutdown::new();
        loop {
            // A slot first: beyond the limit, connections wait in the kernel's queue.
            let permit = tokio::select! {
                permit = Arc::clone(&connections).acquire_owned() => permit,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(err) => {
                    // Out of descriptors, most of the time: it passes, and a loop without a pause would not help.
                    tracing::warn!(error = %err, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            _ = stream.set_nodelay(true);
            let shared = Arc::clone(&self.shared);
            let service = service_fn(move |request| {
                let shared = Arc::clone(&shared);
                async move { Ok::<_, Infallible>(shared.answer(request).await) }
            });
            let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service).into_owned());
            tokio::spawn(async move {
                if let Err(err) = connection.await {
                    tracing::debug!(error = %err, "a connection ended");
                }
                drop(permit);
            });
        }
        drop(self.listener);
        if tokio::time::timeout(self.options.drain, graceful.shutdown()).await.is_err() {
            tracing::warn!(
                seconds = self.options.drain.as_secs(),
                "requests were still running when their time was up"
            );
        }
    }
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Response<Counted> {
        let start = Instant::now();
        let Some(authority) = authority(&request) else { return self.miss(Miss::NoHost) };
        let Some(target) = self.router.find(&requested(authority)) else { return self.miss(Miss::UnknownHost) };
        let Ok(permit) = Arc::clone(&self.in_flight).try_acquire_owned() else {
            return self.refused(&target, Miss::HostBusy, start);
        };
        let Ok(own) = Arc::clone(&target.in_flight).try_acquire_owned() else {
            return self.refused(&target, Miss::WorkloadBusy, start);
        };
        let running = Running { _permits: (permit, own), gauge: target.meters.running().clone() };
        running.gauge.inc();
        let request = request.map(|body| body.map_err(wasmtime_wasi_http::Error::from).boxed_unsync());
        match target.handler.handle((), request).await {
            Ok(response) => {
                target.meters.answered(response.status(), start.elapsed());
                let (head, body) = response.into_parts();
                let body = Gathered::new(body, head.headers.contains_key(http::header::CONTENT_LENGTH)).await;
                Response::from_parts(head, Counted { body, _running: Some(running) })
            }
            Err(err) => {
                let miss = if err.is::<ExpirationError>() {
                    Miss::TooLong
                } else if err.is::<InstantiationError<()>>() {
                    Miss::NoInstance
                } else {
                    Miss::Failed
                };
                tracing::warn!(
                    namespace = target.part.namespace, workload = target.part.workload,
                    component = target.part.component, reason = miss.word(), error = %format!("{err:#}"),
                    "a request failed"
                );
                self.refused(&target, miss, start)
            }
        }
    }

    fn miss(&self, miss: Miss) -> Response<Counted> {
        self.metrics.missed(miss.word());
        miss.response().map(|body| Counted { body: Gathered::whole(body), _running: None })
    }

    fn refused(&self, target: &Target, miss: Miss, start: Instant) -> Response<Counted> {
        target.meters.answered(miss.status(), start.elapsed());
        self.miss(miss)
    }
}

/// `Host`, else `:authority`.
fn authority(request: &Request<Incoming>) -> Option<&str> {
    let header = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok());
    header.or_else(|| request.uri().authority().map(http::uri::Authority::as_str)).filter(|host| !host.is_empty())
}

/// A request until the last byte of its answer.
struct Running {
    _permits: (OwnedSemaphorePermit, OwnedSemaphorePermit),
    gauge: crate::metrics::Gauge,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

/// A body that keeps its request in the count until it ends.
struct Counted {
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
