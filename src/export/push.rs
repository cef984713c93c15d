//! Pushes an artifact to a registry. The only place of the exporter that touches a network.

use std::net::IpAddr;

use http::HeaderValue;
use oci_client::{
    Client, Reference, RegistryOperation,
    client::{Certificate, CertificateEncoding, ClientConfig, ClientProtocol},
    secrets::RegistryAuth,
};

use super::{Artifact, Login, MANIFEST_TYPE};

/// How to reach the registry.
#[derive(Clone, Debug, Default)]
pub struct PushOptions {
    /// HTTP without TLS.
    pub plain_http: bool,
    /// Certificates (PEM) to trust besides those of the system.
    pub ca: Option<Vec<u8>>,
    /// Who we are; none pushes without saying.
    pub login: Option<Login>,
}

/// What was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// `ghcr.io/acme/chartwright:0.1.0`.
    pub reference: String,
    /// The manifest's digest.
    pub digest: String,
}

/// Why nothing was pushed.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The target is no place in a registry.
    #[error("`{0}` is no place in a registry: write `oci://host/path`")]
    Reference(String),
    /// A password would cross the network readable by everyone.
    #[error("`{0}` is not this machine: without TLS the password would be readable on the way")]
    PasswordInClear(String),
    /// No runtime for network work.
    #[error("cannot start network work: {0}")]
    Runtime(#[from] std::io::Error),
    /// The registry refused or could not be reached.
    #[error("cannot push {what} to {registry}: {source}")]
    Registry {
        /// What was on its way.
        what: &'static str,
        /// The registry's name.
        registry: String,
        /// What it said.
        source: Box<oci_client::errors::OciDistributionError>,
    },
}

/// Where a chart goes: `oci://host/path` and the chart's name, tagged with its version, as Helm does it.
pub fn chart_reference(target: &str, name: &str, tag: &str) -> Result<String, PushError> {
    let place = target.strip_prefix("oci://").unwrap_or(target).trim_end_matches('/');
    let reference = format!("{place}/{name}:{tag}");
    if place.is_empty() || place.contains("://") || reference.parse::<Reference>().is_err() {
        return Err(PushError::Reference(target.into()));
    }
    Ok(reference)
}

/// The registry's host and port of a reference.
pub fn registry_of(reference: &str) -> Result<String, PushError> {
    match reference.parse::<Reference>() {
        Ok(parsed) => Ok(parsed.resolve_registry().to_owned()),
        Err(_) => Err(PushError::Reference(reference.into())),
    }
}

/// Pushes config, layer and manifest.
pub fn push(artifact: &Artifact, reference: &str, options: &PushOptions) -> Result<Pushed, PushError> {
    let parsed: Reference = reference.parse().map_err(|_| PushError::Reference(reference.into()))?;
    let registry = parsed.resolve_registry().to_owned();
    if options.plain_http && options.login.is_some() && !is_loopback(&registry) {
        return Err(PushError::PasswordInClear(registry));
    }
    // An error says that one is installed already; any is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(upload(artifact, &parsed, &registry, options))?;
    Ok(Pushed { reference: parsed.to_string(), digest: artifact.manifest.digest.clone() })
}

async fn upload(artifact: &Artifact, to: &Reference, registry: &str, options: &PushOptions) -> Result<(), PushError> {
    let failed = |what| {
        let registry = registry.to_owned();
        move |source| PushError::Registry { what, registry, source: Box::new(source) }
    };
    let client = Client::new(ClientConfig {
        protocol: if options.plain_http { ClientProtocol::Http } else { ClientProtocol::Https },
        extra_root_certificates: options
            .ca
            .iter()
            .map(|pem| Certificate { encoding: CertificateEncoding::Pem, data: pem.clone() })
            .collect(),
        use_monolithic_push: true,
        user_agent: concat!("chartwright/", env!("CARGO_PKG_VERSION")),
        ..ClientConfig::default()
    });
    let auth = match &options.login {
        None => RegistryAuth::Anonymous,
        Some(login) => RegistryAuth::Basic(login.user.clone(), login.password.reveal().to_owned()),
    };
    client.auth(to, &auth, RegistryOperation::Push).await.map_err(failed("the login"))?;
    for (what, blob) in [("the metadata", &artifact.config), ("the package", &artifact.layer)] {
        if !client.blob_exists(to, &blob.digest).await.unwrap_or(false) {
            client.push_blob(to, blob.content.clone(), &blob.digest).await.map_err(failed(what))?;
        }
    }
    let media_type = HeaderValue::from_static(MANIFEST_TYPE);
    client
        .push_manifest_raw(to, artifact.manifest.content.clone(), media_type)
        .await
        .map_err(failed("the manifest"))?;
    Ok(())
}

/// Whether a `host:port` names this machine.
fn is_loopback(registry: &str) -> bool {
    let host = match registry.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => registry,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_goes_below_its_name() {
        let reference = chart_reference("oci://ghcr.io/acme/", "chartwright", "0.1.0_5").unwrap();
        assert_eq!(reference, "ghcr.io/acme/chartwright:0.1.0_5");
        assert_eq!(registry_of(&reference).unwrap(), "ghcr.io");
        assert!(chart_reference("https://ghcr.io/acme", "chartwright", "1").is_err());
        assert!(chart_reference("oci://", "chartwright", "1").is_err());
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (registry, expected) in
            [("localhost:5000", true), ("127.0.0.1:1", true), ("[::1]:5", true), ("registry.local:5000", false)]
        {
            assert_eq!(is_loopback(registry), expected, "{registry}");
        }
    }
}
