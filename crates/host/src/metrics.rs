//! What the host counts, for Prometheus.

use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
pub use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::oci::Origin;
use crate::workload::Part;

/// Seconds: from what a local component needs to what a slow back end does.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0, 300.0];

/// Whose requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PartLabels {
    /// Namespace of the workload.
    pub workload_namespace: String,
    /// Name of the workload.
    pub workload: String,
    /// The component.
    pub component: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClassLabels {
    workload_namespace: String,
    workload: String,
    component: String,
    /// `2xx`.
    class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CommandLabels {
    command: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PlaneLabels {
    plane: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SentLabels {
    workload_namespace: String,
    workload: String,
    component: String,
    /// `2xx`, or why there was no answer.
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SideLabels {
    side: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OriginLabels {
    origin: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PullLabels {
    origin: &'static str,
    result: &'static str,
}

/// Where the compiled code of a component came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeFrom {
    /// It was compiled now.
    Compiler,
    /// It was compiled earlier, and kept in a folder.
    Disk,
    /// Another workload uses it.
    Memory,
}

impl CodeFrom {
    /// For metrics and logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Compiler => "compiler",
            Self::Disk => "disk",
            Self::Memory => "memory",
        }
    }
}

type Durations<L> = Family<L, Histogram, fn() -> Histogram>;
type Seconds = Counter<f64, AtomicU64>;

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The meters of one component of a workload, found once and not at each request. They come to be with the first one: of
/// ten thousand workloads on a host most are never asked, and each would be twenty lines of every scrape.
pub struct RequestMeters {
    labels: PartLabels,
    families: Requests,
    meters: OnceLock<Meters>,
}

struct Meters {
    classes: [Counter; 5],
    seconds: Histogram,
    running: Gauge,
}

/// What is counted of requests.
#[derive(Clone)]
struct Requests {
    answered: Family<ClassLabels, Counter>,
    seconds: Durations<PartLabels>,
    running: Family<PartLabels, Gauge>,
}

/// All meters.
pub struct Metrics {
    registry: Registry,
    requests: Requests,
    misses: Family<ReasonLabels, Counter>,
    refused_connections: Family<ReasonLabels, Counter>,
    tls_reloads: Family<ResultLabels, Counter>,
    certificates: Family<SideLabels, Gauge>,
    sent: Family<SentLabels, Counter>,
    denied: Counter,
    commands: Family<CommandLabels, Counter>,
    connected: Family<PlaneLabels, Gauge>,
    reconnects: Family<PlaneLabels, Gauge>,
    compiled: Family<OriginLabels, Counter>,
    compile_seconds: Family<OriginLabels, Seconds>,
    pulls: Durations<PullLabels>,
    /// Workloads in mind.
    pub workloads: Gauge,
    /// Bytes of all guests' memories.
    pub guest_memory: Gauge,
    /// Growths of guests' memory beyond the limit.
    pub guest_memory_over: Gauge,
    /// Instances of components.
    pub instances: Gauge,
    /// Those of them that are kept warm and idle.
    pub instances_warm: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("chartwright_host");
        macro_rules! family {
            ($name:literal, $help:literal, $make:expr) => {{
                let family = $make;
                registry.register($name, $help, family.clone());
                family
            }};
        }
        macro_rules! seconds {
            ($name:literal, $help:literal, $make:expr) => {{
                let family = $make;
                registry.register_with_unit($name, $help, Unit::Seconds, family.clone());
                family
            }};
        }
        Self {
            requests: Requests {
                answered: family!("http_requests", "Requests answered", Family::default()),
                seconds: seconds!("http_request_duration", "Time until the response began", durations()),
                running: family!("http_requests_in_flight", "Requests under way", Family::default()),
            },
            compiled: family!("compiled", "Components made ready, by where their code came from", Family::default()),
            compile_seconds: seconds!("compile", "Time that took", Family::default()),
            pulls: seconds!("pull_duration", "Time to get a component, from the registry or the cache", durations()),
            misses: family!("http_misses", "Requests that no workload answered", Family::default()),
            refused_connections: family!(
                "http_connections_refused",
                "Connections that were closed before a request",
                Family::default()
            ),
            tls_reloads: family!("tls_reloads", "Times the server's certificate was read again", Family::default()),
            certificates: family!(
                "tls_certificate_expiry_timestamp_seconds",
                "When a certificate of this host ends",
                Family::default()
            ),
            sent: family!("http_client_requests", "Requests that workloads sent", Family::default()),
            denied: family!(
                "http_client_denied",
                "Requests that workloads sent to hosts that are not allowed",
                Counter::default()
            ),
            commands: family!("control_commands", "Commands of the operator", Family::default()),
            connected: family!("nats_connected", "Whether the connection stands", Family::default()),
            reconnects: family!("nats_reconnects", "Times the connection was made again", Family::default()),
            workloads: family!("workloads", "Workloads in mind, failed ones among them", Gauge::default()),
            guest_memory: family!("guest_memory_bytes", "Linear memory of all guests", Gauge::default()),
            guest_memory_over: family!("guest_memory_over", "Growths beyond the limit", Gauge::default()),
            instances: family!("instances", "Instances of components", Gauge::default()),
            instances_warm: family!("instances_warm", "Instances kept warm and idle", Gauge::default()),
            registry,
        }
    }
}

impl Metrics {
    /// The meters of a component of a workload.
    pub fn of(&self, part: &Part) -> RequestMeters {
        let labels = PartLabels {
            workload_namespace: part.namespace.clone(),
            workload: part.workload.clone(),
            component: part.component.clone(),
        };
        RequestMeters { labels, families: self.requests.clone(), meters: OnceLock::new() }
    }

    /// Takes the meters of a workload that ended out: names of workloads never come back.
    pub fn forget(&self, meters: &RequestMeters) {
        // A request that begins at this moment counts into nothing, instead of bringing them back for ever.
        meters.meters.get_or_init(Meters::detached);
        for class in CLASSES {
            self.requests.answered.remove(&with_class(&meters.labels, class));
        }
        self.requests.seconds.remove(&meters.labels);
        self.requests.running.remove(&meters.labels);
    }

    /// The same for what a component of it sent.
    pub fn forget_sent(&self, part: &Part) {
        let mut labels = SentLabels {
            workload_namespace: part.namespace.clone(),
            workload: part.workload.clone(),
            component: part.component.clone(),
            result: "",
        };
        for result in CLASSES.into_iter().chain(SEND_FAULTS) {
            labels.result = result;
            self.sent.remove(&labels);
        }
    }

    /// A request that a component sent: the class of its answer, or one of the words for none.
    pub fn sent(&self, part: &Part, result: &'static str) {
        let labels = SentLabels {
            workload_namespace: part.namespace.clone(),
            workload: part.workload.clone(),
            component: part.component.clone(),
            result,
        };
        self.sent.get_or_create(&labels).inc();
    }

    /// A request to a host that its component may not ask.
    pub fn denied(&self) {
        self.denied.inc();
    }

    /// A connection that was closed before a request.
    pub fn connection_refused(&self, reason: &'static str) {
        self.refused_connections.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// The server's certificate was read again.
    pub fn tls_reload(&self, good: bool) {
        let result = if good { "done" } else { "failed" };
        self.tls_reloads.get_or_create(&ResultLabels { result }).inc();
    }

    /// When the certificate of the server or of guests' requests ends, in seconds since 1970.
    pub fn certificate(&self, side: &'static str, ends: Option<i64>) {
        if let Some(ends) = ends {
            self.certificates.get_or_create(&SideLabels { side }).set(ends);
        }
    }

    /// A component whose code is ready, and what that took.
    pub fn code(&self, from: CodeFrom, took: Duration) {
        let labels = OriginLabels { origin: from.word() };
        self.compiled.get_or_create(&labels).inc();
        self.compile_seconds.get_or_create(&labels).inc_by(took.as_secs_f64());
    }

    /// A component that was asked of the registry or the cache; without an origin it was not got.
    pub fn pulled(&self, origin: Option<Origin>, took: Duration) {
        let (origin, result) = match origin {
            Some(Origin::Cache) => ("cache", "done"),
            Some(Origin::Registry) => ("registry", "done"),
            None => ("none", "failed"),
        };
        self.pulls.get_or_create(&PullLabels { origin, result }).observe(took.as_secs_f64());
    }

    /// A request that no workload answered.
    pub fn missed(&self, reason: &'static str) {
        self.misses.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// A command of the operator, and whether it went well.
    pub fn command(&self, command: &'static str, good: bool) {
        let result = if good { "done" } else { "failed" };
        self.commands.get_or_create(&CommandLabels { command, result }).inc();
    }

    /// How a connection to NATS stands.
    pub fn nats(&self, plane: &'static str, connected: bool, reconnects: u64) {
        let labels = PlaneLabels { plane };
        self.connected.get_or_create(&labels).set(i64::from(connected));
        self.reconnects.get_or_create(&labels).set(i64::try_from(reconnects).unwrap_or(i64::MAX));
    }

    /// The text of `/metrics`.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            text.clear();
        }
        text
    }
}

impl RequestMeters {
    /// An answer, from the guest or in its place.
    pub fn answered(&self, status: StatusCode, took: Duration) {
        let meters = self.meters();
        meters.classes[class_index(status)].inc();
        meters.seconds.observe(took.as_secs_f64());
    }

    /// Requests under way.
    pub fn running(&self) -> &Gauge {
        &self.meters().running
    }

    fn meters(&self) -> &Meters {
        let (families, labels) = (&self.families, &self.labels);
        self.meters.get_or_init(|| Meters {
            classes: CLASSES.map(|class| families.answered.get_or_create_owned(&with_class(labels, class))),
            seconds: families.seconds.get_or_create_owned(labels),
            running: families.running.get_or_create_owned(labels),
        })
    }
}

impl Meters {
    /// Meters that nobody sees.
    fn detached() -> Self {
        Self { classes: Default::default(), seconds: Histogram::new(BUCKETS), running: Gauge::default() }
    }
}

fn durations<L: Clone + std::hash::Hash + Eq>() -> Durations<L> {
    Family::new_with_constructor(|| Histogram::new(BUCKETS))
}

/// Why a request that was sent has no answer.
const SEND_FAULTS: [&str; 7] = ["denied", "no-slot", "dns", "refused", "timeout", "tls", "failed"];

fn class_index(status: StatusCode) -> usize {
    usize::from(status.as_u16() / 100).clamp(1, 5) - 1
}

/// `2xx`.
pub fn class(status: StatusCode) -> &'static str {
    CLASSES[class_index(status)]
}

fn with_class(labels: &PartLabels, class: &'static str) -> ClassLabels {
    ClassLabels {
        workload_namespace: labels.workload_namespace.clone(),
        workload: labels.workload.clone(),
        component: labels.component.clone(),
        class,
    }
}
