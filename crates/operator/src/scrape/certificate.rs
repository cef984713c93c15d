//! The certificate of the metrics: of files, read again when they change, or one that the operator signs itself.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::options::CertificateFiles;

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How long one of its own is valid, and after which time another takes its place.
const VALID: Duration = Duration::from_hours(24 * 365);
const USED: Duration = Duration::from_hours(24 * 180);

/// Why there is no certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// A file that is of no use. Says nothing of what is in it.
    #[error("--{flag} {path}: {why}", path = path.display())]
    File {
        /// The flag.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// None can be made.
    #[error("--metrics-secure: no certificate can be made: {0}; name one with --metrics-tls-cert-path")]
    Made(String),
}

/// What files hold.
type Content = (Vec<u8>, Vec<u8>);

/// What handshakes are made with.
pub(super) struct Certificate {
    files: Option<CertificateFiles>,
    config: RwLock<Arc<ServerConfig>>,
}

impl Certificate {
    /// Reads the files, or makes one, and keeps it current from now on.
    pub(super) fn new(files: Option<CertificateFiles>) -> Result<Arc<Self>, CertificateError> {
        let (config, used) = match &files {
            Some(files) => {
                let content = read(files)?;
                (configured(files, &content)?, Some(content))
            }
            None => (own()?, None),
        };
        let certificate = Arc::new(Self { files, config: RwLock::new(config) });
        tokio::spawn(Arc::clone(&certificate).watch(used));
        Ok(certificate)
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Takes what files hold whenever that changes, and replaces one of its own before it ends; for ever.
    async fn watch(self: Arc<Self>, mut used: Option<Content>) {
        let mut made = Instant::now();
        let mut seen = used.clone();
        loop {
            tokio::time::sleep(LOOK).await;
            if self.files.is_none() {
                if made.elapsed() > USED {
                    made = Instant::now();
                    self.take(own());
                }
                continue;
            }
            let found = self.look().await;
            // Certificate and key are two files: what is the same twice is not in the middle of a change.
            if found != used && found == seen {
                if let (Some(files), Some(content)) = (&self.files, &found) {
                    self.take(configured(files, content));
                }
                used.clone_from(&found);
            }
            seen = found;
        }
    }

    async fn look(&self) -> Option<Content> {
        let files = self.files.clone()?;
        tokio::task::spawn_blocking(move || read(&files).ok()).await.ok().flatten()
    }

    fn take(&self, config: Result<Arc<ServerConfig>, CertificateError>) {
        match config {
            Ok(config) => {
                *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
                tracing::info!("metrics have a new certificate");
            }
            Err(err) => tracing::warn!("{err}; the certificate from before stays in use"),
        }
    }
}

fn fault(flag: &'static str, path: &Path, why: impl Into<String>) -> CertificateError {
    CertificateError::File { flag, path: path.to_owned(), why: why.into() }
}

const CERT: &str = "metrics-tls-cert-path";
const KEY: &str = "metrics-tls-key-path";

fn read(files: &CertificateFiles) -> Result<Content, CertificateError> {
    let read = |flag, path: &Path| {
        fs_err::read(path).map_err(|err| fault(flag, path, format!("cannot be read: {}", err.kind())))
    };
    Ok((read(CERT, &files.cert)?, read(KEY, &files.key)?))
}

fn configured(files: &CertificateFiles, (cert, key): &Content) -> Result<Arc<ServerConfig>, CertificateError> {
    let chain = CertificateDer::pem_slice_iter(cert).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|err| fault(CERT, &files.cert, format!("is no PEM file: {err}")))?;
    if chain.is_empty() {
        return Err(fault(CERT, &files.cert, "holds no certificate"));
    }
    let private = PrivateKeyDer::from_pem_slice(key);
    let private = private.map_err(|_| fault(KEY, &files.key, "holds no private key in PEM"))?;
    config(chain, private).map_err(|err| match err {
        rustls::Error::InconsistentKeys(_) => {
            fault(KEY, &files.key, format!("is not the key of the certificate in {}", files.cert.display()))
        }
        err => fault(CERT, &files.cert, err.to_string()),
    })
}

/// One that nobody can check: it keeps tokens from those who listen, and no more. Whoever wants more names files.
fn own() -> Result<Arc<ServerConfig>, CertificateError> {
    let failed = |err: rcgen::Error| CertificateError::Made(err.to_string());
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).map_err(failed)?;
    let now = k8s_openapi::jiff::Timestamp::now().as_second();
    let now = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(u64::try_from(now).unwrap_or_default());
    // Clocks differ.
    params.not_before = now - Duration::from_mins(5);
    params.not_after = now + VALID;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, "chartwright operator metrics");
    let key = KeyPair::generate().map_err(failed)?;
    let made = params.self_signed(&key).map_err(failed)?;
    let private = PrivateKeyDer::try_from(key.serialize_der()).map_err(|err| CertificateError::Made(err.to_owned()))?;
    config(vec![made.der().clone()], private).map_err(|err| CertificateError::Made(err.to_string()))
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_wrong_with_files_is_said_with_their_flag() {
        let made = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            (params.self_signed(&key).unwrap().pem().into_bytes(), key.serialize_pem().into_bytes())
        };
        let files = CertificateFiles { cert: "/c".into(), key: "/k".into() };
        let (one, other) = (made("a"), made("b"));
        assert!(configured(&files, &one).is_ok());
        let why = |content: Content| configured(&files, &content).unwrap_err().to_string();
        let mixed = why((one.0.clone(), other.1));
        assert_eq!(mixed, "--metrics-tls-key-path /k: is not the key of the certificate in /c");
        assert_eq!(why((Vec::new(), one.1)), "--metrics-tls-cert-path /c: holds no certificate");
        assert_eq!(why((one.0, b"x".to_vec())), "--metrics-tls-key-path /k: holds no private key in PEM");
        let missing = CertificateFiles { cert: "/nowhere/c".into(), key: "/nowhere/k".into() };
        let missing = Certificate::new(Some(missing)).err().unwrap().to_string();
        assert_eq!(missing, "--metrics-tls-cert-path /nowhere/c: cannot be read: entity not found");
        assert!(own().is_ok());
    }
}
