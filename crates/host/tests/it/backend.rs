//! A server that workloads ask.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::StreamExt as _;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Answers with what it was asked: `/hang` never does, `/stall` only begins to.
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Backend {
    pub(crate) async fn start(tls: Option<Arc<ServerConfig>>) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&seen);
        let address = listen(tls, move |request| answer(request, Arc::clone(&shared))).await;
        Self { address, seen }
    }

    /// Headers of what was asked.
    pub(crate) fn seen(&self) -> Vec<HeaderMap> {
        self.seen.lock().unwrap().clone()
    }
}

/// Serves HTTP/1.1 and h2 on loopback, with TLS or without, and tells where.
pub(crate) async fn listen<F, R, B>(tls: Option<Arc<ServerConfig>>, answer: F) -> SocketAddr
where
    F: Fn(Request<Incoming>) -> R + Clone + Send + 'static,
    R: Future<Output = Result<Response<B>, Infallible>> + Send + 'static,
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (service, tls) = (service_fn(answer.clone()), tls.clone());
            tokio::spawn(async move {
                let http = auto::Builder::new(TokioExecutor::new());
                match tls {
                    Some(tls) => {
                        let Ok(stream) = TlsAcceptor::from(tls).accept(stream).await else { return };
                        _ = http.serve_connection(TokioIo::new(stream), service).await;
                    }
                    None => _ = http.serve_connection(TokioIo::new(stream), service).await,
                }
            });
        }
    });
    address
}

async fn answer(
    request: Request<Incoming>,
    seen: Arc<Mutex<Vec<HeaderMap>>>,
) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
    seen.lock().unwrap().push(request.headers().clone());
    if request.uri().path() == "/hang" {
        std::future::pending::<()>().await;
    }
    let text = Bytes::from(format!("{:?} {}", request.version(), request.uri().path()));
    if request.uri().path() == "/stall" {
        let first = futures::stream::once(std::future::ready(Ok(Frame::data(text))));
        return Ok(Response::new(BodyExt::boxed(StreamBody::new(first.chain(futures::stream::pending())))));
    }
    Ok(Response::new(Full::new(text).boxed()))
}
