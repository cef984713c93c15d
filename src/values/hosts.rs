//! Host groups: pods that each run many workloads.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::autoscaling::PodAutoscaling;
use super::implementation::{FlagValue, Implementation};
use super::monitoring::{Otel, PodMonitor};
use super::nats::Connection;
use super::network::{NetworkRules, Service};
use super::pod::Pod;
use super::section::{choice, section};

section! {
    /// A host group. Whatever it does not say it takes from `hostDefaults`.
    pub struct HostGroup {
        ..
        /// The pod.
        pod: Pod,
        /// `false` takes the group away.
        enabled: bool,
        /// What the pods belong to.
        kind: WorkloadKind,
        /// How many pods; not rendered when an autoscaler owns the number.
        #[schemars(range(min = 0))]
        replicas: i32,
        /// Namespace; the release's without one. It has to exist.
        namespace: String,
        /// Whose host runs.
        implementation: Implementation,
        /// Flags by name without dashes: a value adds or changes one, null takes a default one away.
        flags: BTreeMap<String, Option<FlagValue>>,
        /// Labels of the hosts for `hostSelector` of workloads, beside `hostgroup`.
        host_labels: BTreeMap<String, String>,
        /// Environment that hosts announce; the pod's namespace without one.
        environment: String,
        /// This group's own NATS, laid over `nats.control` and `nats.data`.
        nats: HostNats,
        /// HTTP towards workloads.
        http: Http,
        /// How hosts fetch components.
        oci: Oci,
        /// Limits of one host.
        limits: Limits,
        /// What workloads may reach.
        egress: Egress,
        /// Outgoing HTTPS of workloads.
        http_client: HttpClient,
        /// Features of the engine.
        wasm: Wasm,
        /// PostgreSQL for `wasmcloud:postgres`.
        postgres: Postgres,
        /// Host component plugins by id.
        plugins: BTreeMap<String, Option<Plugin>>,
        /// What a host reports of itself.
        log: Log,
        /// Seconds a terminating host serves on, so that load balancers can let go of it.
        #[schemars(range(min = 0))]
        drain_delay_seconds: i32,
        /// Port of `/livez`, `/readyz` (`probeEndpoint`), asked by the probes.
        probe_endpoint: PortSwitch,
        /// Prometheus metrics.
        metrics: Metrics,
        /// OpenTelemetry.
        otel: Otel,
        /// The Service in front of the group.
        service: Service,
        /// More Services in front of the group, by the suffix of their name.
        extra_services: BTreeMap<String, Option<Service>>,
        /// More rules of its NetworkPolicy.
        network_policy: NetworkRules,
        /// An autoscaler for the pods.
        autoscaling: PodAutoscaling,
    }
}

choice! {
    /// Kinds of workload objects.
    pub enum WorkloadKind {
        /// A Deployment.
        Deployment = "Deployment",
        /// One pod on each node.
        DaemonSet = "DaemonSet",
        /// Pods with names that stay.
        StatefulSet = "StatefulSet",
    }
}

section! {
    /// A group's own NATS.
    pub struct HostNats {
        /// Over `nats.control`.
        control: Connection,
        /// Over `nats.data`.
        data: Connection,
    }
}

section! {
    /// HTTP towards workloads.
    pub struct Http {
        /// Whether hosts serve HTTP.
        enabled: bool,
        /// Port of the pods; below 1024 the pod gets the sysctl that lets it bind.
        #[schemars(range(min = 1, max = 65535))]
        port: i32,
        /// HTTPS.
        tls: HttpTls,
        /// Requests between workloads of one host stay in the host (upstream from 2.10 on).
        local_routing: bool,
    }
}

section! {
    /// HTTPS of a host group.
    pub struct HttpTls {
        /// Whether hosts serve HTTPS.
        enabled: bool,
        /// Secret of type `kubernetes.io/tls` that exists already.
        secret_name: String,
        /// Or a certificate made by `tls.provider`.
        certificate: HttpCertificate,
    }
}

section! {
    /// A certificate made for a host group.
    pub struct HttpCertificate {
        /// DNS names.
        domains: Vec<String>,
        /// IP addresses.
        ip_addresses: Vec<String>,
    }
}

section! {
    /// How hosts fetch components.
    pub struct Oci {
        /// The cache of components.
        cache: Cache,
        /// Registries spoken to without TLS (our host).
        insecure_registries: Vec<String>,
        /// Every registry is spoken to without TLS (upstream knows only this).
        allow_insecure: bool,
        /// Seconds for one pull.
        #[schemars(range(min = 1))]
        pull_timeout_seconds: i32,
        /// Private certificate authorities, trusted besides the public ones.
        ca: Authorities,
        /// Secret of type `kubernetes.io/dockerconfigjson` with credentials of the hosts themselves.
        credentials_secret_name: String,
    }
}

section! {
    /// Certificates in a Secret or ConfigMap, all keys of it that `keys` names.
    pub struct Authorities {
        /// Secret that holds them.
        secret_name: String,
        /// ConfigMap that holds them.
        config_map_name: String,
        /// The keys; `ca.crt` by default.
        keys: Vec<String>,
    }
}

section! {
    /// Where pulled components are kept.
    pub struct Cache {
        /// Size limit of the `emptyDir`.
        size_limit: Quantity,
        /// `Memory` keeps it in memory.
        medium: String,
        /// A claim that exists already, in place of the `emptyDir`.
        existing_claim: String,
        /// A claim for each pod (kind `StatefulSet`): its size.
        claim_size: String,
        /// Storage class of these claims.
        storage_class_name: String,
    }
}

section! {
    /// Limits of one host. Unset: the host's own default.
    pub struct Limits {
        /// Workloads on one host (our host).
        #[schemars(range(min = 1))]
        max_workloads: i64,
        /// Core instances at one time.
        #[schemars(range(min = 1))]
        core_instances: i64,
        /// Memory of all guests, such as `2Gi`.
        max_guest_memory: String,
        /// `count` measures, `enforce` refuses.
        guest_memory_mode: CountOrEnforce,
        /// Memory of one guest, such as `256Mi`.
        default_heap_memory: String,
        /// Starts (pull and compile) at one time.
        #[schemars(range(min = 1))]
        max_concurrent_starts: i64,
        /// Requests in flight on a host (our host).
        #[schemars(range(min = 1))]
        max_in_flight: i64,
        /// Requests in flight of one workload (our host).
        #[schemars(range(min = 1))]
        max_in_flight_per_workload: i64,
        /// Messages in flight on a host.
        #[schemars(range(min = 1))]
        max_messages_in_flight: i64,
        /// Messages in flight of one component.
        #[schemars(range(min = 1))]
        max_messages_in_flight_per_component: i64,
        /// Seconds for one request (our host).
        #[schemars(range(min = 1))]
        request_timeout_seconds: i64,
        /// Largest request body, such as `10Mi` (our host).
        max_body_bytes: String,
        /// Largest component, such as `64Mi` (our host).
        max_component_bytes: String,
    }
}

choice! {
    /// Measure or refuse.
    pub enum CountOrEnforce {
        /// Measures only.
        Count = "count",
        /// Refuses.
        Enforce = "enforce",
    }
}

section! {
    /// What workloads may reach through the host.
    pub struct Egress {
        /// Raw sockets: `count` lets them through, `enforce` holds them to `allowedHosts`.
        sockets: CountOrEnforce,
        /// Refuses link-local, metadata and similar addresses.
        deny_special_ranges: bool,
        /// Refuses private address ranges.
        deny_private_ranges: bool,
        /// Whether workloads may reach the host's own loopback.
        allow_host_loopback: bool,
        /// Connections of one host.
        #[schemars(range(min = 1))]
        max_connections: i64,
        /// Outgoing HTTP connections of one workload.
        #[schemars(range(min = 1))]
        max_outbound_http_connections_per_workload: i64,
        /// Outgoing sockets of one workload.
        #[schemars(range(min = 1))]
        max_outbound_socket_connections_per_workload: i64,
        /// Incoming sockets of one workload.
        #[schemars(range(min = 1))]
        max_inbound_socket_connections_per_workload: i64,
        /// Incoming HTTP connections of one host (upstream from 2.9 on).
        #[schemars(range(min = 1))]
        max_http_ingress_connections: i64,
    }
}

section! {
    /// Outgoing HTTPS of workloads.
    pub struct HttpClient {
        /// Private certificate authorities.
        ca: Authorities,
        /// Which roots are trusted.
        trust_roots: TrustRoots,
        /// Certificate shown to servers that ask for one (upstream from 2.10 on).
        identity: HttpIdentity,
    }
}

choice! {
    /// Which roots are trusted.
    pub enum TrustRoots {
        /// Mozilla's, compiled in.
        Webpki = "webpki",
        /// Those and the image's.
        WebpkiAndNative = "webpki-and-native",
        /// The image's.
        Native = "native",
        /// Only the private ones.
        ExtraOnly = "extra-only",
    }
}

section! {
    /// A client certificate for outgoing HTTPS.
    pub struct HttpIdentity {
        /// Secret of type `kubernetes.io/tls`.
        secret_name: String,
        /// Key of the certificate; `tls.crt` by default.
        cert_key: String,
        /// Key of the private key; `tls.key` by default.
        key_key: String,
        /// Seconds between looks at the files; 0 reads them once.
        #[schemars(range(min = 0))]
        refresh_seconds: i32,
    }
}

section! {
    /// Features of the engine.
    pub struct Wasm {
        /// Proposals, such as `gc` or `threads`.
        proposals: Vec<String>,
        /// `wasi:webgpu`.
        webgpu: bool,
        /// `wasi:otel`.
        otel: bool,
        /// Pooled memory; `false` for nodes with little address space.
        pooling: bool,
    }
}

section! {
    /// PostgreSQL for `wasmcloud:postgres`.
    pub struct Postgres {
        /// Secret with the URL.
        secret_name: String,
        /// Key of the URL; `url` by default.
        secret_key: String,
    }
}

section! {
    /// A host component plugin: a component that gives hosts a capability.
    pub struct Plugin {
        /// OCI reference.
        image: String,
        /// Or a file in the image of the host.
        file: String,
        /// When it is pulled.
        pull_policy: PluginPullPolicy,
        /// Digest that it must have.
        #[schemars(regex(pattern = r"^sha256:[0-9a-f]{64}$"))]
        digest: String,
        /// Restarts before it is given up.
        #[schemars(range(min = 0))]
        max_restarts: i32,
        /// Its configuration.
        config: BTreeMap<String, String>,
        /// ConfigMaps laid over it.
        config_from: Vec<String>,
        /// Secrets laid over it.
        secret_from: Vec<String>,
        /// Hosts it may reach.
        allowed_hosts: Vec<String>,
        /// Names it may look up.
        allowed_ip_name_lookups: Vec<String>,
    }
}

choice! {
    /// When a plugin is pulled.
    pub enum PluginPullPolicy {
        /// At every start.
        Always = "Always",
        /// When it is not in the cache.
        IfNotPresent = "IfNotPresent",
        /// Never.
        Never = "Never",
    }
}

section! {
    /// Logging of one component.
    pub struct Log {
        /// Level, such as `info` or a filter such as `info,wasmtime=warn`.
        level: String,
        /// `text` or `json`.
        format: LogFormat,
    }
}

choice! {
    /// Format of log lines.
    pub enum LogFormat {
        /// For people.
        Text = "text",
        /// For machines.
        Json = "json",
    }
}

section! {
    /// A port that can be switched off.
    pub struct PortSwitch {
        /// Whether it is open.
        enabled: bool,
        /// The port.
        #[schemars(range(min = 1, max = 65535))]
        port: i32,
    }
}

section! {
    /// Metrics of a host group.
    pub struct Metrics {
        /// Whether the port is open (our host; upstream pushes by OTLP only).
        enabled: bool,
        /// The port.
        #[schemars(range(min = 1, max = 65535))]
        port: i32,
        /// What upstream's host measures of each call.
        meters: Meters,
        /// PodMonitor.
        pod_monitor: PodMonitor,
    }
}

choice! {
    /// What is measured of each call (upstream's host from 2.9 on).
    pub enum Meters {
        /// How long it took.
        Duration = "duration",
        /// Fuel; slower.
        Fuel = "fuel",
        /// Nothing; written with quotes, `"off"`, since YAML 1.1 reads the bare word as `false`.
        Off = "off",
    }
}
