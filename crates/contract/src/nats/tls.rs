//! TLS with authorities and a client certificate that may change between two attempts.
//!
//! The client library takes one configuration for the life of a connection. So this one holds no certificates itself but asks
//! for those of the current attempt, and keeps no sessions: a resumed one would carry the old certificate on.

use std::sync::Arc;

use async_nats::ServerAddr;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::credentials::Named;
use super::files::Current;
use super::{ConnectError, FileProblem, NatsOptions};

/// Where certificates stand.
#[derive(Clone, Debug)]
pub(super) struct TlsFiles {
    ca: Option<Named>,
    client: Option<(Named, Named)>,
    provider: Arc<CryptoProvider>,
}

/// What the files said.
pub(super) struct TlsMaterial {
    verifier: Arc<WebPkiServerVerifier>,
    client: Option<Arc<CertifiedKey>>,
}

impl TlsFiles {
    pub(super) fn new(options: &NatsOptions) -> Self {
        let client = options.tls_cert.as_ref().zip(options.tls_key.as_ref());
        Self {
            ca: options.tls_ca.as_ref().map(|path| Named::new(options, "tls-ca", path)),
            client: client
                .map(|(cert, key)| (Named::new(options, "tls-cert", cert), Named::new(options, "tls-key", key))),
            provider: Arc::new(rustls::crypto::ring::default_provider()),
        }
    }

    pub(super) fn read(&self) -> Result<TlsMaterial, FileProblem> {
        let roots = Arc::new(self.ca.as_ref().map_or_else(|| Ok(public_roots()), authorities)?);
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&self.provider)).build();
        let verifier = verifier.map_err(|error| match &self.ca {
            Some(ca) => ca.problem(format!("cannot be used: {error}")),
            None => FileProblem::new("tls-ca", "".as_ref(), error.to_string()),
        })?;
        let client = match &self.client {
            Some((certificate, key)) => Some(self.identity(certificate, key)?),
            None => None,
        };
        Ok(TlsMaterial { verifier, client })
    }

    fn identity(&self, certificate: &Named, key: &Named) -> Result<Arc<CertifiedKey>, FileProblem> {
        let chain = certificates(certificate)?;
        let private = PrivateKeyDer::from_pem_slice(&key.read()?).map_err(|_| key.problem("holds no private key"))?;
        let identity = CertifiedKey::from_der(chain, private, &self.provider).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                key.problem(format!("is not the key of the certificate in {}", certificate.path.display()))
            }
            error => key.problem(format!("cannot be used: {error}")),
        })?;
        Ok(Arc::new(identity))
    }
}

/// A configuration that asks for the certificates of the current attempt.
pub(super) fn config(
    options: &NatsOptions,
    servers: &[ServerAddr],
    current: &Current,
) -> Result<ClientConfig, ConnectError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let schemes = provider.signature_verification_algorithms.supported_schemes();
    let verifier = Verifier { current: current.clone(), names: Names::new(options, servers)?, schemes };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError::Setup(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = if options.tls_cert.is_some() {
        builder.with_client_cert_resolver(Arc::new(Client(current.clone())))
    } else {
        builder.with_no_client_auth()
    };
    config.resumption = Resumption::disabled();
    Ok(config)
}

fn certificates(file: &Named) -> Result<Vec<CertificateDer<'static>>, FileProblem> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&file.read()?).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(file.problem("holds no certificate")),
    }
}

fn authorities(file: &Named) -> Result<RootCertStore, FileProblem> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|_| file.problem("holds a certificate that is no authority's"))?;
    }
    Ok(roots)
}

/// The system's authorities; in an image that has none, the public ones of the time of the build.
fn public_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

/// Under which name a server must prove itself.
#[derive(Debug)]
struct Names {
    /// Whatever the address is.
    always: Option<ServerName<'static>>,
    /// The hosts of the options' own addresses.
    configured: Vec<ServerName<'static>>,
}

impl Names {
    fn new(options: &NatsOptions, servers: &[ServerAddr]) -> Result<Self, ConnectError> {
        let always = options.tls_server_name.as_ref().map(|name| {
            ServerName::try_from(name.clone()).map_err(|_| ConnectError::Value {
                flag: options.flag("tls-server-name"),
                value: name.clone(),
                why: "it is neither a DNS name nor an IP address".to_owned(),
            })
        });
        let configured = servers.iter().filter_map(|server| ServerName::try_from(server.host().to_owned()).ok());
        Ok(Self { always: always.transpose()?, configured: configured.collect() })
    }

    /// A server that others told us of by its mere IP address proves itself as the one that we were told first, as it does for
    /// NATS' other clients: such addresses stand in no certificate.
    fn expected<'a>(&'a self, asked: &'a ServerName<'a>) -> &'a ServerName<'a> {
        let told = matches!(asked, ServerName::IpAddress(_)) && !self.configured.contains(asked);
        self.always.as_ref().or(if told { self.configured.first() } else { None }).unwrap_or(asked)
    }
}

#[derive(Debug)]
struct Verifier {
    current: Current,
    names: Names,
    schemes: Vec<SignatureScheme>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let asked = server_name.to_owned();
        let name = self.names.expected(&asked);
        self.current.get().tls.verifier.verify_server_cert(end_entity, intermediates, name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.current.get().tls.verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.current.get().tls.verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}

#[derive(Debug)]
struct Client(Current);

impl ResolvesClientCert for Client {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.get().tls.client.clone()
    }

    fn has_certs(&self) -> bool {
        true
    }
}
