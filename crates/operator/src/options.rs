//! What the operator is told, checked as a whole before anything is tried.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chartwright_contract::flags::Program;
use chartwright_contract::nats::NatsOptions;
use chartwright_program::flags::{Given, Usage};
use chartwright_program::{nats, units};

/// How it calls itself to a NATS server.
const NAME: &str = "chartwright-operator";

/// All of it; names are those of the flags.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the flag table says what each is for")]
pub struct Options {
    pub nats: NatsOptions,
    /// Where Hosts and the Lease are: the namespace of the Pod.
    pub own_namespace: String,
    /// Who it is among several: the name of the Pod.
    pub identity: String,
    /// None: all.
    pub watch_namespaces: Vec<String>,
    /// Whether Workloads and Artifacts carry a finalizer: not with `watch_namespaces`, since rights that a Role gives in a namespace go
    /// with it, and what is held there would keep it in Terminating for ever.
    pub holds: bool,
    pub host_namespaces: Vec<String>,
    pub release: Option<String>,
    pub allow_shared_hosts: bool,
    pub disable_artifact_controller: bool,
    pub cluster_domain: String,
    /// A share, 0 to 1.
    pub cpu_backpressure_threshold: f64,
    /// A share, 0 to 1.
    pub memory_backpressure_threshold: f64,
    pub max_concurrent_starts: usize,
    pub max_concurrent_starts_per_host: usize,
    pub heartbeat_timeout: Duration,
    pub leader_elect: bool,
    pub leader_election_id: String,
    pub metrics_bind_address: Option<SocketAddr>,
    pub metrics_access: MetricsAccess,
    pub health_probe_bind_address: Option<SocketAddr>,
    /// The list of certificates to look after, if any.
    pub certificates: Option<PathBuf>,
    pub certificate_validity: Duration,
    pub ca_validity: Duration,
    pub log_level: String,
    pub log_json: bool,
    /// Flags that were given and have no effect.
    pub ignored: Vec<String>,
}

/// Who may read metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Everybody who gets at the port.
    Open,
    /// Over TLS, and only those whom the API server lets: with the certificate of these files, or one of its own.
    Secure(Option<CertificateFiles>),
}

/// A certificate and its key, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate, and those between it and its authority.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Options {
    /// Reads arguments, without the program's name, and environment variables. Every fault is named.
    pub fn parse(arguments: &[String], environment: impl Fn(&str) -> Option<String>) -> Result<Self, Usage> {
        let given = Given::read(Program::Operator, arguments, &environment);
        let mut faults = given.faults.clone();
        let share = |name: &str| {
            given.number(name).map_or(1.0, |percent| f64::from(u8::try_from(percent).unwrap_or(100)) / 100.0)
        };
        let listen =
            |name: &str| given.parsed(name, units::address).filter(|_| given.text(name).as_deref() != Some("0"));
        let time = |name: &str| given.parsed(name, units::duration).unwrap_or_default();
        let own_namespace = environment("OPERATOR_NAMESPACE").or_else(|| environment("POD_NAMESPACE"));
        let own_namespace = own_namespace.filter(|name| !name.is_empty()).or_else(mounted_namespace);
        if own_namespace.is_none() {
            faults.push("OPERATOR_NAMESPACE: not set, and this is no Pod: name the namespace where Hosts are".into());
        }
        let heartbeat_timeout = time("heartbeat-timeout");
        if heartbeat_timeout < Duration::from_secs(1) {
            faults.push("--heartbeat-timeout: write a second at least; hosts are heard every fifteen".into());
        }
        let manages = given.text("certificates").as_deref() == Some("manage");
        let list = given.path("certificate-config");
        if manages && list.is_none() {
            faults.push("--certificates=manage: needs --certificate-config, the list of what to make".into());
        }
        let metrics_access = metrics_access(&given, &mut faults);
        let mut options = Self {
            nats: nats::options(&given, "nats", NAME),
            own_namespace: own_namespace.unwrap_or_default(),
            identity: identity(&environment),
            holds: given.list("watch-namespaces").is_empty(),
            watch_namespaces: given.list("watch-namespaces"),
            host_namespaces: given.list("host-namespaces"),
            release: given.text("release").filter(|release| !release.is_empty()),
            allow_shared_hosts: given.bool("allow-shared-hosts"),
            disable_artifact_controller: given.bool("disable-artifact-controller"),
            cluster_domain: given.text("cluster-domain").unwrap_or_default(),
            cpu_backpressure_threshold: share("cpu-backpressure-threshold"),
            memory_backpressure_threshold: share("memory-backpressure-threshold"),
            max_concurrent_starts: given.number("max-concurrent-starts").unwrap_or(1),
            max_concurrent_starts_per_host: given.number("max-concurrent-starts-per-host").unwrap_or(1),
            heartbeat_timeout,
            leader_elect: given.bool("leader-elect"),
            leader_election_id: given.text("leader-election-id").unwrap_or_default(),
            metrics_bind_address: listen("metrics-bind-address"),
            metrics_access,
            health_probe_bind_address: listen("health-probe-bind-address"),
            certificates: list.filter(|_| manages),
            certificate_validity: time("certificate-validity"),
            ca_validity: time("ca-validity"),
            log_level: given.text("log-level").unwrap_or_default(),
            log_json: given.text("log-format").as_deref() == Some("json"),
            ignored: Vec::new(),
        };
        options.ignored = given.unused();
        if faults.is_empty() { Ok(options) } else { Err(Usage(faults)) }
    }
}

fn metrics_access(given: &Given, faults: &mut Vec<String>) -> MetricsAccess {
    if !given.bool("metrics-secure") {
        return MetricsAccess::Open;
    }
    match (given.path("metrics-tls-cert-path"), given.path("metrics-tls-key-path")) {
        (Some(cert), Some(key)) => MetricsAccess::Secure(Some(CertificateFiles { cert, key })),
        (None, None) => MetricsAccess::Secure(None),
        (cert, _) => {
            let (has, lacks) = if cert.is_some() { ("cert", "key") } else { ("key", "cert") };
            faults.push(format!("--metrics-tls-{has}-path: needs --metrics-tls-{lacks}-path beside it"));
            MetricsAccess::Secure(None)
        }
    }
}

/// The namespace of the Pod that this runs in.
fn mounted_namespace() -> Option<String> {
    let text = fs_err::read_to_string("/var/run/secrets/kubernetes.io/serviceaccount/namespace").ok()?;
    Some(text.trim().to_owned()).filter(|name| !name.is_empty())
}

/// The Pod's name, and the process in it: a container that was killed does not hold its own former Lease.
fn identity(environment: impl Fn(&str) -> Option<String>) -> String {
    let name = environment("POD_NAME").or_else(|| environment("HOSTNAME")).filter(|name| !name.is_empty());
    let started = k8s_openapi::jiff::Timestamp::now().as_nanosecond();
    format!("{}_{}-{started:x}", name.unwrap_or_else(|| NAME.into()), std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, Usage> {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Options::parse(&arguments, |name| (name == "OPERATOR_NAMESPACE").then(|| "wasmcloud".to_owned()))
    }

    #[test]
    fn defaults_are_those_of_the_table() {
        let options = parse(&[]).unwrap();
        assert_eq!(options.own_namespace, "wasmcloud");
        assert!(options.allow_shared_hosts && !options.leader_elect);
        assert_eq!((options.max_concurrent_starts, options.max_concurrent_starts_per_host), (16, 4));
        assert_eq!(options.heartbeat_timeout, Duration::from_mins(1));
        assert!((options.cpu_backpressure_threshold - 0.8).abs() < 1e-9);
        assert_eq!(options.metrics_bind_address.map(|address| address.port()), Some(8081));
        assert_eq!(options.ignored, [""; 0]);
        assert_eq!(parse(&["--metrics-bind-address=0"]).unwrap().metrics_bind_address, None);
    }

    #[test]
    fn metrics_are_open_or_secure_with_a_whole_certificate_or_none() {
        assert_eq!(parse(&[]).unwrap().metrics_access, MetricsAccess::Open);
        assert_eq!(parse(&["--metrics-secure"]).unwrap().metrics_access, MetricsAccess::Secure(None));
        let given = ["--metrics-secure", "--metrics-tls-cert-path=/c", "--metrics-tls-key-path=/k"];
        let files = CertificateFiles { cert: "/c".into(), key: "/k".into() };
        assert_eq!(parse(&given).unwrap().metrics_access, MetricsAccess::Secure(Some(files)));
        let half = parse(&["--metrics-secure", "--metrics-tls-key-path=/k"]).unwrap_err().to_string();
        assert_eq!(half, "--metrics-tls-key-path: needs --metrics-tls-cert-path beside it");
        // A certificate that nobody would see is said to be of no effect.
        assert_eq!(parse(&["--metrics-tls-cert-path=/c"]).unwrap().ignored, ["metrics-tls-cert-path"]);
    }

    #[test]
    fn every_fault_is_named_in_one_run() {
        let faults = Options::parse(
            &["--certificates=manage".into(), "--heartbeat-timeout=0".into(), "--watch-namespace=x".into()],
            |_| None,
        );
        let words = faults.unwrap_err().to_string();
        for part in
            ["OPERATOR_NAMESPACE", "--certificate-config", "--heartbeat-timeout", "did you mean `--watch-namespaces`"]
        {
            assert!(words.contains(part), "{part}: {words}");
        }
    }
}
