//! Answers that the host gives itself: a status, and a header that says why.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use wasmtime_wasi_http::WasiBody;

/// Says why the host, and not a workload, answered.
pub(super) const REASON: HeaderName = HeaderName::from_static("x-chartwright-reason");

/// Why there is no answer of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Miss {
    /// Neither `Host` nor `:authority`.
    NoHost,
    /// No workload has that name.
    UnknownHost,
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
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::NoHost => "no-host",
            Self::UnknownHost => "unknown-host",
            Self::HostBusy => "host-busy",
            Self::WorkloadBusy => "workload-busy",
            Self::NoInstance => "no-instance",
            Self::TooLong => "timeout",
            Self::Failed => "guest-failed",
        }
    }

    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::NoHost => StatusCode::BAD_REQUEST,
            Self::UnknownHost => StatusCode::NOT_FOUND,
            Self::HostBusy | Self::WorkloadBusy | Self::NoInstance => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooLong => StatusCode::GATEWAY_TIMEOUT,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer; a body for people, without anything of the guest in it.
    pub(super) fn response(self) -> Response<WasiBody> {
        let body = Full::new(Bytes::from(format!("{}\n", self.word()))).map_err(|never| match never {});
        let mut response = Response::new(body.boxed_unsync());
        *response.status_mut() = self.status();
        response.headers_mut().insert(REASON, HeaderValue::from_static(self.word()));
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(http::header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
