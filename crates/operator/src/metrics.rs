//! What the operator counts, for Prometheus.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Seconds: from a start of cached code to one whose image comes slowly.
const BUCKETS: [f64; 12] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reconcile {
    controller: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfController {
    controller: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfResult {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfResource {
    resource: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfState {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfSecret {
    namespace: String,
    secret: String,
}

/// All of it.
pub struct Metrics {
    registry: Registry,
    reconciles: Family<Reconcile, Counter>,
    seconds: Family<OfController, Histogram>,
    waiting: Family<OfController, Gauge>,
    starts: Family<OfResult, Counter>,
    start_seconds: Histogram,
    placements: Family<OfResult, Counter>,
    writes: Family<OfResource, Counter>,
    hosts: Family<OfState, Gauge>,
    stopped: Counter,
    lost: Counter,
    leader: Gauge,
    nats_connected: Gauge,
    nats_reconnects: Gauge,
    certificate_days: Family<OfSecret, Gauge>,
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("chartwright_operator"),
            reconciles: Family::default(),
            seconds: Family::new_with_constructor(histogram),
            waiting: Family::default(),
            starts: Family::default(),
            start_seconds: histogram(),
            placements: Family::default(),
            writes: Family::default(),
            hosts: Family::default(),
            stopped: Counter::default(),
            lost: Counter::default(),
            leader: Gauge::default(),
            nats_connected: Gauge::default(),
            nats_reconnects: Gauge::default(),
            certificate_days: Family::default(),
        };
        let m = &mut metrics;
        let registry = &mut m.registry;
        registry.register("reconciles", "Looks at objects, by controller and result", m.reconciles.clone());
        registry.register_with_unit("reconcile", "How long a look takes", Unit::Seconds, m.seconds.clone());
        registry.register("queue", "Objects that wait for a look", m.waiting.clone());
        registry.register("starts", "Starts of workloads on hosts, by result", m.starts.clone());
        registry.register_with_unit("start", "From request to answer", Unit::Seconds, m.start_seconds.clone());
        registry.register("placements", "Choices of a host, by result", m.placements.clone());
        registry.register("api_writes", "Writes to the API server, by resource", m.writes.clone());
        registry.register("hosts", "Hosts, by state", m.hosts.clone());
        registry.register("workloads_stopped", "Workloads that hosts ran and nobody knew", m.stopped.clone());
        registry.register("hosts_lost", "Hosts that were given up", m.lost.clone());
        registry.register("leader", "1 while this operator is the active one", m.leader.clone());
        registry.register("nats_connected", "1 while the connection to NATS stands", m.nats_connected.clone());
        registry.register("nats_reconnects", "How often it was there again", m.nats_reconnects.clone());
        registry.register_with_unit(
            "certificate_left",
            "Time until a certificate ends",
            Unit::Other("days".into()),
            m.certificate_days.clone(),
        );
        metrics
    }
}

impl Metrics {
    pub(crate) fn reconciled(&self, controller: &'static str, result: &'static str, took: Duration) {
        self.reconciles.get_or_create(&Reconcile { controller, result }).inc();
        self.seconds.get_or_create(&OfController { controller }).observe(took.as_secs_f64());
    }

    pub(crate) fn waiting(&self, controller: &'static str, count: usize) {
        self.waiting.get_or_create(&OfController { controller }).set(number(count));
    }

    pub(crate) fn started(&self, result: &'static str, took: Duration) {
        self.starts.get_or_create(&OfResult { result }).inc();
        self.start_seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn placed(&self, result: &'static str) {
        self.placements.get_or_create(&OfResult { result }).inc();
    }

    pub(crate) fn write(&self, resource: &str) {
        self.writes.get_or_create(&OfResource { resource: resource.to_owned() }).inc();
    }

    pub(crate) fn hosts(&self, state: &'static str, count: usize) {
        self.hosts.get_or_create(&OfState { state }).set(number(count));
    }

    pub(crate) fn stopped_unknown(&self) {
        self.stopped.inc();
    }

    pub(crate) fn host_lost(&self) {
        self.lost.inc();
    }

    pub(crate) fn leads(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }

    pub(crate) fn nats(&self, connected: bool, reconnects: u64) {
        self.nats_connected.set(i64::from(connected));
        self.nats_reconnects.set(i64::try_from(reconnects).unwrap_or(i64::MAX));
    }

    /// Days until a certificate ends; negative: since it ended.
    pub(crate) fn certificate(&self, namespace: &str, secret: &str, days: i64) {
        let labels = OfSecret { namespace: namespace.to_owned(), secret: secret.to_owned() };
        self.certificate_days.get_or_create(&labels).set(days);
    }

    /// Everything, as OpenMetrics has it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a text does not fail.
        _ = encode(&mut text, &self.registry);
        text
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
