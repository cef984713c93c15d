use std::sync::Arc;

use super::{
    registry::{Fault, Guard},
    *,
};
use crate::oci::{Cause, TlsProblem};

/// An authority, and a server's certificate by it.
fn certificates(name: &str, expired: bool) -> (String, Arc<rustls::ServerConfig>) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let mut server = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    if expired {
        server.not_before = rcgen::date_time_ymd(2020, 1, 1);
        server.not_after = rcgen::date_time_ymd(2021, 1, 1);
    }
    let chain = vec![server.signed_by(&key, &issuer).unwrap().der().clone()];
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    (pem, Arc::new(config))
}

/// A store that trusts an authority, and nobody in plain HTTP.
fn trusting(folder: &Path, pem: &str) -> Store {
    let file = folder.join("ca.pem");
    fs_err::write(&file, pem).unwrap();
    store_of(Options { ca_paths: vec![file], insecure: Vec::new(), ..options(None) })
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, config) = certificates("127.0.0.1", false);
    let registry = Registry::serve(Some(config)).await;
    registry.push("1", &component(b"one"));
    registry.guard(Guard::Bearer { pair: Some("me:pw") });
    let store = trusting(folder.path(), &pem);
    let found = store.fetch(&registry.name(":1"), Policy::IfNotPresent, Some(&login("me", "pw"))).await.unwrap();
    assert_eq!(found.bytes, component(b"one"));

    let strict = store_of(Options { insecure: Vec::new(), ..options(None) });
    let error = get(&strict, &registry.name(":1")).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Tls { problem: TlsProblem::UnknownAuthority, .. }), "{error}");
    let text = error.to_string();
    let expected = format!("TLS to {}: its certificate is of an unknown authority", registry.address);
    assert!(text.contains(&expected) && text.contains("`oci-ca-path`"), "{text}");
}

#[tokio::test]
async fn certificates_that_are_old_or_for_another_name_are_told() {
    let folder = tempfile::tempdir().unwrap();
    for (name, expired, problem) in
        [("127.0.0.1", true, TlsProblem::Expired), ("registry.example", false, TlsProblem::WrongName)]
    {
        let (pem, config) = certificates(name, expired);
        let registry = Registry::serve(Some(config)).await;
        let error = get(&trusting(folder.path(), &pem), &registry.name(":1")).await.unwrap_err();
        assert_eq!(error.cause, Cause::Tls { host: registry.address.to_string(), problem });
    }
}

#[tokio::test]
async fn a_registry_with_tls_cannot_lead_out_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, config) = certificates("127.0.0.1", false);
    let registry = Registry::serve(Some(config)).await;
    let plain = Registry::start().await;
    registry.push("1", &component(b"one"));
    let store = trusting(folder.path(), &pem);
    registry.fault("/blobs/", Fault::Redirect(format!("http://{}/v2/x", plain.address)));
    let text = refused(&store, &registry.name(":1")).await;
    assert!(text.contains("redirects in a circle or to plain HTTP"), "{text}");

    registry.heal();
    registry.guard(Guard::Bearer { pair: Some("me:pw") });
    registry.state.lock().unwrap().realm = Some(format!("http://{}/token", plain.address));
    let error = store.fetch(&registry.name(":1"), Policy::Always, Some(&login("me", "pw"))).await.unwrap_err();
    assert_eq!(error.cause.reason(), "LoginInClear");
    assert_eq!(plain.all(), 0);
}

#[test]
fn the_compiled_in_authorities_are_there() {
    assert!(webpki_roots::TLS_SERVER_ROOTS.len() > 50);
}
