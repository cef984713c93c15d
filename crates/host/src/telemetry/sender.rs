//! Sends OTLP over HTTP with the libraries the host has anyway. The exporters run in threads of their own, without a
//! runtime: the work is done on the host's.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::runtime::Handle;

use super::Trust;

/// Time for one export.
const LIMIT: Duration = Duration::from_secs(10);
/// Answers of collectors are short.
const LARGEST: usize = 4 << 20;

pub(super) struct Sender {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    runtime: Handle,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sender")
    }
}

impl Sender {
    /// A client; made on a runtime.
    pub(super) fn new(trust: &Trust) -> Result<Self, HttpError> {
        let tls = trust.rustls()?;
        let https =
            hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_all_versions();
        let client = Client::builder(TokioExecutor::new()).build(https.build());
        Ok(Self { client, runtime: Handle::current() })
    }
}

impl HttpClient for Sender {
    fn send_bytes<'a, 'f>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        'a: 'f,
        Self: 'f,
    {
        let client = self.client.clone();
        let sent = async move {
            let response = client.request(request.map(Full::new)).await?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, LARGEST).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(parts, body))
        };
        let sent = self.runtime.spawn(async move { tokio::time::timeout(LIMIT, sent).await });
        Box::pin(async move { sent.await?? })
    }
}
