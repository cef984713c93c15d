//! A plain server: what hyper alone does with the same answer.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

/// Says where it listens, and serves until the process ends.
#[tokio::main]
pub(crate) async fn serve() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        _ = stream.set_nodelay(true);
        tokio::spawn(async move {
            let service = service_fn(|_| {
                let body = Full::new(Bytes::from_static(b"hello\n"));
                std::future::ready(Ok::<_, Infallible>(http::Response::new(body)))
            });
            _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
