//! Connections of guests' requests: each has a slot of its workload and one of the host for as long as it stands.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector, dns::Name};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, watch};
use tower_service::Service;

use super::PATIENCE;
use super::clients::Workload;
use super::faults::Fault;

/// How often a connection that waits for a slot looks for unused ones.
const LOOK: Duration = Duration::from_millis(50);

tokio::task_local! {
    /// Of the request at hand, for the connection that it may need.
    pub(super) static ATTEMPT: Attempt;
}

/// What a request says of its connection, and learns of it.
#[derive(Clone)]
pub(super) struct Attempt {
    /// Time for it.
    pub(super) within: Duration,
    /// Whether it is being made: the time for an answer does not run meanwhile.
    pub(super) connecting: Arc<watch::Sender<bool>>,
}

impl Attempt {
    pub(super) fn new(within: Duration) -> Self {
        Self { within, connecting: Arc::new(watch::Sender::new(false)) }
    }

    /// Completes when so much time has passed without a connection being made.
    pub(super) async fn late(&self, limit: Duration) {
        let mut connecting = self.connecting.subscribe();
        loop {
            _ = connecting.wait_for(|connecting| !connecting).await;
            tokio::select! {
                () = tokio::time::sleep(limit) => return,
                _ = connecting.wait_for(|connecting| *connecting) => {}
            }
        }
    }
}

/// A connection that is being made.
struct Connecting(Arc<watch::Sender<bool>>);

impl Drop for Connecting {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Opening<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// Makes connections.
#[derive(Clone)]
pub(super) struct Connector {
    https: HttpsConnector<HttpConnector<Resolver>>,
    workload: Weak<Workload>,
    wait: Duration,
}

impl Connector {
    pub(super) fn new(tls: ClientConfig, workload: Weak<Workload>, wait: Duration) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let https = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls);
        Self { https: https.https_or_http().enable_all_versions().wrap_connector(tcp), workload, wait }
    }
}

impl Service<Uri> for Connector {
    type Response = Slotted;
    type Error = BoxError;
    type Future = Opening<Slotted, BoxError>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // Asked now and not in the future: that one may be finished in a task of its own.
        let attempt = ATTEMPT.try_with(Attempt::clone).unwrap_or_else(|_| Attempt::new(PATIENCE));
        attempt.connecting.send_replace(true);
        let (within, connecting) = (attempt.within, Connecting(attempt.connecting));
        let (workload, wait) = (self.workload.clone(), self.wait);
        let mut https = self.https.clone();
        Box::pin(async move {
            let _connecting = connecting;
            let workload = workload.upgrade().ok_or(Fault::NoSlot)?;
            let slots = tokio::time::timeout(wait, slots(&workload)).await.map_err(|_| Fault::NoSlot)??;
            drop(workload);
            let io = tokio::time::timeout(within, https.call(uri)).await.map_err(|_| Fault::Slow)??;
            Ok(Slotted { io, _slots: slots })
        })
    }
}

/// Slots; while there are none, connections that nobody uses make way.
async fn slots(workload: &Workload) -> Result<[OwnedSemaphorePermit; 2], AcquireError> {
    let mut slots = pin!(workload.slots());
    let mut again = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            biased;
            slots = &mut slots => return slots,
            _ = again.tick() => workload.let_go(),
        }
    }
}

/// The system's resolver, with an error that is known again.
#[derive(Clone)]
pub(super) struct Resolver;

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Fault;
    type Future = Opening<Self::Response, Fault>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(Fault::Name)?;
            Ok(found.collect::<Vec<_>>().into_iter())
        })
    }
}

/// A connection with its slots.
pub(super) struct Slotted {
    io: MaybeHttpsStream<TokioIo<TcpStream>>,
    _slots: [OwnedSemaphorePermit; 2],
}

impl Connection for Slotted {
    fn connected(&self) -> Connected {
        self.io.connected()
    }
}

impl Read for Slotted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl Write for Slotted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }
}
