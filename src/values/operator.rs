//! The operator.

use std::collections::BTreeMap;

use super::hosts::{Log, PortSwitch};
use super::implementation::{FlagValue, Implementation};
use super::monitoring::{Otel, ServiceMonitor};
use super::network::{NetworkRules, Service};
use super::pod::Pod;
use super::section::section;

section! {
    /// The operator: it places workloads on hosts.
    pub struct Operator {
        ..
        /// The pod.
        pod: Pod,
        /// Whether it is made. A release of hosts only has it off.
        enabled: bool,
        /// How many; one leads, the others stand by.
        #[schemars(range(min = 0))]
        replicas: i32,
        /// Whose operator runs.
        implementation: Implementation,
        /// Flags by name without dashes: a value adds or changes one, null takes a default one away.
        flags: BTreeMap<String, Option<FlagValue>>,
        /// Namespaces whose workloads are run; all without any. With some, no cluster role is made.
        watch_namespaces: Vec<String>,
        /// Namespaces of host groups of other releases; those of this release are known.
        host_namespaces: Vec<String>,
        /// Whether workloads may run on hosts of another namespace.
        allow_shared_hosts: bool,
        /// The controller that resolves `artifact://` references.
        artifact_controller: Switch,
        /// Leader election.
        leader_election: LeaderElection,
        /// Hosts above these get no more workloads.
        backpressure: Backpressure,
        /// Starts at one time (our operator).
        starts: Starts,
        /// Seconds without a heartbeat after which a host counts as lost (our operator).
        #[schemars(range(min = 1))]
        heartbeat_timeout_seconds: i32,
        /// Logging.
        log: Log,
        /// Health port.
        health: PortSwitch,
        /// Metrics.
        metrics: OperatorMetrics,
        /// OpenTelemetry, for an image that exports: our operator and upstream's do not.
        otel: Otel,
        /// More rules of its NetworkPolicy.
        network_policy: NetworkRules,
    }
}

section! {
    /// A switch.
    pub struct Switch {
        /// On or off.
        enabled: bool,
    }
}

section! {
    /// Leader election.
    pub struct LeaderElection {
        /// Whether there is one.
        enabled: bool,
        /// Name of the Lease; made from the release's without one, so that releases do not meet (our operator).
        id: String,
    }
}

section! {
    /// When a host counts as full, in percent.
    pub struct Backpressure {
        /// CPU.
        #[schemars(range(min = 1, max = 100))]
        cpu_percent: i32,
        /// Memory.
        #[schemars(range(min = 1, max = 100))]
        memory_percent: i32,
    }
}

section! {
    /// Starts at one time.
    pub struct Starts {
        /// In all.
        #[schemars(range(min = 1))]
        max_concurrent: i32,
        /// On one host.
        #[schemars(range(min = 1))]
        max_concurrent_per_host: i32,
    }
}

section! {
    /// Metrics of the operator.
    pub struct OperatorMetrics {
        /// Whether the port is open.
        enabled: bool,
        /// The port.
        #[schemars(range(min = 1, max = 65535))]
        port: i32,
        /// HTTPS, and only for those whose token may read metrics.
        secure: bool,
        /// The Service.
        service: Service,
        /// ServiceMonitor.
        service_monitor: ServiceMonitor,
    }
}
