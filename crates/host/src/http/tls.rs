//! TLS of the server: one certificate, read again when its files change, and clients' certificates where asked for.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use super::pem::{self, FileError, Named};
use crate::metrics::Metrics;

/// How often the files are looked at. They are a few kilobytes, and who replaces them waits for it.
const LOOK: Duration = Duration::from_secs(1);

const CERT: &str = "tls-cert-path";
const KEY: &str = "tls-key-path";
const CA: &str = "tls-ca-path";

/// Files of the server's TLS.
#[derive(Clone, Debug)]
pub struct TlsOptions {
    /// The certificate, and those between it and its authority.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// Authorities of clients; with it, clients need a certificate.
    pub ca: Option<PathBuf>,
}

/// What handshakes are made with.
pub struct Tls {
    options: TlsOptions,
    config: RwLock<Arc<ServerConfig>>,
    metrics: Arc<Metrics>,
}

impl Tls {
    /// Reads the files.
    pub fn new(options: TlsOptions, metrics: Arc<Metrics>) -> Result<Arc<Self>, FileError> {
        let (config, expires) = load(&options)?;
        metrics.certificate("server", expires);
        if expires.is_some_and(|expires| expires < pem::now()) {
            tracing::warn!("--{CERT} {}: the certificate has expired", options.cert.display());
        }
        Ok(Arc::new(Self { options, config: RwLock::new(config), metrics }))
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Reads the files again whenever they changed, for ever.
    pub(super) async fn watch(self: Arc<Self>) {
        let mut used = self.stamp().await;
        let mut seen = used;
        loop {
            tokio::time::sleep(LOOK).await;
            let found = self.stamp().await;
            // Certificate and key are two files: what is the same twice is not in the middle of a change.
            if found != used && found == seen {
                self.reload();
                used = found;
            }
            seen = found;
        }
    }

    async fn stamp(self: &Arc<Self>) -> Option<[u8; 32]> {
        let this = Arc::clone(self);
        tokio::task::spawn_blocking(move || pem::stamp(this.options.paths())).await.ok().flatten()
    }

    fn reload(&self) {
        let result = load(&self.options);
        self.metrics.tls_reload(result.is_ok());
        match result {
            Ok((config, expires)) => {
                *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
                self.metrics.certificate("server", expires);
                tracing::info!("--{CERT} {}: the new certificate is in use", self.options.cert.display());
            }
            Err(err) => tracing::warn!("{err}; the certificate from before stays in use"),
        }
    }
}

impl TlsOptions {
    fn paths(&self) -> impl Iterator<Item = &Path> {
        [&self.cert, &self.key].into_iter().chain(&self.ca).map(PathBuf::as_path)
    }
}

fn load(options: &TlsOptions) -> Result<(Arc<ServerConfig>, Option<i64>), FileError> {
    let (cert, key) = (Named(CERT, &options.cert), Named(KEY, &options.key));
    let chain = cert.certificates()?;
    let expires = chain.first().and_then(pem::not_after);
    let private = key.key()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|err| cert.fault(err.to_string()))?;
    let builder = match &options.ca {
        Some(path) => {
            let ca = Named(CA, path);
            let mut roots = RootCertStore::empty();
            ca.add_to(&mut roots)?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|err| ca.fault(err.to_string()))?)
        }
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(chain, private).map_err(|err| match err {
        rustls::Error::InconsistentKeys(_) => {
            key.fault(format!("is not the key of the certificate in --{CERT} {}", options.cert.display()))
        }
        rustls::Error::InvalidCertificate(_) => cert.fault(err.to_string()),
        _ => key.fault(format!("is of no use with --{CERT} {}: {err}", options.cert.display())),
    })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok((Arc::new(config), expires))
}
