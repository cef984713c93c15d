//! An operator as a process of its own: killed as the kernel kills, and weighed.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use chartwright_operator::certificates::{self, Asked, CertificatesError};
use serde_json::{Value, json};

use crate::control_plane::{ControlPlane, TOKEN};
use crate::nats::free_port;
use crate::process::Process;
use crate::scene::{Scene, eventually, page, sum};

/// An operator in a process.
pub(crate) struct Operator {
    pub(crate) process: Process,
    metrics: Option<SocketAddr>,
    probes: Option<SocketAddr>,
}

impl Operator {
    pub(crate) fn start(plane: &ControlPlane, scene: &Scene, log: &Path, more: &[&str]) -> Self {
        Self::start_by(&[], plane, scene, log, more)
    }

    /// The same by a command that ends with a program and its arguments.
    pub(crate) fn start_by(command: &[&str], plane: &ControlPlane, scene: &Scene, log: &Path, more: &[&str]) -> Self {
        let own = ["metrics", "health-probe"].map(|page| format!("--{page}-bind-address=127.0.0.1:{}", free_port()));
        let arguments = scene.arguments(more);
        let others = arguments.into_iter().filter(|one| !one.contains("-bind-address"));
        let arguments: Vec<_> = others.chain(own).collect();
        Self::launch(command, &plane.kubeconfig(TOKEN), &scene.own, &arguments, log)
    }

    /// The same as whoever a kubeconfig says, with these arguments and no others.
    pub(crate) fn start_as(kubeconfig: &Path, own: &str, arguments: &[String], log: &Path) -> Self {
        Self::launch(&[], kubeconfig, own, arguments, log)
    }

    fn launch(command: &[&str], kubeconfig: &Path, own: &str, arguments: &[String], log: &Path) -> Self {
        let mut environment = vec![
            ("KUBECONFIG".to_owned(), kubeconfig.display().to_string()),
            ("OPERATOR_NAMESPACE".to_owned(), own.to_owned()),
        ];
        let (mut metrics, mut probes) = (None, None);
        for argument in arguments {
            let (name, value) = argument.trim_start_matches("--").split_once('=').unwrap();
            environment.push((format!("CHARTWRIGHT_{}", name.to_uppercase().replace('-', "_")), value.to_owned()));
            match name {
                "metrics-bind-address" => metrics = value.parse().ok(),
                "health-probe-bind-address" => probes = value.parse().ok(),
                _ => {}
            }
        }
        let program = std::env::current_exe().unwrap().display().to_string();
        let own = [program.as_str(), "child::an_operator", "--exact", "--ignored", "--nocapture"];
        let mut words = command.iter().chain(&own).map(|word| (*word).to_owned());
        let program = words.next().unwrap();
        let arguments: Vec<_> = words.collect();
        let process = Process::start_with(Path::new(&program), &arguments, &environment, log);
        Self { process, metrics, probes }
    }

    /// Its memory now and at its most, in MiB.
    pub(crate) fn memory(&self) -> (f64, f64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1024.0
        };
        (of("VmRSS:"), of("VmHWM:"))
    }

    /// The sum of a metric's lines.
    pub(crate) async fn metric(&self, name: &str, words: &[&str]) -> f64 {
        sum(&self.page(true, "/metrics").await, name, words)
    }

    /// A page of it, which has to be there for that.
    pub(crate) async fn page(&self, metrics: bool, path: &str) -> String {
        page(if metrics { self.metrics } else { self.probes }.unwrap(), path).await
    }

    /// Waits until it answers.
    pub(crate) async fn answers(&self) {
        let address = self.probes.unwrap();
        eventually("it answers", async || tokio::net::TcpStream::connect(address).await.is_ok()).await;
    }
}

/// Not a test: what [`Operator::start`] starts.
#[test]
#[ignore = "a program for other tests"]
fn an_operator() {
    chartwright_operator::serve(&[]).unwrap();
}

/// The variable by which [`certificates`] says what is asked, and the one for where the answer goes.
const ASKED: &str = "CHARTWRIGHT_TEST_ASKED";
const ANSWER: &str = "CHARTWRIGHT_TEST_ANSWER";

/// What one of the commands for certificates answers as whoever a kubeconfig says.
pub(crate) async fn certificates(kubeconfig: &Path, answer: &Path, asked: &Value) -> Value {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["child::a_command_for_certificates", "--exact", "--ignored", "--nocapture"]);
    command.env("KUBECONFIG", kubeconfig).env(ASKED, asked.to_string()).env(ANSWER, answer);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&std::fs::read(answer).unwrap()).unwrap()
}

/// Not a test: what [`certificates`] starts.
#[test]
#[ignore = "a program for other tests"]
fn a_command_for_certificates() {
    let asked: Value = serde_json::from_str(&std::env::var(ASKED).unwrap()).unwrap();
    let namespace = asked["namespace"].as_str();
    let flag = |name: &str| asked[name].as_bool().unwrap_or_default();
    let failed = |err: CertificatesError| json!({ "error": err.to_string() });
    let answer = if asked["verb"] == "status" {
        let status = certificates::status(namespace, asked["within"].as_i64());
        status.map(|status| json!({ "well": status.is_well(), "table": status.table(), "status": status }))
    } else {
        let overlap = Duration::from_secs(asked["overlap"].as_u64().unwrap_or(60));
        let wish = Asked { renew: flag("force"), rotate: flag("rotate"), overlap };
        let report = certificates::renew(Path::new(asked["list"].as_str().unwrap()), namespace, &wish);
        report.map(|report| json!({ "changes": report.changes, "problems": report.problems }))
    };
    let answer = answer.unwrap_or_else(failed);
    std::fs::write(std::env::var(ANSWER).unwrap(), answer.to_string()).unwrap();
}
