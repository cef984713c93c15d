//! Flags of `chartwright operator`: those of upstream's operator under their own names, and what it lacks.

use std::sync::LazyLock;

use super::FlagKind::{Address, Bool, Choice, Duration, Number, Path, Percent, Value};
use super::ours::{collected, flag, nats};
use super::{Flag, FlagKind};

/// Sorted by name.
pub(super) static FLAGS: LazyLock<Vec<Flag>> = LazyLock::new(|| {
    collected(&[OWN, &nats!("nats", "NATS", ca: &["nats-ca"], cert: &["nats-client-cert"], key: &["nats-client-key"])])
});

/// The flags that are no NATS connection.
static OWN: &[Flag] = &[
    flag(
        "allow-shared-hosts",
        "CHARTWRIGHT_ALLOW_SHARED_HOSTS",
        Bool,
        "Lets a workload name an environment other than its own namespace.",
    )
    .default("true"),
    flag("ca-validity", "CHARTWRIGHT_CA_VALIDITY", Duration, "How long the certificate authority is valid.")
        .default("3650d"),
    flag("certificate-config", "CHARTWRIGHT_CERTIFICATE_CONFIG", Path, "File that lists these certificates."),
    flag("certificate-validity", "CHARTWRIGHT_CERTIFICATE_VALIDITY", Duration, "How long a certificate is valid.")
        .default("90d"),
    flag(
        "certificates",
        "CHARTWRIGHT_CERTIFICATES",
        Choice(&["off", "manage"]),
        "Whether it creates and rotates the certificates of the release.",
    )
    .default("off"),
    flag("cluster-domain", "CHARTWRIGHT_CLUSTER_DOMAIN", Value, "The cluster's DNS domain.").default("cluster.local"),
    flag(
        "cpu-backpressure-threshold",
        "CHARTWRIGHT_CPU_BACKPRESSURE_THRESHOLD",
        Percent,
        "Processor use above which a host gets no new workload.",
    )
    .default("80"),
    flag(
        "disable-artifact-controller",
        "CHARTWRIGHT_DISABLE_ARTIFACT_CONTROLLER",
        Bool,
        "Leaves the status of Artifacts to another controller.",
    )
    .default("false"),
    flag(
        "health-probe-bind-address",
        "CHARTWRIGHT_HEALTH_PROBE_BIND_ADDRESS",
        Address,
        "Where `/healthz` and `/readyz` listen.",
    )
    .default(":8082"),
    flag("heartbeat-timeout", "CHARTWRIGHT_HEARTBEAT_TIMEOUT", Duration, "Silence after which a host counts as lost.")
        .default("60s"),
    flag(
        "host-namespaces",
        "CHARTWRIGHT_HOST_NAMESPACES",
        FlagKind::LIST,
        "Namespaces of host Pods. None: the operator's own.",
    ),
    flag("leader-elect", "CHARTWRIGHT_LEADER_ELECT", Bool, "One active operator among several.").default("false"),
    flag(
        "leader-election-id",
        "CHARTWRIGHT_LEADER_ELECTION_ID",
        Value,
        "Name of the Lease. Upstream's, so that one implementation waits for the other while they are swapped.",
    )
    .default("d34db3ef.wasmcloud.dev"),
    flag("log-format", "CHARTWRIGHT_LOG_FORMAT", Choice(&["text", "json"]), "Format of logs.").default("text"),
    flag(
        "log-level",
        "CHARTWRIGHT_LOG_LEVEL",
        Value,
        "Level of logs: trace, debug, info, warn or error; or a filter such as `info,chartwright_host=debug`.",
    )
    .default("info"),
    flag("max-concurrent-starts", "CHARTWRIGHT_MAX_CONCURRENT_STARTS", Number, "Starts of workloads at a time.")
        .default("16"),
    flag(
        "max-concurrent-starts-per-host",
        "CHARTWRIGHT_MAX_CONCURRENT_STARTS_PER_HOST",
        Number,
        "The same for one host.",
    )
    .default("4"),
    flag(
        "memory-backpressure-threshold",
        "CHARTWRIGHT_MEMORY_BACKPRESSURE_THRESHOLD",
        Percent,
        "Memory use above which a host gets no new workload.",
    )
    .default("80"),
    flag(
        "metrics-bind-address",
        "CHARTWRIGHT_METRICS_BIND_ADDRESS",
        Address,
        "Where `/metrics` listens; `0` turns it off.",
    )
    .default(":8081"),
    flag(
        "metrics-secure",
        "CHARTWRIGHT_METRICS_SECURE",
        Bool,
        "HTTPS for metrics, for those whose token the API server knows and lets `get` `/metrics`.",
    )
    .default("false"),
    flag(
        "metrics-tls-cert-path",
        "CHARTWRIGHT_METRICS_TLS_CERT_PATH",
        Path,
        "Certificate of secure metrics, read again when it changes. None: one that it signs itself.",
    ),
    flag("metrics-tls-key-path", "CHARTWRIGHT_METRICS_TLS_KEY_PATH", Path, "Key of that certificate."),
    flag(
        "release",
        "CHARTWRIGHT_RELEASE",
        Value,
        "The instance this operator belongs to: it keeps to the hosts of its own release. None: to all.",
    ),
    flag(
        "watch-namespaces",
        "CHARTWRIGHT_WATCH_NAMESPACES",
        FlagKind::LIST,
        "Namespaces whose workloads are looked after. None: all.",
    ),
];
