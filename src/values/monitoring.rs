//! Metrics, rules, dashboards and OpenTelemetry.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::section::{choice, section};

section! {
    /// Monitoring objects of the release.
    pub struct Monitoring {
        /// Alerts.
        rules: PrometheusRules,
        /// Dashboards for Grafana.
        dashboards: Dashboards,
    }
}

section! {
    /// A PodMonitor of the Prometheus operator.
    pub struct PodMonitor {
        /// `auto` makes it where the cluster (or `--api-versions`) has the kind.
        enabled: AutoSwitch,
        /// Labels, by which Prometheus finds it.
        labels: BTreeMap<String, String>,
        /// Time between scrapes, such as `30s`.
        interval: String,
        /// Time for a scrape, such as `10s`.
        scrape_timeout: String,
        /// Relabelings of targets.
        relabelings: Vec<Json>,
        /// Relabelings of metrics.
        metric_relabelings: Vec<Json>,
    }
}

section! {
    /// A ServiceMonitor of the Prometheus operator.
    pub struct ServiceMonitor {
        ..
        /// The same as of a PodMonitor.
        monitor: PodMonitor,
        /// How the scraper proves who it is, when metrics are secure. Left out: by the token of its own Pod.
        bearer_token_file: String,
    }
}

/// On, off, or where it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum AutoSwitch {
    /// On or off.
    Switch(bool),
    /// Where the cluster has the kind.
    Auto(Auto),
}

choice! {
    /// The word `auto`.
    pub enum Auto {
        /// Where the cluster has the kind.
        Auto = "auto",
    }
}

section! {
    /// A PrometheusRule with our alerts.
    pub struct PrometheusRules {
        /// `auto` makes it where the cluster (or `--api-versions`) has the kind.
        enabled: AutoSwitch,
        /// Labels, by which Prometheus finds it.
        labels: BTreeMap<String, String>,
        /// Rules after ours.
        extra_rules: Vec<Json>,
    }
}

section! {
    /// ConfigMaps that Grafana's sidecar picks up.
    pub struct Dashboards {
        /// Whether they are made.
        enabled: bool,
        /// Labels, by which the sidecar finds them.
        labels: BTreeMap<String, String>,
        /// Annotations, such as the folder.
        annotations: BTreeMap<String, String>,
    }
}

section! {
    /// OpenTelemetry of one component, written as its standard environment variables.
    pub struct Otel {
        /// Endpoint, such as `http://collector:4317`. Nothing is sent without one.
        endpoint: String,
        /// Protocol. Without it: `http/protobuf` for port 4318, else `grpc`.
        protocol: OtelProtocol,
        /// Metrics.
        metrics: bool,
        /// Traces.
        traces: bool,
        /// Logs.
        logs: bool,
        /// Name of the service; the component's by default.
        service_name: String,
        /// More resource attributes; pod, node and namespace are there already.
        resource_attributes: BTreeMap<String, String>,
        /// Secret whose key `headers` holds `OTEL_EXPORTER_OTLP_HEADERS`.
        headers_secret_name: String,
    }
}

choice! {
    /// Protocols of OTLP.
    pub enum OtelProtocol {
        /// gRPC, port 4317.
        Grpc = "grpc",
        /// HTTP, port 4318.
        HttpProtobuf = "http/protobuf",
    }
}
