//! Requests that guests send: where they may go, over pooled connections, within limits.

mod body;
mod clients;
mod connect;
mod faults;
mod identity;

use std::sync::{Arc, Weak};
use std::time::Duration;

use http::{HeaderValue, Request, header};
use http_body_util::BodyExt as _;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

pub use clients::{Client, ClientOptions, Clients, Surroundings, TrustRoots};
pub use identity::IdentityOptions;

use super::Calls;
use crate::workload::Part;
use body::Paced;
use connect::Attempt;

/// Time for a connection, a first byte or the next one when the guest names none.
const PATIENCE: Duration = Duration::from_mins(10);

/// A component's way out.
pub struct Egress {
    part: Arc<Part>,
    /// What is being served meanwhile.
    calls: Calls,
}

impl Egress {
    /// The way out of a component.
    pub fn new(part: &Arc<Part>, calls: &Calls) -> Self {
        Self { part: Arc::clone(part), calls: calls.clone() }
    }
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Response = http::Response<WasiBody>;

impl WasiHttpHooks for Egress {
    // The client sets it, and only where the protocol has it.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _read: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<(Response, Io), Error>> + Send> {
        let part = Arc::clone(&self.part);
        let cause = self.calls.current().unwrap_or_default().trace;
        Box::new(async move {
            let mut request = request;
            let surroundings = part.client.surroundings();
            let mut span = surroundings.telemetry.sends(&part, &cause, &mut request);
            let result = send(&part, request, options.unwrap_or_default()).await;
            let outcome = match &result {
                Ok(response) => {
                    span.status(response.status(), 400);
                    crate::metrics::class(response.status())
                }
                Err(err) => {
                    span.failed(faults::word(err));
                    faults::word(err)
                }
            };
            surroundings.metrics.sent(&part, outcome);
            drop(span);
            let io: Io = Box::new(std::future::ready(Ok(())));
            result.map(|response| (response, io))
        })
    }
}

async fn send(part: &Part, mut request: Request<WasiBody>, options: RequestOptions) -> Result<Response, Error> {
    if !part.allowed_hosts.allow(request.uri()) {
        tracing::info!(
            namespace = part.namespace,
            workload = part.workload,
            component = part.component,
            host = request.uri().host().unwrap_or_default(),
            "a request to a host that is not allowed"
        );
        part.client.surroundings().metrics.denied();
        return Err(Error::HttpRequestDenied);
    }
    let first_byte = options.first_byte_timeout.unwrap_or(PATIENCE);
    if let Some(front) = part.client.surroundings().front.as_ref().and_then(Weak::upgrade) {
        let within = tokio::time::timeout(first_byte, front.within(&part.namespace, request)).await;
        match within.map_err(|_| Error::ConnectionReadTimeout)? {
            Ok(response) => return Ok(response),
            Err(unknown) => request = unknown,
        }
    }
    let grpc = is_grpc(&request);
    if grpc {
        // Says that trailers are understood: some servers refuse gRPC without it.
        request.headers_mut().insert(header::TE, HeaderValue::from_static("trailers"));
    } else {
        request.headers_mut().remove(header::TE);
    }
    let between = options.between_bytes_timeout.unwrap_or(PATIENCE);
    let (pool, in_use) = part.client.pool(request.uri(), grpc);
    let attempt = Attempt::new(options.connect_timeout.unwrap_or(PATIENCE));
    let sent = tokio::select! {
        sent = connect::ATTEMPT.scope(attempt.clone(), pool.request(request)) => sent,
        () = attempt.late(first_byte) => return Err(Error::ConnectionReadTimeout),
    };
    let response = sent.map_err(|err| {
        let code = faults::code(&err);
        // The error's own words, and nothing of the address: its path and query are the guest's.
        tracing::debug!(
            namespace = part.namespace, workload = part.workload, component = part.component,
            error = %faults::chain(&err), "an outgoing request failed"
        );
        code
    })?;
    Ok(response.map(|body| Paced::new(body, between, in_use).boxed_unsync()))
}

fn is_grpc(request: &Request<WasiBody>) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    kind.len() >= 16 && kind[..16].eq_ignore_ascii_case(b"application/grpc")
}
