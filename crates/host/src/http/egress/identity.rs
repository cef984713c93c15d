//! The client certificate for guests' HTTPS: one for all workloads and destinations.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;

use super::super::pem::{self, FileError, Named};
use crate::metrics::Metrics;

const CERT: &str = "http-client-cert-path";
const KEY: &str = "http-client-key-path";

/// Files of the client certificate.
#[derive(Clone, Debug)]
pub struct IdentityOptions {
    /// The certificate, and those between it and its authority.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// How often they are read again; none: never.
    pub refresh: Option<Duration>,
}

/// The certificate that is shown to servers that ask for one.
pub(super) struct Identity {
    options: IdentityOptions,
    current: RwLock<(Arc<CertifiedKey>, Option<i64>)>,
    /// Said once for each certificate.
    warned: AtomicBool,
    metrics: Arc<Metrics>,
}

impl Identity {
    /// Reads the files; a certificate that has expired is an error.
    pub(super) fn new(options: IdentityOptions, metrics: Arc<Metrics>) -> Result<Arc<Self>, FileError> {
        let current = load(&options)?;
        metrics.certificate("client", current.1);
        let identity =
            Arc::new(Self { options, current: RwLock::new(current), warned: AtomicBool::new(false), metrics });
        if let Some(every) = identity.options.refresh.filter(|every| !every.is_zero()) {
            tokio::spawn(refresh(Arc::downgrade(&identity), every));
        }
        Ok(identity)
    }

    fn reload(&self) {
        match load(&self.options) {
            Ok(new) => {
                self.metrics.certificate("client", new.1);
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
                self.warned.store(false, Ordering::Relaxed);
            }
            Err(err) => tracing::warn!("{err}; the client certificate from before stays in use"),
        }
    }
}

async fn refresh(identity: Weak<Identity>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(identity) = identity.upgrade() else { return };
        _ = tokio::task::spawn_blocking(move || identity.reload()).await;
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, _authorities: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        if current.1.is_none_or(|expires| expires > pem::now()) {
            return Some(Arc::clone(&current.0));
        }
        if !self.warned.swap(true, Ordering::Relaxed) {
            let path = self.options.cert.display();
            tracing::warn!("--{CERT} {path}: the certificate has expired and is not presented any more");
        }
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn load(options: &IdentityOptions) -> Result<(Arc<CertifiedKey>, Option<i64>), FileError> {
    let (cert, key) = (Named(CERT, &options.cert), Named(KEY, &options.key));
    let chain = cert.certificates()?;
    let expires = chain.first().and_then(pem::not_after);
    if expires.is_some_and(|expires| expires <= pem::now()) {
        return Err(cert.fault("the certificate has expired"));
    }
    let provider = rustls::crypto::ring::default_provider();
    let pair = CertifiedKey::from_der(chain, key.key()?, &provider).map_err(|err| match err {
        rustls::Error::InconsistentKeys(_) => {
            key.fault(format!("is not the key of the certificate in --{CERT} {}", options.cert.display()))
        }
        rustls::Error::InvalidCertificate(_) => cert.fault(err.to_string()),
        _ => key.fault(format!("is of no use with --{CERT} {}: {err}", options.cert.display())),
    })?;
    Ok((Arc::new(pair), expires))
}
