//! Why a request did not come through, in the words of `wasi:http`.

use std::error::Error as StdError;
use std::io;

use hyper_util::client::legacy;
use wasmtime_wasi_http::Error;

/// Faults of ours on the way to a connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("no slot for a connection became free in time")]
    NoSlot,
    #[error("no connection in time")]
    Slow,
    #[error("the name cannot be resolved: {0}")]
    Name(io::Error),
}

/// The code of a request that failed before its response.
pub(super) fn code(err: &legacy::Error) -> Error {
    found(err).unwrap_or(if err.is_connect() { Error::ConnectionRefused } else { Error::HttpProtocolError })
}

/// The code of a body that broke off.
pub(super) fn in_body(err: &hyper::Error) -> Error {
    found(err).unwrap_or(Error::HttpProtocolError)
}

/// The first thing in an error's chain that has a code of its own.
fn found(err: &(dyn StdError + 'static)) -> Option<Error> {
    let mut next = Some(err);
    while let Some(err) = next {
        if let Some(code) = known(err) {
            return Some(code);
        }
        next = err.source();
    }
    None
}

fn known(err: &(dyn StdError + 'static)) -> Option<Error> {
    if let Some(err) = err.downcast_ref::<Fault>() {
        return Some(match err {
            Fault::NoSlot => Error::ConnectionLimitReached,
            Fault::Slow => Error::ConnectionTimeout,
            Fault::Name(_) => Error::DnsError { rcode: Some("the name cannot be resolved".into()), info_code: None },
        });
    }
    if let Some(err) = err.downcast_ref::<rustls::Error>() {
        return Some(tls(err));
    }
    if let Some(err) = err.downcast_ref::<io::Error>() {
        // An error inside of one is not among its sources, only what is behind it.
        return err.get_ref().and_then(|inner| found(inner)).or_else(|| io_code(err.kind()));
    }
    if let Some(err) = err.downcast_ref::<h2::Error>() {
        return err.get_io().and_then(|err| known(err));
    }
    let err = err.downcast_ref::<hyper::Error>()?;
    if err.is_incomplete_message() {
        Some(Error::HttpResponseIncomplete)
    } else if err.is_parse() {
        Some(Error::HttpProtocolError)
    } else if err.is_timeout() {
        Some(Error::HttpResponseTimeout)
    } else if err.is_closed() || err.is_canceled() {
        // What closed it, if that is known, says more.
        err.source().and_then(found).or(Some(Error::ConnectionTerminated))
    } else {
        None
    }
}

fn tls(err: &rustls::Error) -> Error {
    match err {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => Error::TlsCertificateError,
        rustls::Error::AlertReceived(alert) => {
            Error::TlsAlertReceived { alert_id: Some(u8::from(*alert)), alert_message: Some(format!("{alert:?}")) }
        }
        _ => Error::TlsProtocolError,
    }
}

fn io_code(kind: io::ErrorKind) -> Option<Error> {
    use io::ErrorKind as Kind;
    Some(match kind {
        Kind::ConnectionRefused => Error::ConnectionRefused,
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::UnexpectedEof => {
            Error::ConnectionTerminated
        }
        Kind::TimedOut => Error::ConnectionTimeout,
        Kind::HostUnreachable | Kind::NetworkUnreachable => Error::DestinationIpUnroutable,
        // What h2 leaves of an error of TLS.
        Kind::InvalidData => Error::TlsProtocolError,
        Kind::AddrNotAvailable => Error::DestinationUnavailable,
        _ => return None,
    })
}

/// A word for metrics.
pub(super) const fn word(err: &Error) -> &'static str {
    match err {
        Error::HttpRequestDenied => "denied",
        Error::ConnectionLimitReached => "no-slot",
        Error::DnsError { .. } | Error::DnsTimeout => "dns",
        Error::ConnectionRefused | Error::DestinationIpUnroutable | Error::DestinationUnavailable => "refused",
        Error::ConnectionTimeout | Error::ConnectionReadTimeout | Error::HttpResponseTimeout => "timeout",
        Error::TlsCertificateError | Error::TlsProtocolError | Error::TlsAlertReceived { .. } => "tls",
        _ => "failed",
    }
}

/// All of an error's words.
pub(super) fn chain(err: &(dyn StdError + 'static)) -> String {
    let mut words = err.to_string();
    let mut next = err.source();
    while let Some(err) = next {
        words.push_str(": ");
        words.push_str(&err.to_string());
        next = err.source();
    }
    words
}
