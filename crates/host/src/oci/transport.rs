//! HTTP to registries: TLS with compiled-in authorities, plain HTTP for those that are listed, and what its errors mean.
//!
//! The requests of a pull are our own and not `oci-client`'s (whose parser of references we use): that client keeps one
//! login per registry for everybody, reads manifests and tokens without a limit, and panics at a token that is no
//! header. A host runs the references of many tenants, and a registry of one of them must not reach the others.

use std::{error::Error, io, path::Path, sync::Arc, time::Duration};

use reqwest::{Client, ClientBuilder};
use rustls::{
    CertificateError, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use super::{
    Options,
    errors::{Cause, OptionsError, TlsProblem},
    reference::Image,
};

/// Clients for both kinds of registries. They hold connections and nothing about who we are.
#[derive(Debug)]
pub(super) struct Transport {
    tls: Client,
    plain: Client,
    insecure: Vec<String>,
    allow_insecure_all: bool,
    /// Before the first repetition; the second waits four times as long.
    pub pause: Duration,
}

impl Transport {
    /// `system_proxy`: whether `HTTPS_PROXY` and its kin are followed.
    pub(super) fn new(options: &Options, system_proxy: bool) -> Result<Self, OptionsError> {
        if let Some(entry) = options.insecure.iter().find(|entry| !is_registry(entry)) {
            return Err(OptionsError::Insecure(entry.clone()));
        }
        let tls = tls(&options.ca_paths)?;
        let client = |https_only: bool| {
            let builder = Client::builder()
                .user_agent(concat!("chartwright-host/", env!("CARGO_PKG_VERSION")))
                // Also for where we are sent on: a blob from a registry with TLS never comes without.
                .https_only(https_only)
                .tls_backend_preconfigured(tls.clone());
            let builder = if system_proxy { builder } else { ClientBuilder::no_proxy(builder) };
            builder.build().map_err(|error| OptionsError::Client(error.to_string()))
        };
        Ok(Self {
            tls: client(true)?,
            plain: client(false)?,
            insecure: options.insecure.iter().map(|entry| entry.to_ascii_lowercase()).collect(),
            allow_insecure_all: options.allow_insecure_all,
            pause: Duration::from_millis(250),
        })
    }

    /// Whether a registry is spoken to in plain HTTP.
    pub(super) fn is_plain(&self, image: &Image) -> bool {
        let registry = image.registry.to_ascii_lowercase();
        let name = registry.split(':').next().unwrap_or_default();
        self.allow_insecure_all || self.insecure.iter().any(|entry| *entry == registry || entry == name)
    }

    pub(super) fn client(&self, plain: bool) -> &Client {
        if plain { &self.plain } else { &self.tls }
    }
}

/// `host` or `host:port`.
fn is_registry(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// TLS by ring, whatever provider the process has; the machine's own certificates are not read, an image has none.
fn tls(ca_paths: &[std::path::PathBuf]) -> Result<rustls::ClientConfig, OptionsError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for path in ca_paths {
        add(path, &mut roots).map_err(|problem| OptionsError::Ca { path: path.clone(), problem })?;
    }
    Ok(rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| OptionsError::Client(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn add(path: &Path, roots: &mut RootCertStore) -> Result<(), String> {
    // The path is in the error already.
    let pem = fs_err::read(path).map_err(|error| error.kind().to_string())?;
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| format!("not PEM: {error}"))?;
        roots.add(certificate).map_err(|error| error.to_string())?;
        count += 1;
    }
    if count == 0 { Err("there is no certificate in it (`-----BEGIN CERTIFICATE-----`)".into()) } else { Ok(()) }
}

/// Every error below one, the ones that I/O errors hide included.
fn walk<'a>(error: &'a (dyn Error + 'static), mut visit: impl FnMut(&'a (dyn Error + 'static))) {
    let mut next = Some(error);
    while let Some(error) = next {
        visit(error);
        if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            // Its `source` would pass over the inner error itself.
            next = Some(inner);
        } else {
            next = error.source();
        }
    }
}

/// Whether trying again may help: the connection broke under way.
pub(super) fn is_transient(error: &reqwest::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let mut transient = false;
    walk(error, |error| {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            transient |= matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof);
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            transient |= error.is_incomplete_message() || error.is_canceled() || error.is_closed();
        }
    });
    transient
}

/// What an error of the network means. Addresses with their queries are left out: they may hold tokens.
pub(super) fn cause_of(error: &reqwest::Error, registry: &str) -> Cause {
    let host = error.url().and_then(reqwest::Url::host_str).map_or_else(|| registry.to_owned(), str::to_owned);
    // With its port, when it is the registry itself.
    let host = if registry.split(':').next() == Some(host.as_str()) { registry.to_owned() } else { host };
    let (mut tls, mut dns, mut last) = (None, false, String::new());
    walk(error, |error| {
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            tls = Some(tls_problem(error));
        }
        let text = error.to_string();
        dns |= text.starts_with("dns error") || text.contains("failed to lookup address");
        if error.downcast_ref::<reqwest::Error>().is_none() {
            last = text;
        }
    });
    match tls {
        Some(problem) => Cause::Tls { host, problem },
        None if dns => Cause::Dns { host },
        None if error.is_redirect() => Cause::Answer { host, problem: "it redirects in a circle or to plain HTTP" },
        None if last.is_empty() => Cause::Connection { host, problem: "the request failed".into() },
        None => Cause::Connection { host, problem: last },
    }
}

fn tls_problem(error: &rustls::Error) -> TlsProblem {
    match error {
        rustls::Error::InvalidCertificate(problem) => match problem {
            CertificateError::UnknownIssuer => TlsProblem::UnknownAuthority,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsProblem::Expired,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsProblem::WrongName
            }
            _ => TlsProblem::Other(error.to_string()),
        },
        rustls::Error::InvalidMessage(_) => TlsProblem::NotTls,
        _ => TlsProblem::Other(error.to_string()),
    }
}
