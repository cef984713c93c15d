//! Flags of upstream's `runtime-operator`. None was added between 2.1.0 and 2.10.3.

use super::Flag;
use super::FlagKind::{Address, Bool, Choice, List, Path, Percent, Value};

/// A flag that every 2.x knows.
const fn flag(name: &'static str, kind: super::FlagKind, doc: &'static str) -> Flag {
    Flag::new("2.0.0", name, kind, doc)
}

/// Sorted by name.
pub(super) static FLAGS: &[Flag] = &[
    Flag::new("2.1.0", "allow-shared-hosts", Bool, "Lets a workload name an environment other than its own namespace.")
        .default("true"),
    flag("cpu-backpressure-threshold", Percent, "Processor use above which a host is full. Parsed and not used.")
        .default("80"),
    flag("disable-artifact-controller", Bool, "Leaves the status of Artifacts to another controller.").default("false"),
    flag("enable-http2", Bool, "HTTP/2 for the metrics server.").default("false"),
    flag("health-probe-bind-address", Address, "Where `/healthz` and `/readyz` listen.").default(":8082"),
    Flag::new(
        "2.1.0",
        "host-namespaces",
        List { separator: ',', repeatable: false },
        "Namespaces of host Pods. None: the operator's own.",
    ),
    flag("json-log", Bool, "Logs as JSON.").default("false"),
    flag("kubeconfig", Path, "The cluster to work on. None: the one it runs in."),
    flag("leader-elect", Bool, "One active operator among several.").default("false"),
    flag("memory-backpressure-threshold", Percent, "Memory use above which a host is full. Parsed and not used.")
        .default("80"),
    flag("metrics-bind-address", Address, "Where `/metrics` listens; `0` turns it off.").default(":8081"),
    flag("metrics-secure", Bool, "HTTPS for metrics, and callers must be allowed to read them.").default("false"),
    flag("nats-ca", Path, "Certificate authorities of the NATS server; replaces the system's."),
    flag("nats-client-cert", Path, "Client certificate for NATS."),
    flag("nats-client-key", Path, "Key of the client certificate."),
    flag("nats-creds", Path, "Credentials file (JWT and seed) for NATS."),
    flag("nats-tls-first", Bool, "TLS handshake before the server says anything.").default("false"),
    flag("nats-url", List { separator: ',', repeatable: false }, "NATS servers.").default("nats://127.0.0.1:4222"),
    flag(
        "watch-namespaces",
        List { separator: ',', repeatable: false },
        "Namespaces whose workloads are looked after. None: all.",
    ),
    flag("zap-devel", Bool, "Logs for developers.").default("true"),
    flag("zap-encoder", Choice(&["json", "console"]), "Format of logs."),
    flag("zap-log-level", Value, "Level of logs: debug, info, error, panic or a number."),
    flag("zap-stacktrace-level", Choice(&["info", "error", "panic"]), "Level from which logs carry a stack trace."),
    flag(
        "zap-time-encoding",
        Choice(&["epoch", "millis", "nano", "iso8601", "rfc3339", "rfc3339nano"]),
        "Format of times in logs.",
    ),
];
