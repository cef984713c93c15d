//! Small pages in plain HTTP: probes and metrics, on ports of their own that no workload can fill.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
pub use http::StatusCode;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

/// An answer to the path of a GET.
pub type Page = (StatusCode, &'static str, String);

/// Listens, and serves pages until the runtime ends.
pub async fn serve<F>(address: SocketAddr, page: F) -> std::io::Result<SocketAddr>
where
    F: Fn(&str) -> Page + Send + Sync + 'static,
{
    let listener = TcpListener::bind(address).await?;
    let local = listener.local_addr()?;
    let page = Arc::new(page);
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            };
            let page = Arc::clone(&page);
            tokio::spawn(async move {
                let service = service_fn(|request: http::Request<hyper::body::Incoming>| {
                    let (status, kind, text) = page(request.uri().path());
                    let mut response = Response::new(Full::new(Bytes::from(text)));
                    *response.status_mut() = status;
                    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
                    std::future::ready(Ok::<_, Infallible>(response))
                });
                let served =
                    http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
                if let Err(err) = served.await {
                    tracing::debug!(error = %err, "a connection to probes or metrics ended");
                }
            });
        }
    });
    Ok(local)
}
