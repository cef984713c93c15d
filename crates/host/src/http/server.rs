//! The server: HTTP/1.1 and h2 on one port, plain or behind TLS, and an orderly end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{HeaderValue, Request, Version, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_util::task::TaskTracker;

use super::Tls;
use super::front::Front;
use crate::metrics::Metrics;

/// Time for a TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Time for the head of a request, and for a connection without any.
const HEAD: Duration = Duration::from_secs(75);
/// A request may be on its way over a connection that looks idle: so long it is waited for at the end.
const LAST: Duration = Duration::from_secs(1);

/// What the server is told.
#[derive(Clone, Copy, Debug)]
pub struct ServerOptions {
    /// Where it listens.
    pub address: SocketAddr,
    /// Connections at a time.
    pub connections: usize,
    /// Time for what is in flight after the end began.
    pub drain: Duration,
}

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    options: ServerOptions,
    tls: Option<Arc<Tls>>,
    shared: Arc<Shared>,
}

/// What connections use.
struct Shared {
    http: auto::Builder<TokioExecutor>,
    front: Arc<Front>,
    metrics: Arc<Metrics>,
}

/// How the end comes.
#[derive(Clone)]
pub struct End {
    /// Still serving, and on the way out: clients are asked to go elsewhere.
    pub draining: watch::Receiver<bool>,
    /// Nothing new any more.
    pub ended: watch::Receiver<bool>,
}

impl Server {
    /// Listens, so that an address in use is known before anything else happens.
    pub async fn bind(
        options: ServerOptions,
        tls: Option<Arc<Tls>>,
        front: Arc<Front>,
        metrics: Arc<Metrics>,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(options.address).await?;
        let mut http = auto::Builder::new(TokioExecutor::new());
        http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD).pipeline_flush(true);
        http.http2().timer(TokioTimer::new()).keep_alive_interval(Duration::from_secs(20));
        Ok(Self { listener, options, tls, shared: Arc::new(Shared { http, front, metrics }) })
    }

    /// Where it listens.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until the end, then finishes what is in flight.
    pub async fn run(self, mut end: End) {
        let watching = self.tls.clone().map(|tls| tokio::spawn(tls.watch()));
        let connections = Arc::new(Semaphore::new(self.options.connections));
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = end.ended.wait_for(|ended| *ended) => break,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(err) => {
                    // Out of descriptors, most of the time: it passes, and a loop without a pause would not help.
                    tracing::warn!(error = %err, "cannot accept a connection");
                    self.shared.metrics.connection_refused("accept-failed");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            // Closed rather than kept waiting: whoever balances the load notices, and tries another host.
            let Ok(permit) = Arc::clone(&connections).try_acquire_owned() else {
                self.shared.metrics.connection_refused("too-many");
                continue;
            };
            _ = stream.set_nodelay(true);
            let (shared, tls, end) = (Arc::clone(&self.shared), self.tls.clone(), end.clone());
            tasks.spawn(async move {
                shared.connection(stream, tls, end).await;
                drop(permit);
            });
        }
        drop(self.listener);
        tasks.close();
        if tokio::time::timeout(self.options.drain, tasks.wait()).await.is_err() {
            tracing::warn!(
                seconds = self.options.drain.as_secs(),
                "requests were still running when their time was up"
            );
        }
        if let Some(watching) = watching {
            watching.abort();
        }
    }
}

impl Shared {
    async fn connection(self: Arc<Self>, stream: TcpStream, tls: Option<Arc<Tls>>, end: End) {
        let Some(tls) = tls else { return self.serve(TokioIo::new(stream), false, end).await };
        match tokio::time::timeout(HANDSHAKE, tls.acceptor().accept(stream)).await {
            Ok(Ok(stream)) => self.serve(TokioIo::new(stream), true, end).await,
            Ok(Err(err)) => {
                tracing::debug!(error = %err, "a TLS handshake failed");
                self.metrics.connection_refused("tls-handshake");
            }
            Err(_) => self.metrics.connection_refused("tls-timeout"),
        }
    }

    async fn serve(self: Arc<Self>, io: impl Read + Write + Unpin + Send + 'static, https: bool, mut end: End) {
        let (h2, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let service = service_fn({
            let (shared, draining) = (Arc::clone(&self), end.draining.clone());
            let (h2, asked) = (Arc::clone(&h2), Arc::clone(&asked));
            move |request: Request<Incoming>| {
                let (shared, draining) = (Arc::clone(&shared), draining.clone());
                let one = request.version() < Version::HTTP_2;
                h2.store(!one, Ordering::Relaxed);
                asked.store(true, Ordering::Relaxed);
                async move {
                    let request = request.map(|body| body.map_err(wasmtime_wasi_http::Error::from).boxed_unsync());
                    let mut response = shared.front.answer(request, https).await;
                    if one && *draining.borrow() {
                        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                    }
                    Ok::<_, Infallible>(response)
                }
            }
        });
        let mut connection = pin!(self.http.serve_connection(io, service));
        let result = tokio::select! {
            result = connection.as_mut() => result,
            () = silent(&asked) => {
                self.metrics.connection_refused("silent");
                return;
            }
            () = until_over(&h2, &mut end) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(err) = result {
            tracing::debug!(error = %err, "a connection ended");
        }
    }
}

/// When a connection has asked for nothing in the time it has for that. hyper's own limit begins once it knows which
/// protocol is spoken.
async fn silent(asked: &AtomicBool) {
    tokio::time::sleep(HEAD).await;
    if asked.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}

/// When a connection is to take no more. With h2 a client is told so and nothing is lost: at once. With HTTP/1.1 the
/// next answer tells it; one that has nothing to ask is left alone to the end, and a moment longer.
async fn until_over(h2: &AtomicBool, end: &mut End) {
    _ = end.draining.wait_for(|draining| *draining).await;
    if !h2.load(Ordering::Relaxed) {
        _ = end.ended.wait_for(|ended| *ended).await;
        tokio::time::sleep(LAST).await;
    }
}
