//! Small pages over HTTP: probes and metrics, on ports of their own that no workload can fill.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
pub use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How long a client may take over a handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// An answer to the path of a GET.
pub type Page = (StatusCode, &'static str, String);

/// Listens, and serves pages until the runtime ends.
pub async fn serve<F>(address: SocketAddr, page: F) -> std::io::Result<SocketAddr>
where
    F: Fn(&str) -> Page + Send + Sync + 'static,
{
    let page = Arc::new(page);
    listen(address, move |stream| {
        let page = Arc::clone(&page);
        connection(stream, move |head| std::future::ready(page(head.uri.path())))
    })
    .await
}

/// The same over TLS, to whom `page` lets in by the head of a request. `acceptor` is asked for each connection, so that a
/// certificate may be replaced.
pub async fn serve_secure<F, A>(
    address: SocketAddr,
    acceptor: impl Fn() -> TlsAcceptor + Send + 'static,
    page: F,
) -> std::io::Result<SocketAddr>
where
    F: Fn(Parts) -> A + Send + Sync + 'static,
    A: Future<Output = Page> + Send,
{
    let page = Arc::new(page);
    listen(address, move |stream| {
        let (acceptor, page) = (acceptor(), Arc::clone(&page));
        async move {
            match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => connection(stream, move |head| page(head)).await,
                Ok(Err(err)) => tracing::debug!(error = %err, "a handshake failed"),
                Err(_) => tracing::debug!("a handshake took too long"),
            }
        }
    })
    .await
}

async fn listen<C>(
    address: SocketAddr,
    connect: impl Fn(TcpStream) -> C + Send + 'static,
) -> std::io::Result<SocketAddr>
where
    C: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind(address).await?;
    let local = listener.local_addr()?;
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            tokio::spawn(connect(stream));
        }
    });
    Ok(local)
}

async fn connection<S, A>(stream: S, page: impl Fn(Parts) -> A)
where
    S: AsyncRead + AsyncWrite + Unpin,
    A: Future<Output = Page>,
{
    let service = service_fn(|request: Request<Incoming>| {
        let answer = page(request.into_parts().0);
        async {
            let (status, kind, text) = answer.await;
            let mut response = Response::new(Full::new(Bytes::from(text)));
            *response.status_mut() = status;
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            if status == StatusCode::UNAUTHORIZED {
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let served = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    if let Err(err) = served.await {
        tracing::debug!(error = %err, "a connection to probes or metrics ended");
    }
}
