//! A collector that decodes what it gets.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Incoming;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use prost::Message as _;
use rustls::ServerConfig;

use crate::backend::listen;

/// What came in.
#[derive(Default)]
pub(crate) struct Received {
    pub(crate) traces: Vec<ExportTraceServiceRequest>,
    pub(crate) metrics: Vec<ExportMetricsServiceRequest>,
    pub(crate) logs: Vec<ExportLogsServiceRequest>,
    /// Of each export.
    pub(crate) content_types: Vec<String>,
}

/// A collector on loopback, for gRPC and for HTTP.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    pub(crate) received: Arc<Mutex<Received>>,
}

impl Collector {
    pub(crate) async fn start(tls: Option<Arc<ServerConfig>>) -> Self {
        let received = Arc::new(Mutex::new(Received::default()));
        let shared = Arc::clone(&received);
        let address = listen(tls, move |request| take(request, Arc::clone(&shared))).await;
        Self { address, received }
    }
}

type Body = StreamBody<futures::stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, Infallible>>>>;

async fn take(request: Request<Incoming>, received: Arc<Mutex<Received>>) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path().to_owned();
    let kind = request.headers()["content-type"].to_str().unwrap().to_owned();
    let grpc = kind == "application/grpc";
    let body = request.into_body().collect().await.unwrap().to_bytes();
    // A message of gRPC has its length before it.
    let body = if grpc { body.slice(5..) } else { body };
    let mut all = received.lock().unwrap();
    match path.as_str() {
        "/v1/traces" | "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => {
            all.traces.push(ExportTraceServiceRequest::decode(body).unwrap());
        }
        "/v1/metrics" | "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => {
            all.metrics.push(ExportMetricsServiceRequest::decode(body).unwrap());
        }
        "/v1/logs" | "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => {
            all.logs.push(ExportLogsServiceRequest::decode(body).unwrap());
        }
        other => panic!("{other}"),
    }
    all.content_types.push(kind.clone());
    let mut frames = Vec::new();
    if grpc {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        frames = vec![Ok(Frame::data(Bytes::from_static(&[0; 5]))), Ok(Frame::trailers(trailers))];
    }
    let mut response = Response::new(StreamBody::new(futures::stream::iter(frames)));
    response.headers_mut().insert("content-type", kind.parse().unwrap());
    Ok(response)
}

/// An attribute as text.
pub(crate) fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    Some(match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    })
}
