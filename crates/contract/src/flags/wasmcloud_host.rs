//! Flags of upstream's `wash host`, read from its sources up to 2.7.0; after that from its documentation and chart, so that
//! environment variables of later flags are only named where they are known.

use super::FlagKind::{Address, Bool, Choice, Duration, List, Number, Path, Size, Switch, Url, Value};
use super::{Flag, FlagKind};

/// Sorted by name.
pub(super) static FLAGS: &[Flag] = &[
    Flag::new(
        "2.7.0",
        "allow-host-loopback",
        Switch,
        "Lets guests reach the ports of the host's loopback they are allowed.",
    ),
    Flag::new("2.0.0", "allow-insecure-registries", Switch, "Plain HTTP for every registry."),
    Flag::new("2.8.0", "core-instances", Number, "Instance slots of the pooling allocator. None: 1000.")
        .env("WASH_CORE_INSTANCES"),
    Flag::new("2.0.0", "data-nats-tls-ca", Path, "Certificate authorities of the data plane; replaces the system's."),
    Flag::new("2.0.0", "data-nats-tls-cert", Path, "Client certificate for the data plane."),
    Flag::new("2.0.0", "data-nats-tls-first", Switch, "TLS handshake before the server says anything."),
    Flag::new("2.0.0", "data-nats-tls-key", Path, "Key of the client certificate."),
    Flag::new("2.0.0", "data-nats-url", Url, "The one NATS server of the data plane.").default("nats://localhost:4222"),
    Flag::new("2.8.0", "default-heap-memory", Size, "Largest linear memory of a guest. None: 4Gi.")
        .env("WASH_DEFAULT_HEAP_MEMORY"),
    Flag::new("2.7.0", "deny-private-ranges", Switch, "Refuses connections to private addresses."),
    Flag::new(
        "2.7.0",
        "deny-special-ranges",
        Switch,
        "Refuses connections to loopback, link-local and the like; always on.",
    )
    .default("true")
    .until("2.9.0"),
    Flag::new("2.9.0", "deny-special-ranges", Bool, "Refuses connections to loopback, link-local and the like.")
        .default("true"),
    Flag::new("2.9.0", "drain-delay", Duration, "Goes on serving for so long after it is told to stop.").default("0s"),
    Flag::new("2.0.0", "enable-meters", Switch, "Meters fuel. Now `--meters=fuel`.").deprecated("2.9.0").global(),
    Flag::new("2.1.0", "environment", Value, "The environment that heartbeats name.").env("WASMCLOUD_HOST_ENVIRONMENT"),
    Flag::new("2.9.0", "guest-memory-mode", Choice(&["count", "enforce"]), "Whether `max-guest-memory` is enforced.")
        .env("WASH_GUEST_MEMORY_MODE")
        .default("count"),
    Flag::new("2.0.0", "help-markdown", Switch, "Prints help as Markdown.").global(),
    Flag::new("2.0.0", "host-group", Value, "The label `hostgroup` of heartbeats.").default("default"),
    Flag::new("2.0.0", "host-name", Value, "The host name of heartbeats; in a cluster the IP address of the Pod."),
    Flag::new("2.6.0", "host-plugin", List { separator: ';', repeatable: true }, "Component plugins: `id=…,image=…`.")
        .env("WASH_HOST_PLUGINS"),
    Flag::new("2.6.0", "host-plugin-registry-password", Value, "Password for pulls of plugins. Not in stock images.")
        .env("WASH_HOST_PLUGIN_REGISTRY_PASSWORD")
        .secret(),
    Flag::new("2.6.0", "host-plugin-registry-user", Value, "User for pulls of plugins. Not in stock images.")
        .env("WASH_HOST_PLUGIN_REGISTRY_USER"),
    Flag::new("2.0.0", "http-addr", Address, "Where the HTTP server listens. None: no HTTP."),
    Flag::new("2.7.0", "http-client-ca-path", FlagKind::LIST, "More certificate authorities for guests' HTTPS.")
        .env("WASH_HTTP_CLIENT_CA_PATHS"),
    Flag::new("2.10.0", "http-client-cert-path", Path, "Client certificate for guests' HTTPS."),
    Flag::new("2.10.0", "http-client-identity-refresh", Duration, "Reads the client certificate again. None: never."),
    Flag::new("2.10.0", "http-client-key-path", Path, "Key of the client certificate."),
    Flag::new(
        "2.7.0",
        "http-client-trust-roots",
        Choice(&["webpki", "webpki-and-native", "native", "extra-only"]),
        "Certificate authorities for guests' HTTPS.",
    )
    .env("WASH_HTTP_CLIENT_TRUST_ROOTS")
    .default("webpki"),
    Flag::new("2.7.0", "http-connection-wait", Duration, "Wait for a slot for an outgoing HTTP connection. None: 5s.")
        .env("WASH_HTTP_CONNECTION_WAIT"),
    Flag::new("2.10.0", "http-local-routing", Switch, "Calls a workload on the same host without the network.")
        .env("WASH_HTTP_LOCAL_ROUTING"),
    Flag::new("2.0.0", "log-level", Choice(&["trace", "debug", "info", "warn", "error"]), "Level of logs.")
        .default("info")
        .global(),
    Flag::new("2.9.0", "max-concurrent-starts", Number, "Starts at a time. None: one less than cores, 1 to 4.")
        .env("WASH_MAX_CONCURRENT_STARTS"),
    Flag::new("2.7.0", "max-connections", Number, "Connections of the host. None: half of the descriptor limit.")
        .env("WASH_MAX_CONNECTIONS"),
    Flag::new("2.8.0", "max-guest-memory", Size, "Memory of all guests. None: three quarters of the limit.")
        .env("WASH_HOST_MAX_GUEST_MEMORY"),
    Flag::new(
        "2.9.0",
        "max-http-ingress-connections",
        Number,
        "Incoming HTTP connections. None: a quarter of the limit.",
    )
    .env("WASH_MAX_HTTP_INGRESS_CONNECTIONS"),
    Flag::new("2.7.0", "max-inbound-socket-connections-per-workload", Number, "Connections to a workload's ports.")
        .env("WASH_MAX_INBOUND_SOCKET_CONNECTIONS_PER_WORKLOAD")
        .default("256"),
    Flag::new(
        "2.7.0",
        "max-outbound-http-connections-per-workload",
        Number,
        "Outgoing HTTP connections of a workload.",
    )
    .env("WASH_MAX_OUTBOUND_HTTP_CONNECTIONS_PER_WORKLOAD")
    .default("128"),
    Flag::new("2.7.0", "max-outbound-socket-connections-per-workload", Number, "Outgoing sockets of a workload.")
        .env("WASH_MAX_OUTBOUND_SOCKET_CONNECTIONS_PER_WORKLOAD")
        .default("256"),
    Flag::new("2.9.0", "meters", Choice(&["duration", "fuel", "off"]), "What is measured of calls.")
        .default("duration")
        .global(),
    Flag::new("2.9.0", "nats-connect-timeout", Duration, "Time for the first connections to both planes.")
        .default("0s"),
    Flag::new("2.0.0", "non-interactive", Switch, "Asks nothing.").global(),
    Flag::new("2.7.0", "oci-ca-path", FlagKind::LIST, "More certificate authorities for registries.")
        .env("WASH_OCI_CA_PATHS"),
    Flag::new("2.0.0", "oci-cache-dir", Path, "Where pulled components are kept. None: nowhere."),
    Flag::new("2.0.0", "output", Choice(&["text", "json"]), "Format of results.").default("text").global(),
    Flag::new("2.0.0", "postgres-url", Url, "Server for `wasmcloud:postgres`; may contain a password.")
        .env("WASH_POSTGRES_URL")
        .secret(),
    Flag::new("2.9.0", "probe-addr", Address, "Where `/livez` and `/readyz` listen. None: nowhere."),
    Flag::new("2.0.0", "registry-pull-timeout", Duration, "Time for the pull of one image.").default("30s"),
    Flag::new(
        "2.0.0",
        "scheduler-nats-tls-ca",
        Path,
        "Certificate authorities of the control plane; replaces the system's.",
    ),
    Flag::new("2.0.0", "scheduler-nats-tls-cert", Path, "Client certificate for the control plane."),
    Flag::new("2.0.0", "scheduler-nats-tls-first", Switch, "TLS handshake before the server says anything."),
    Flag::new("2.0.0", "scheduler-nats-tls-key", Path, "Key of the client certificate."),
    Flag::new("2.0.0", "scheduler-nats-url", Url, "The one NATS server of the control plane.")
        .default("nats://localhost:4222"),
    Flag::new("2.7.0", "socket-egress", Choice(&["count", "enforce"]), "Whether rules for sockets are enforced.")
        .default("count"),
    Flag::new("2.0.4", "tls-ca-path", Path, "Certificate authorities of HTTP clients; logged, not enforced."),
    Flag::new("2.0.4", "tls-cert-path", Path, "Certificate of the HTTP server."),
    Flag::new("2.0.4", "tls-key-path", Path, "Key of the HTTP server's certificate."),
    Flag::new("2.0.0", "user-config", Path, "File with more settings, such as plugins.").global(),
    Flag::new("2.0.0", "verbose", Switch, "More output.").global(),
    Flag::new("2.0.0", "wasi-otel", Switch, "The plugin for `wasi:otel`."),
    Flag::new("2.0.0", "wasi-webgpu", Switch, "The plugin for `wasi:webgpu`."),
    Flag::new("2.0.3", "wasip3", Switch, "WASI 0.3; always on since.").env("WASH_WASIP3").until("2.5.0"),
    Flag::new("2.5.0", "wasm-proposal", FlagKind::LIST, "More WebAssembly proposals.").env("WASH_WASM_PROPOSALS"),
    Flag::new("2.8.0", "wasmcloud-messaging-max-in-flight", Number, "Messages handled at a time. None: 133.")
        .env("WASH_WASMCLOUD_MESSAGING_MAX_IN_FLIGHT"),
    Flag::new(
        "2.8.0",
        "wasmcloud-messaging-max-in-flight-per-component",
        Number,
        "The same for a component. None: a quarter.",
    )
    .env("WASH_WASMCLOUD_MESSAGING_MAX_IN_FLIGHT_PER_COMPONENT"),
    Flag::new("2.9.0", "wasmcloud-nats-url", Url, "Server for `wasmcloud:nats`. None: the data plane.")
        .env("WASH_WASMCLOUD_NATS_URL"),
];
