//! Answers that the host gives itself: a status, a header that says why, and a line for people.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use wasmtime_wasi_http::WasiBody;

/// Says why the host, and not a workload, answered.
pub(super) const REASON: HeaderName = HeaderName::from_static("x-chartwright-reason");

/// How much of a name that was asked for is repeated: as much as a name may have.
const ECHOED: usize = 253;

/// Why there is no answer of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Miss {
    /// Neither `Host` nor `:authority`.
    NoHost,
    /// One that names no host.
    BadHost,
    /// No workload has that name.
    UnknownHost(String),
    /// Workloads of several namespaces have that bare name.
    AmbiguousHost(String),
    /// Its body is larger than the host takes.
    TooLarge,
    /// The host is at its limit.
    HostBusy,
    /// The workload is at its limit.
    WorkloadBusy,
    /// No instance could be made.
    NoInstance,
    /// It took too long.
    TooLong,
    /// The guest trapped or answered with an error.
    Failed,
}

impl Miss {
    /// For headers and metrics.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::NoHost => "no-host",
            Self::BadHost => "bad-host",
            Self::UnknownHost(_) => "unknown-host",
            Self::AmbiguousHost(_) => "ambiguous-host",
            Self::TooLarge => "body-too-large",
            Self::HostBusy => "host-busy",
            Self::WorkloadBusy => "workload-busy",
            Self::NoInstance => "no-instance",
            Self::TooLong => "timeout",
            Self::Failed => "guest-failed",
        }
    }

    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::NoHost | Self::BadHost => StatusCode::BAD_REQUEST,
            Self::UnknownHost(_) | Self::AmbiguousHost(_) => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::HostBusy | Self::WorkloadBusy | Self::NoInstance => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooLong => StatusCode::GATEWAY_TIMEOUT,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer; without anything of the guest, and without the names of others.
    pub(super) fn response(&self) -> Response<WasiBody> {
        let body = Full::new(Bytes::from(format!("{}\n", self.sentence()))).map_err(|never| match never {});
        let mut response = Response::new(body.boxed_unsync());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(REASON, HeaderValue::from_static(self.word()));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        // The line repeats what the client sent: nobody may take it for a page.
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }

    fn sentence(&self) -> String {
        match self {
            Self::NoHost => "the request names no host".into(),
            Self::BadHost => "the request's Host is no host name".into(),
            Self::UnknownHost(name) => format!("no workload on this host serves `{}`", echoed(name)),
            Self::AmbiguousHost(name) => {
                let name = echoed(name);
                format!("several namespaces have a Service `{name}`: ask for `{name}.NAMESPACE` or a longer form")
            }
            Self::TooLarge => "the body is larger than this host takes".into(),
            Self::HostBusy => "this host has as many requests as it takes".into(),
            Self::WorkloadBusy => "the workload has as many requests as it takes".into(),
            Self::NoInstance => "no instance of the workload could be made".into(),
            Self::TooLong => "the workload did not answer in time".into(),
            Self::Failed => "the workload failed".into(),
        }
    }
}

/// A name that was asked for, harmless and in bounds.
fn echoed(name: &str) -> String {
    name.escape_default().take(ECHOED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_repeated_in_bounds_and_harmless() {
        let long = Miss::UnknownHost("a".repeat(4000)).sentence();
        assert!(long.len() < 300, "{long}");
        let strange = Miss::UnknownHost("a\u{1b}[31m\r\n<é".into()).sentence();
        assert!(strange.is_ascii() && !strange.contains(['\u{1b}', '\n', '\r']), "{strange}");
    }
}
