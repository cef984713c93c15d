//! Trace context, and what is exported over OTLP.

use chartwright_host::Options;
use chartwright_host::telemetry::{Logs, Settings};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::json;
use tokio::net::TcpStream;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::backend::Backend;
use crate::certificates::Authority;
use crate::client;
use crate::host::{Host, Scene};
use crate::otlp::{Collector, attribute};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A request that belongs to a trace.
async fn traced(host: &Host, path: &str) -> String {
    let stream = TcpStream::connect(host.addresses.http.unwrap()).await.unwrap();
    let mut request = client::get(path, "a.example");
    request.headers_mut().insert("traceparent", PARENT.parse().unwrap());
    request.headers_mut().insert("tracestate", "vendor=1".parse().unwrap());
    client::text(client::one(stream).await.send_request(request).await.unwrap()).await
}

async fn run(host: &Host, image: &str) {
    let allowed = json!({ "localResources": { "allowedHosts": ["*"] } });
    let status = host.run("a", image, "a.example", allowed).await;
    assert!(status.message.contains("runs"), "{}", status.message);
}

fn exporting(environment: &[(&str, String)]) -> impl Fn(&str) -> Option<String> {
    |name| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn trace_context_is_passed_on_without_any_export() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&[]).await else { return };
    run(&host, &image).await;
    let backend = Backend::start(None).await;
    assert_eq!(traced(&host, "/header?traceparent").await, PARENT);
    for path in ["call", "traced"] {
        traced(&host, &format!("/{path}?http://{}/x", backend.address)).await;
    }
    let seen = backend.seen();
    assert_eq!(
        (&seen[0]["traceparent"], &seen[0]["tracestate"]),
        (&PARENT.parse().unwrap(), &"vendor=1".parse().unwrap())
    );
    // What the guest sets itself wins, as a whole.
    assert!(seen[1]["traceparent"].to_str().unwrap().starts_with("00-1111") && !seen[1].contains_key("tracestate"));
    host.get("a.example", &format!("/call?http://{}/x", backend.address)).await;
    assert!(!backend.seen()[2].contains_key("traceparent"), "no trace is begun that nobody records");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_and_durations_arrive_over_both_protocols() {
    for (protocol, kind) in [("grpc", "application/grpc"), ("http/protobuf", "application/x-protobuf")] {
        let collector = Collector::start(None).await;
        let environment = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", collector.address)),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.to_owned()),
            ("OTEL_SERVICE_NAME", "edge".to_owned()),
            ("OTEL_RESOURCE_ATTRIBUTES", "team=blue".to_owned()),
        ];
        let Some(Scene { host, image, nats: _nats, .. }) = Scene::with(&[], exporting(&environment)).await else {
            return;
        };
        run(&host, &image).await;
        let backend = Backend::start(None).await;
        let seen = traced(&host, "/header?traceparent").await;
        assert!(seen.contains(TRACE) && seen != PARENT, "the guest sees the span of its request: {seen}");
        traced(&host, &format!("/call?http://{}/secret", backend.address)).await;
        host.get("a.example", "/trap?secret").await;
        let outgoing = backend.seen()[0]["traceparent"].to_str().unwrap().to_owned();
        host.stop().await;

        let received = collector.received.lock().unwrap();
        assert!(received.content_types.iter().all(|one| one == kind), "{:?}", received.content_types);
        let resources: Vec<_> = received.traces.iter().flat_map(|export| &export.resource_spans).collect();
        let resource = &resources[0].resource.as_ref().unwrap().attributes;
        assert_eq!(attribute(resource, "service.name").as_deref(), Some("edge"));
        assert_eq!(attribute(resource, "team").as_deref(), Some("blue"));
        let spans = resources.iter().flat_map(|spans| &spans.scope_spans).flat_map(|scope| &scope.spans);
        let spans: Vec<&Span> = spans.collect();
        assert!(!format!("{spans:?}").contains("secret"), "{spans:?}");
        let of = |kind: i32, status: &str| {
            let found = spans.iter().filter(|span| span.kind == kind);
            let mut found = found
                .filter(|span| attribute(&span.attributes, "http.response.status_code").as_deref() == Some(status));
            found.next_back().copied().unwrap()
        };
        let (client, server, failed) = (of(3, "200"), of(2, "200"), of(2, "500"));
        assert_eq!(hex(&client.trace_id), TRACE);
        assert_eq!(client.parent_span_id, server.span_id, "caused by the request that was served");
        assert_eq!(hex(&server.parent_span_id), "00f067aa0ba902b7");
        assert!(outgoing.contains(&hex(&client.span_id)), "{outgoing}");
        assert_eq!(attribute(&server.attributes, "workload.name").as_deref(), Some("a-name"));
        assert_eq!(attribute(&server.attributes, "workload.namespace").as_deref(), Some("shop"));
        assert_eq!(attribute(&server.attributes, "component").as_deref(), Some("api"));
        assert_eq!(attribute(&failed.attributes, "error.type").as_deref(), Some("guest-failed"));

        let metrics = received.metrics.iter().flat_map(|export| &export.resource_metrics);
        let metrics = metrics.flat_map(|metrics| &metrics.scope_metrics).flat_map(|scope| &scope.metrics);
        let durations: Vec<_> = metrics.filter(|metric| metric.name == "guest.invocation.duration").collect();
        assert_eq!(durations[0].unit, "s");
        let Some(Data::Histogram(histogram)) = &durations[0].data else { panic!("{durations:?}") };
        let counts: Vec<_> = histogram
            .data_points
            .iter()
            .map(|point| (attribute(&point.attributes, "error.type"), point.count))
            .collect();
        assert!(counts.contains(&(None, 2)) && counts.contains(&(Some("guest-failed".into()), 1)), "{counts:?}");
        let point = &histogram.data_points[0].attributes;
        assert_eq!(attribute(point, "plugin").as_deref(), Some("wasi-http"));
        assert!(received.logs.is_empty(), "the log is the program's, not the test's");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_arrives() {
    for protocol in ["grpc", "http/protobuf"] {
        let collector = Collector::start(None).await;
        let environment = [
            (
                "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
                match protocol {
                    "grpc" => format!("http://{}", collector.address),
                    _ => format!("http://{}/v1/logs", collector.address),
                },
            ),
            ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", protocol.to_owned()),
        ];
        let settings = Options::parse(&[], exporting(&environment)).unwrap().telemetry;
        assert!(settings.traces.is_none() && settings.metrics.is_none());
        let logs = Logs::start(&settings).unwrap();
        let subscriber = tracing_subscriber::registry().with(logs.layer());
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(answer = 42, "a line");
            tracing::info!(target: "hyper_util::client", "a line about sending lines");
        });
        tokio::task::spawn_blocking(move || drop(logs)).await.unwrap();
        let received = collector.received.lock().unwrap();
        let records = received.logs.iter().flat_map(|export| &export.resource_logs).flat_map(|logs| &logs.scope_logs);
        let records: Vec<_> = records.flat_map(|scope| &scope.log_records).collect();
        assert_eq!(records.len(), 1, "{records:?}");
        assert_eq!(records[0].severity_text, "WARN");
        assert_eq!(attribute(&records[0].attributes, "answer").as_deref(), Some("42"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_may_ask_for_a_certificate() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("ca.pem"), &authority.pem).unwrap();
    authority.issue("host").write(folder.path());
    for protocol in ["grpc", "http/protobuf"] {
        let collector = Collector::start(Some(authority.server(&authority.issue("localhost"), true))).await;
        let environment = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("https://localhost:{}", collector.address.port())),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.to_owned()),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", path("ca.pem")),
            ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", path("cert.pem")),
            ("OTEL_EXPORTER_OTLP_CLIENT_KEY", path("key.pem")),
        ];
        let settings = Settings::read(exporting(&environment));
        assert!(settings.warnings.is_empty(), "{:?}", settings.warnings);
        let logs = Logs::start(&settings).unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(logs.layer()), || {
            tracing::warn!("a line");
        });
        tokio::task::spawn_blocking(move || drop(logs)).await.unwrap();
        assert_eq!(collector.received.lock().unwrap().logs.len(), 1, "{protocol}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_harms_nothing() {
    let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9".to_owned())];
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::with(&[], exporting(&environment)).await else { return };
    run(&host, &image).await;
    assert_eq!(host.get("a.example", "/").await.status, 200);
    host.stop().await;
    assert!(!Settings::read(|_| None).any());
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
