//! Requests that guests send: where they may go, over pooled connections.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http_body_util::BodyExt as _;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::workload::Part;

/// Time for a connection or a first byte when the guest names none.
const PATIENCE: Duration = Duration::from_mins(10);

/// What the client is told.
#[derive(Clone, Debug, Default)]
pub struct ClientOptions {
    /// More certificate authorities, PEM files.
    pub ca_paths: Vec<PathBuf>,
    /// Whether the compiled-in public authorities are trusted.
    pub public_roots: bool,
}

/// The client of a host: its pool of connections.
#[derive(Clone)]
pub struct Client(legacy::Client<HttpsConnector<HttpConnector>, WasiBody>);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[error("--http-client-ca-path {path}: {why}", path = path.display())]
pub struct ClientError {
    path: PathBuf,
    why: String,
}

impl Client {
    /// Reads the authorities.
    pub fn new(options: &ClientOptions) -> Result<Self, ClientError> {
        let mut roots = RootCertStore::empty();
        if options.public_roots {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        for path in &options.ca_paths {
            let error = |why: String| ClientError { path: path.clone(), why };
            let certificates = CertificateDer::pem_file_iter(path).map_err(|err| error(err.to_string()))?;
            let before = roots.len();
            for certificate in certificates {
                let certificate = certificate.map_err(|err| error(err.to_string()))?;
                roots.add(certificate).map_err(|err| error(err.to_string()))?;
            }
            if roots.len() == before {
                return Err(error("holds no certificate".into()));
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|err| ClientError { path: PathBuf::new(), why: err.to_string() })?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector =
            hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_all_versions();
        Ok(Self(
            legacy::Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(Duration::from_mins(1))
                .build(connector.wrap_connector(tcp)),
        ))
    }
}

/// A component's way out.
pub struct Egress {
    part: Arc<Part>,
}

impl Egress {
    /// The way out of a component.
    pub fn new(part: &Arc<Part>) -> Self {
        Self { part: Arc::clone(part) }
    }
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sent = Result<(http::Response<WasiBody>, Io), Error>;

impl WasiHttpHooks for Egress {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _read: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let part = Arc::clone(&self.part);
        Box::new(async move {
            if !part.allowed_hosts.allow(request.uri()) {
                tracing::info!(
                    namespace = part.namespace,
                    workload = part.workload,
                    component = part.component,
                    host = request.uri().host().unwrap_or_default(),
                    "a request to a host that is not allowed"
                );
                return Err(Error::HttpRequestDenied);
            }
            let first_byte = options.and_then(|options| options.first_byte_timeout).unwrap_or(PATIENCE);
            let sent = tokio::time::timeout(first_byte, part.client.0.request(request)).await;
            let response = sent.map_err(|_| Error::ConnectionReadTimeout)?.map_err(|err| {
                tracing::debug!(error = %err, "an outgoing request failed");
                if err.is_connect() { Error::ConnectionRefused } else { Error::HttpProtocolError }
            })?;
            let io: Io = Box::new(std::future::ready(Ok(())));
            Ok((response.map(|body| body.map_err(Error::from).boxed_unsync()), io))
        })
    }
}
