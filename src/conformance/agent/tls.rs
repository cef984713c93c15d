//! TLS as hosts speak it. Any certificate will do: whether it is the right one is judged by a check of its own.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::conformance::probe::Shown;

/// HTTP/2, as it is called in a handshake.
pub(super) const H2: &[u8] = b"h2";
/// HTTP/1.1.
pub(super) const HTTP_1: &[u8] = b"http/1.1";

/// For a handshake alone.
const LIMIT: Duration = Duration::from_secs(10);

/// Takes whatever is shown, as long as who shows it has its key.
#[derive(Debug)]
struct Any(Arc<CryptoProvider>);

impl ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Who is asked for: the name of the Host header, else that of the address.
pub(super) fn name(host: Option<&str>, address: &str) -> ServerName<'static> {
    let name = |text: &str| {
        let bare = text.rsplit_once(':').map_or(text, |(bare, _)| bare);
        let bare = bare.trim_matches(['[', ']']).trim_end_matches('.');
        ServerName::try_from(bare.to_owned()).ok()
    };
    // An address is not said in a handshake, so that this one asks for nobody.
    host.and_then(name).or_else(|| name(address)).unwrap_or_else(|| IpAddr::from(Ipv4Addr::UNSPECIFIED).into())
}

/// Makes a handshake, in which those protocols are offered.
pub(super) async fn connect(
    stream: TcpStream,
    name: ServerName<'static>,
    protocols: &[&[u8]],
) -> Result<TlsStream<TcpStream>, String> {
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|err| err.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Any(provider)))
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    connecting.await.map_err(|err| format!("TLS handshake: {err}"))
}

/// Makes a handshake, and tells what was shown in it.
pub(super) async fn look(address: &str, host: &str) -> Shown {
    let looking = async {
        let stream = TcpStream::connect(address).await.map_err(|err| format!("connect to {address}: {err}"))?;
        shown(&connect(stream, name(Some(host), address), &[H2, HTTP_1]).await?)
    };
    let seen = tokio::time::timeout(LIMIT, looking).await;
    let seen = seen.unwrap_or_else(|_| Err(format!("no handshake in {} s", LIMIT.as_secs())));
    seen.unwrap_or_else(|error| Shown { error: Some(error), ..Shown::default() })
}

fn shown(stream: &TlsStream<TcpStream>) -> Result<Shown, String> {
    let session = stream.get_ref().1;
    let certificate = session.peer_certificates().and_then(<[_]>::first).ok_or("no certificate was shown")?;
    let (_, read) = x509_parser::parse_x509_certificate(certificate)
        .map_err(|err| format!("the certificate that was shown cannot be read: {err}"))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    Ok(Shown {
        error: None,
        version: session.protocol_version().map(|version| format!("{version:?}")).unwrap_or_default(),
        protocol: session.alpn_protocol().map(|protocol| String::from_utf8_lossy(protocol).into_owned()),
        certificate: STANDARD.encode(certificate),
        begins_in: read.validity().not_before.timestamp() - now,
        ends_in: read.validity().not_after.timestamp() - now,
    })
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;
    use hyper::service::service_fn;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use rustls::ServerConfig;
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::super::http;
    use super::*;
    use crate::conformance::probe::{Answer, Http, Seen};

    /// A server that answers with the name it was asked for in the handshake and the version of HTTP; its address and certificate.
    async fn server(end: i32, protocols: &'static [&'static [u8]]) -> (String, Vec<u8>) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["elsewhere.test".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(end, 1, 1));
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let (listener, acceptor) =
            (TcpListener::bind("127.0.0.1:0").await.unwrap(), TlsAcceptor::from(Arc::new(config)));
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                let asked = stream.get_ref().1.server_name().unwrap_or("nobody").to_owned();
                let two = stream.get_ref().1.alpn_protocol() == Some(H2);
                let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                    let text = format!("{asked} {:?} {}", request.version(), request.uri().scheme_str().unwrap_or("-"));
                    async move { Ok::<_, std::convert::Infallible>(hyper::Response::new(Full::<bytes::Bytes>::from(text))) }
                });
                tokio::spawn(async move {
                    let io = TokioIo::new(stream);
                    if two {
                        _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                            .serve_connection(io, service)
                            .await;
                    } else {
                        _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
                    }
                });
            }
        });
        (address, certificate.to_vec())
    }

    async fn ask(address: &str, host: Option<&str>, h2: bool, tls: bool) -> (Vec<Answer>, Option<String>) {
        let request = Http {
            address: address.to_owned(),
            host: host.map(str::to_owned),
            path: "/".into(),
            times: 2,
            h2,
            tls,
            ..Http::default()
        };
        let Seen::Http { answers, error } = http::run(&request).await else { panic!("something else was seen") };
        (answers, error)
    }

    #[tokio::test]
    async fn requests_go_over_tls_in_either_protocol_to_the_name_they_ask_for() {
        // Its certificate has ended, and is for another name.
        let (address, _) = server(2002, &[H2, HTTP_1]).await;
        for (host, h2, said) in [
            (Some("shop.test:8443"), false, "shop.test HTTP/1.1 -"),
            (Some("shop.test"), true, "shop.test HTTP/2.0 https"),
            (None, false, "nobody HTTP/1.1 -"),
        ] {
            let (answers, error) = ask(&address, host, h2, true).await;
            let bodies: Vec<&str> = answers.iter().map(|answer| answer.body.as_str()).collect();
            assert_eq!((bodies, error), (vec![said; 2], None), "{host:?}");
        }
    }

    #[tokio::test]
    async fn a_server_that_lacks_http_2_is_told_from_one_that_has_it() {
        let (address, _) = server(4000, &[]).await;
        let (answers, error) = ask(&address, Some("shop.test"), true, true).await;
        assert!(answers.is_empty() && error.unwrap().contains("does not agree to HTTP/2"));
        let (answers, error) = ask(&address, Some("shop.test"), false, true).await;
        assert_eq!((answers.len(), error), (2, None));
    }

    #[tokio::test]
    async fn without_tls_such_a_server_does_not_answer() {
        let (address, _) = server(4000, &[H2, HTTP_1]).await;
        let (answers, error) = ask(&address, Some("shop.test"), false, false).await;
        assert!(answers.is_empty() && error.is_some(), "{answers:?}");
    }

    #[tokio::test]
    async fn a_look_tells_the_certificate_and_its_time() {
        let (address, certificate) = server(4000, &[H2, HTTP_1]).await;
        let seen = look(&address, "shop.test").await;
        assert_eq!((seen.error, seen.version.as_str(), seen.protocol.as_deref()), (None, "TLSv1_3", Some("h2")));
        assert_eq!(seen.certificate, STANDARD.encode(certificate));
        assert!(seen.begins_in < 0 && seen.ends_in > 0);
        let (address, _) = server(2002, &[]).await;
        let seen = look(&address, "shop.test").await;
        assert!(seen.ends_in < 0 && seen.protocol.is_none());
    }

    #[tokio::test]
    async fn what_speaks_no_tls_is_said_to() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            stream.try_write(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        });
        let error = look(&address, "shop.test").await.error.unwrap();
        assert!(error.contains("TLS handshake"), "{error}");
    }

    #[test]
    fn a_name_that_cannot_be_asked_for_gives_way_to_the_address() {
        let of = |host, address| name(host, address).to_str().into_owned();
        assert_eq!(of(Some("Shop.test:80"), "10.0.0.1:9191"), "Shop.test");
        assert_eq!(of(Some("a b"), "10.0.0.1:9191"), "10.0.0.1");
        assert_eq!(of(None, "[fd00::1]:9191"), "fd00::1");
        assert_eq!(of(None, "shop.ns.svc.cluster.local.:80"), "shop.ns.svc.cluster.local");
        assert_eq!(of(None, ""), "0.0.0.0");
    }
}
