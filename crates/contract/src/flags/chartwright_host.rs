//! Flags of `chartwright host`: those of `wash host` that have a meaning here under their own names, and what it lacks.

use std::sync::LazyLock;

use super::FlagKind::{Address, Bool, Choice, Duration, Number, Path, Size, Value};
use super::ours::{collected, flag, nats};
use super::{Flag, FlagKind};

/// Sorted by name.
pub(super) static FLAGS: LazyLock<Vec<Flag>> =
    LazyLock::new(|| collected(&[OWN, &nats!("scheduler-nats", "SCHEDULER_NATS"), &nats!("data-nats", "DATA_NATS")]));

/// The flags that are no NATS connection.
static OWN: &[Flag] = &[
    flag(
        "allow-host-loopback",
        "CHARTWRIGHT_ALLOW_HOST_LOOPBACK",
        Bool,
        "Lets guests reach the ports of the host's loopback they are allowed.",
    )
    .default("false"),
    flag(
        "allow-insecure-registries",
        "CHARTWRIGHT_ALLOW_INSECURE_REGISTRIES",
        Bool,
        "Plain HTTP for every registry. Better: `insecure-registry`.",
    )
    .default("false"),
    flag(
        "core-instances",
        "CHARTWRIGHT_CORE_INSTANCES",
        Number,
        "Instance slots of the pooling allocator. 0: no pool; instances are made one by one.",
    )
    .default("1000"),
    flag(
        "data-nats-jetstream-domain",
        "CHARTWRIGHT_DATA_NATS_JETSTREAM_DOMAIN",
        Value,
        "JetStream domain of buckets and stores.",
    ),
    flag(
        "data-nats-jetstream-max-bytes",
        "CHARTWRIGHT_DATA_NATS_JETSTREAM_MAX_BYTES",
        Size,
        "Size of a bucket or store that is created. Servers with a quota refuse those without one.",
    ),
    flag(
        "default-heap-memory",
        "CHARTWRIGHT_DEFAULT_HEAP_MEMORY",
        Size,
        "Largest linear memory of a guest. None: 4Gi.",
    ),
    flag("deny-private-ranges", "CHARTWRIGHT_DENY_PRIVATE_RANGES", Bool, "Refuses connections to private addresses.")
        .default("false"),
    flag(
        "deny-special-ranges",
        "CHARTWRIGHT_DENY_SPECIAL_RANGES",
        Bool,
        "Refuses connections to loopback, link-local and the like.",
    )
    .default("true"),
    flag(
        "drain-delay",
        "CHARTWRIGHT_DRAIN_DELAY",
        Duration,
        "Goes on serving for so long after it is told to stop, until nobody sends requests any more.",
    )
    .default("0s"),
    flag("drain-timeout", "CHARTWRIGHT_DRAIN_TIMEOUT", Duration, "Time for what is in flight after that.")
        .default("30s"),
    flag(
        "environment",
        "CHARTWRIGHT_ENVIRONMENT",
        Value,
        "The environment that heartbeats name; in a cluster the namespace of the Pod.",
    ),
    flag(
        "guest-memory-mode",
        "CHARTWRIGHT_GUEST_MEMORY_MODE",
        Choice(&["count", "enforce"]),
        "Whether `max-guest-memory` is enforced.",
    )
    .default("count"),
    flag("host-group", "CHARTWRIGHT_HOST_GROUP", Value, "The host group: the label `hostgroup` of heartbeats.")
        .default("default"),
    flag(
        "host-name",
        "CHARTWRIGHT_HOST_NAME",
        Value,
        "The host name of heartbeats; in a cluster the IP address of the Pod. None: the machine's name.",
    ),
    flag("http-addr", "CHARTWRIGHT_HTTP_ADDR", Address, "Where the HTTP server listens. None: no HTTP."),
    flag(
        "http-client-ca-path",
        "CHARTWRIGHT_HTTP_CLIENT_CA_PATH",
        FlagKind::LIST,
        "More certificate authorities for guests' HTTPS.",
    ),
    flag("http-client-cert-path", "CHARTWRIGHT_HTTP_CLIENT_CERT_PATH", Path, "Client certificate for guests' HTTPS."),
    flag(
        "http-client-identity-refresh",
        "CHARTWRIGHT_HTTP_CLIENT_IDENTITY_REFRESH",
        Duration,
        "Reads the client certificate again. None: never.",
    ),
    flag("http-client-key-path", "CHARTWRIGHT_HTTP_CLIENT_KEY_PATH", Path, "Key of the client certificate."),
    flag(
        "http-client-trust-roots",
        "CHARTWRIGHT_HTTP_CLIENT_TRUST_ROOTS",
        Choice(&["webpki", "webpki-and-native", "native", "extra-only"]),
        "Certificate authorities for guests' HTTPS.",
    )
    .default("webpki"),
    flag(
        "http-connection-wait",
        "CHARTWRIGHT_HTTP_CONNECTION_WAIT",
        Duration,
        "Wait for a slot for an outgoing HTTP connection.",
    )
    .default("5s"),
    flag(
        "http-local-routing",
        "CHARTWRIGHT_HTTP_LOCAL_ROUTING",
        Bool,
        "Calls a workload on the same host without the network.",
    )
    .default("false"),
    flag(
        "insecure-registry",
        "CHARTWRIGHT_INSECURE_REGISTRY",
        FlagKind::LIST,
        "Registries, `host` or `host:port`, that are spoken to in plain HTTP.",
    ),
    flag("label", "CHARTWRIGHT_LABEL", FlagKind::LIST, "More labels of heartbeats, `key=value`."),
    flag("log-format", "CHARTWRIGHT_LOG_FORMAT", Choice(&["text", "json"]), "Format of logs.").default("text"),
    flag(
        "log-level",
        "CHARTWRIGHT_LOG_LEVEL",
        Value,
        "Level of logs: trace, debug, info, warn or error; or a filter such as `info,chartwright_host=debug`.",
    )
    .default("info"),
    flag(
        "max-body-bytes",
        "CHARTWRIGHT_MAX_BODY_BYTES",
        Size,
        "Largest body of a request; a larger one is refused with 413. None: no limit.",
    ),
    flag("max-component-bytes", "CHARTWRIGHT_MAX_COMPONENT_BYTES", Size, "Largest component that is pulled.")
        .default("256Mi"),
    flag(
        "max-concurrent-starts",
        "CHARTWRIGHT_MAX_CONCURRENT_STARTS",
        Number,
        "Starts of workloads at a time. None: one less than cores, 1 to 4.",
    ),
    flag(
        "max-connections",
        "CHARTWRIGHT_MAX_CONNECTIONS",
        Number,
        "Connections of the host. None: half of the descriptor limit.",
    ),
    flag(
        "max-guest-memory",
        "CHARTWRIGHT_MAX_GUEST_MEMORY",
        Size,
        "Memory of all guests. None: three quarters of the limit of the container or machine.",
    ),
    flag(
        "max-http-ingress-connections",
        "CHARTWRIGHT_MAX_HTTP_INGRESS_CONNECTIONS",
        Number,
        "Incoming HTTP connections. None: a quarter of the descriptor limit.",
    ),
    flag(
        "max-in-flight",
        "CHARTWRIGHT_MAX_IN_FLIGHT",
        Number,
        "Requests and messages handled at a time. None: derived from `core-instances`.",
    ),
    flag(
        "max-in-flight-per-workload",
        "CHARTWRIGHT_MAX_IN_FLIGHT_PER_WORKLOAD",
        Number,
        "The same for a workload. None: a quarter.",
    ),
    flag(
        "max-inbound-socket-connections-per-workload",
        "CHARTWRIGHT_MAX_INBOUND_SOCKET_CONNECTIONS_PER_WORKLOAD",
        Number,
        "Connections to a workload's ports.",
    )
    .default("256"),
    flag(
        "max-outbound-http-connections-per-workload",
        "CHARTWRIGHT_MAX_OUTBOUND_HTTP_CONNECTIONS_PER_WORKLOAD",
        Number,
        "Outgoing HTTP connections of a workload.",
    )
    .default("128"),
    flag(
        "max-outbound-socket-connections-per-workload",
        "CHARTWRIGHT_MAX_OUTBOUND_SOCKET_CONNECTIONS_PER_WORKLOAD",
        Number,
        "Outgoing sockets of a workload.",
    )
    .default("256"),
    flag("max-workloads", "CHARTWRIGHT_MAX_WORKLOADS", Number, "Workloads of the host. None: no limit."),
    flag("meters", "CHARTWRIGHT_METERS", Choice(&["duration", "fuel", "off"]), "What is measured of calls.")
        .default("duration"),
    flag("metrics-addr", "CHARTWRIGHT_METRICS_ADDR", Address, "Where `/metrics` listens. None: nowhere."),
    flag(
        "nats-connect-timeout",
        "CHARTWRIGHT_NATS_CONNECT_TIMEOUT",
        Duration,
        "Time for the first connections to both planes, then the host ends; 0: at the first refusal. None: no limit.",
    ),
    flag("oci-ca-path", "CHARTWRIGHT_OCI_CA_PATH", FlagKind::LIST, "More certificate authorities for registries."),
    flag("oci-cache-dir", "CHARTWRIGHT_OCI_CACHE_DIR", Path, "Where pulled components are kept. None: in memory only."),
    flag(
        "oci-cache-size",
        "CHARTWRIGHT_OCI_CACHE_SIZE",
        Size,
        "How much of them is kept, half of it as compiled code; the longest unused go first.",
    )
    .default("1Gi"),
    flag(
        "probe-addr",
        "CHARTWRIGHT_PROBE_ADDR",
        Address,
        "Where `/livez`, `/healthz` and `/readyz` listen. None: nowhere.",
    ),
    flag("registry-pull-timeout", "CHARTWRIGHT_REGISTRY_PULL_TIMEOUT", Duration, "Time for the pull of one image.")
        .default("30s"),
    flag(
        "release",
        "CHARTWRIGHT_RELEASE",
        Value,
        "The instance this host belongs to: an operator of ours keeps to the hosts of its own. None: any operator's.",
    ),
    flag(
        "request-timeout",
        "CHARTWRIGHT_REQUEST_TIMEOUT",
        Duration,
        "Time for a request or message, then the guest is stopped.",
    )
    .default("600s"),
    flag(
        "socket-egress",
        "CHARTWRIGHT_SOCKET_EGRESS",
        Choice(&["count", "enforce"]),
        "Whether rules for sockets are enforced.",
    )
    .default("count"),
    flag(
        "tls-ca-path",
        "CHARTWRIGHT_TLS_CA_PATH",
        Path,
        "Certificate authorities of HTTP clients. With it, clients need a certificate.",
    ),
    flag(
        "tls-cert-path",
        "CHARTWRIGHT_TLS_CERT_PATH",
        Path,
        "Certificate of the HTTP server, read again when it changes.",
    ),
    flag("tls-key-path", "CHARTWRIGHT_TLS_KEY_PATH", Path, "Key of the HTTP server's certificate."),
    flag("wasi-otel", "CHARTWRIGHT_WASI_OTEL", Bool, "The plugin for `wasi:otel`.").default("false"),
    flag("wasm-proposal", "CHARTWRIGHT_WASM_PROPOSAL", FlagKind::LIST, "More WebAssembly proposals."),
];
