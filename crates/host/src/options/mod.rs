//! What the host is told, checked as a whole before anything listens.

mod labels;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chartwright_contract::flags::Program;
use chartwright_contract::nats::NatsOptions;
use chartwright_program::flags::Given;
pub use chartwright_program::flags::Usage;
use chartwright_program::{nats, units};

use crate::http::{IdentityOptions, TlsOptions, TrustRoots};
use crate::machine;
use crate::telemetry::Settings;

/// What the host calls itself to a NATS server.
const NAME: &str = "chartwright-host";

/// All of it; names are those of the flags.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the flag table says what each is for")]
pub struct Options {
    pub control: NatsOptions,
    pub data: NatsOptions,
    /// None waits for ever.
    pub nats_connect_timeout: Option<Duration>,
    pub http_addr: Option<SocketAddr>,
    pub metrics_addr: Option<SocketAddr>,
    pub probe_addr: Option<SocketAddr>,
    pub host_group: String,
    pub host_name: String,
    pub environment: String,
    /// `key=value`, apart.
    pub labels: Vec<(String, String)>,
    pub core_instances: u32,
    /// Bytes.
    pub default_heap_memory: u64,
    /// Bytes.
    pub max_guest_memory: u64,
    pub enforce_guest_memory: bool,
    pub max_concurrent_starts: usize,
    pub max_workloads: Option<usize>,
    pub max_http_ingress_connections: usize,
    pub max_in_flight: usize,
    pub max_in_flight_per_workload: usize,
    /// Bytes.
    pub max_body_bytes: Option<u64>,
    /// Bytes.
    pub max_component_bytes: u64,
    pub request_timeout: Duration,
    pub drain_delay: Duration,
    pub drain_timeout: Duration,
    pub http_client_ca_paths: Vec<PathBuf>,
    pub http_client_trust_roots: TrustRoots,
    pub http_client_identity: Option<IdentityOptions>,
    pub http_connection_wait: Duration,
    pub max_connections: usize,
    pub max_outbound_http_connections_per_workload: usize,
    pub http_local_routing: bool,
    pub tls: Option<TlsOptions>,
    /// What the `OTEL_*` variables say.
    pub telemetry: Settings,
    pub wasm_proposals: Vec<String>,
    pub oci_cache_dir: Option<PathBuf>,
    /// Bytes.
    pub oci_cache_size: u64,
    pub oci_ca_paths: Vec<PathBuf>,
    pub insecure_registries: Vec<String>,
    pub allow_insecure_registries: bool,
    pub registry_pull_timeout: Duration,
    pub log_level: String,
    pub log_json: bool,
    /// Flags that were given and have no effect on this host yet.
    pub ignored: Vec<String>,
}

impl Options {
    /// Reads arguments, without the program's name, and environment variables. Every fault is named.
    pub fn parse(arguments: &[String], environment: impl Fn(&str) -> Option<String>) -> Result<Self, Usage> {
        let given = Given::read(Program::Host, arguments, &environment);
        let mut faults = given.faults.clone();
        let seconds = |name: &str| given.parsed(name, units::duration).unwrap_or_default();
        let bytes = |name: &str| given.parsed(name, units::size);
        let paths = |name: &str| given.list(name).into_iter().map(PathBuf::from).collect::<Vec<_>>();
        let core_instances = given.parsed("core-instances", |text| text.parse().ok()).unwrap_or(1000);
        let max_in_flight = given
            .number("max-in-flight")
            // Without a pool its default size is the measure.
            .unwrap_or_else(|| usize::try_from(core_instances).ok().filter(|n| *n > 0).unwrap_or(1000).max(8) * 4 / 5);
        let mut labels = Vec::new();
        for label in given.list("label") {
            match label.split_once('=') {
                Some((key, value)) if labels::is_key(key) && labels::is_value(value) => {
                    labels.push((key.to_owned(), value.to_owned()));
                }
                Some(_) => faults.push(format!("--label={label}: {}", labels::RULE)),
                None => faults.push(format!("--label={label}: write `key=value`")),
            }
        }
        // How Helm and our operator know what belongs together.
        match given.text("release").filter(|release| !release.is_empty()) {
            Some(release) if labels::is_value(&release) => labels.push(("app.kubernetes.io/instance".into(), release)),
            Some(release) => faults.push(format!("--release={release}: {}", labels::RULE)),
            None => {}
        }
        if let Some(group) = given.text("host-group").filter(|group| !labels::is_value(group)) {
            faults.push(format!("--host-group={group}: {}", labels::RULE));
        }
        let tls = pair(&given, "tls-cert-path", "tls-key-path", &mut faults).map(|(cert, key)| TlsOptions {
            cert,
            key,
            ca: given.path("tls-ca-path"),
        });
        if tls.is_none() && given.text("tls-ca-path").is_some() {
            faults.push("--tls-ca-path: needs --tls-cert-path and --tls-key-path as well".into());
        }
        let identity = pair(&given, "http-client-cert-path", "http-client-key-path", &mut faults).map(|(cert, key)| {
            let refresh = given.parsed("http-client-identity-refresh", units::duration);
            IdentityOptions { cert, key, refresh }
        });
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut options = Self {
            control: nats::options(&given, "scheduler-nats", NAME),
            data: nats::options(&given, "data-nats", NAME),
            nats_connect_timeout: given.parsed("nats-connect-timeout", units::duration),
            http_addr: given.parsed("http-addr", units::address),
            metrics_addr: given.parsed("metrics-addr", units::address),
            probe_addr: given.parsed("probe-addr", units::address),
            host_group: given.text("host-group").unwrap_or_default(),
            host_name: given.text("host-name").unwrap_or_else(machine::name),
            environment: given.text("environment").unwrap_or_default(),
            labels,
            core_instances,
            default_heap_memory: bytes("default-heap-memory").unwrap_or(4 << 30),
            max_guest_memory: bytes("max-guest-memory").unwrap_or_else(|| machine::memory_limit() / 4 * 3),
            enforce_guest_memory: given.text("guest-memory-mode").as_deref() == Some("enforce"),
            max_concurrent_starts: given.number("max-concurrent-starts").unwrap_or((cores - 1).clamp(1, 4)),
            max_workloads: given.number("max-workloads"),
            max_http_ingress_connections: given
                .number("max-http-ingress-connections")
                .unwrap_or_else(|| (machine::descriptors() / 4).max(16)),
            max_in_flight,
            max_body_bytes: bytes("max-body-bytes"),
            max_in_flight_per_workload: given
                .number("max-in-flight-per-workload")
                .unwrap_or((max_in_flight / 4).max(1)),
            max_component_bytes: bytes("max-component-bytes").unwrap_or(256 << 20),
            request_timeout: seconds("request-timeout"),
            drain_delay: seconds("drain-delay"),
            drain_timeout: seconds("drain-timeout"),
            http_client_ca_paths: paths("http-client-ca-path"),
            http_client_trust_roots: given.parsed("http-client-trust-roots", TrustRoots::parse).unwrap_or_default(),
            http_client_identity: identity,
            http_connection_wait: seconds("http-connection-wait"),
            max_connections: given.number("max-connections").unwrap_or_else(|| (machine::descriptors() / 2).max(16)),
            max_outbound_http_connections_per_workload: given
                .number("max-outbound-http-connections-per-workload")
                .unwrap_or(128),
            http_local_routing: given.bool("http-local-routing"),
            tls,
            telemetry: Settings::read(&environment),
            wasm_proposals: given.list("wasm-proposal"),
            oci_cache_dir: given.path("oci-cache-dir"),
            oci_cache_size: bytes("oci-cache-size").unwrap_or(1 << 30),
            oci_ca_paths: paths("oci-ca-path"),
            insecure_registries: given.list("insecure-registry"),
            allow_insecure_registries: given.bool("allow-insecure-registries"),
            registry_pull_timeout: seconds("registry-pull-timeout"),
            log_level: given.text("log-level").unwrap_or_default(),
            log_json: given.text("log-format").as_deref() == Some("json"),
            ignored: Vec::new(),
        };
        options.ignored = given.unused();
        if faults.is_empty() { Ok(options) } else { Err(Usage(faults)) }
    }
}

/// Two flags of which each needs the other.
fn pair(given: &Given, first: &str, second: &str, faults: &mut Vec<String>) -> Option<(PathBuf, PathBuf)> {
    match (given.path(first), given.path(second)) {
        (Some(one), Some(other)) => Some((one, other)),
        (None, None) => None,
        (one, _) => {
            let (there, missing) = if one.is_some() { (first, second) } else { (second, first) };
            faults.push(format!("--{there}: needs --{missing} as well"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, Usage> {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Options::parse(&arguments, |name| (name == "CHARTWRIGHT_HOST_GROUP").then(|| "edge".to_owned()))
    }

    #[test]
    fn arguments_stand_over_variables_over_defaults() {
        let options =
            parse(&["--http-addr=:9191", "--drain-delay", "5s", "--scheduler-nats-url=nats://a:4222,nats://b:4222"]);
        let options = options.unwrap();
        assert_eq!((options.host_group.as_str(), options.drain_delay), ("edge", Duration::from_secs(5)));
        assert_eq!(options.control.url, ["nats://a:4222", "nats://b:4222"]);
        assert_eq!((options.request_timeout, options.max_in_flight), (Duration::from_mins(10), 800));
        assert_eq!(parse(&["--host-group=core"]).unwrap().host_group, "core");
        let ignored = parse(&["--socket-egress=enforce", "--wasm-proposal=gc", "--http-addr=:1"]).unwrap().ignored;
        assert_eq!(ignored, ["socket-egress"], "what changes nothing is known");
    }

    #[test]
    fn a_certificate_and_its_key_come_together() {
        let faults = parse(&["--tls-cert-path=/c", "--http-client-key-path=/k"]).unwrap_err().to_string();
        assert!(faults.contains("--tls-cert-path: needs --tls-key-path"), "{faults}");
        assert!(faults.contains("--http-client-key-path: needs --http-client-cert-path"), "{faults}");
        let faults = parse(&["--tls-ca-path=/ca"]).unwrap_err().to_string();
        assert!(faults.contains("--tls-ca-path: needs --tls-cert-path"), "{faults}");
        let options = parse(&["--tls-cert-path=/c", "--tls-key-path=/k", "--tls-ca-path=/ca"]).unwrap();
        assert_eq!(options.tls.and_then(|tls| tls.ca), Some(PathBuf::from("/ca")));
        assert!(options.ignored.is_empty(), "{:?}", options.ignored);
    }

    #[test]
    fn every_fault_is_named_in_one_run() {
        let faults =
            parse(&["--htp-addr=x", "--drain-delay=5", "--core-instances=many", "stray", "--label=x"]).unwrap_err();
        let words = faults.to_string();
        for part in
            ["no flag `--htp-addr`", "--drain-delay=5: write a time", "--core-instances=many", "`stray`", "--label=x"]
        {
            assert!(words.contains(part), "{part}: {words}");
        }
    }
}
