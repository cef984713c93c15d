//! Certificates for collectors with TLS: whom the host trusts, and what it shows.

use std::sync::Arc;

use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig, Identity};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore};

/// What the variables name, read; PEM.
#[derive(Clone, Default)]
pub struct Trust {
    authorities: Option<Vec<u8>>,
    /// A certificate and its key.
    identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trust")
    }
}

impl Trust {
    /// Reads the files; one that cannot be read is a warning.
    pub(super) fn read(get: &impl Fn(&str) -> Option<String>, warnings: &mut Vec<String>) -> Self {
        let mut file = |name: &str| {
            let path = get(name)?;
            fs_err::read(&path).map_err(|err| warnings.push(format!("{name}: {path}: {}", err.kind()))).ok()
        };
        let authorities = file("OTEL_EXPORTER_OTLP_CERTIFICATE");
        let pair = (file("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"), file("OTEL_EXPORTER_OTLP_CLIENT_KEY"));
        let identity = match pair {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                warnings.push("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and …_CLIENT_KEY: each needs the other".into());
                None
            }
        };
        Self { authorities, identity }
    }

    /// For gRPC: these authorities, or the system's.
    pub(super) fn tonic(&self) -> ClientTlsConfig {
        let config = match &self.authorities {
            Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
            None => ClientTlsConfig::new().with_enabled_roots(),
        };
        match &self.identity {
            Some((certificate, key)) => config.identity(Identity::from_pem(certificate, key)),
            None => config,
        }
    }

    /// For HTTP, the same.
    pub(super) fn rustls(&self) -> Result<ClientConfig, Box<dyn std::error::Error + Send + Sync>> {
        let mut roots = RootCertStore::empty();
        match &self.authorities {
            Some(pem) => {
                for certificate in CertificateDer::pem_slice_iter(pem) {
                    roots.add(certificate?)?;
                }
            }
            None => _ = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        Ok(match &self.identity {
            Some((certificate, key)) => {
                let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<_, _>>()?;
                config.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key)?)?
            }
            None => config.with_no_client_auth(),
        })
    }
}
