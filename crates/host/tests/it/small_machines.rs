//! The pool of instances on machines that do not give it what it asks for. Limits hold for a whole process, so the host
//! of these tests has one of its own.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use chartwright_contract::control::WorkloadState::Running;
use serde_json::json;

use crate::guests;
use crate::host::Host;
use crate::nats::Nats;
use crate::registry::Registry;

/// What the process of a host gets its arguments by.
const ARGUMENTS: &str = "CHARTWRIGHT_TEST_HOST";

/// No test: what the others start in a process of its own.
#[test]
#[ignore = "a part of other tests"]
fn host_process() {
    let arguments = std::env::var(ARGUMENTS).unwrap();
    let arguments: Vec<String> = arguments.split(' ').map(str::to_owned).collect();
    chartwright_host::serve(&arguments).unwrap();
}

/// A host in a process under a limit, ended with the test.
struct Limited {
    child: Child,
    host: Host,
}

impl Limited {
    async fn start(nats: &Nats, limit: &str, more: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let arguments = format!(
            "--scheduler-nats-url={0} --data-nats-url={0} --http-addr=127.0.0.1:{port} --allow-insecure-registries{more}",
            nats.url()
        );
        let coming = Host::coming(nats, port).await;
        let child = Command::new("sh")
            .args(["-c", &format!(r#"{limit}exec "$0" --exact small_machines::host_process --ignored --nocapture"#)])
            .arg(std::env::current_exe().unwrap())
            .env(ARGUMENTS, arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { child, host: coming.await }
    }

    /// Address space in KiB.
    fn address_space(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Runs a component, more instances at a time than large memories would fit, and returns the lines of the log.
    async fn work(mut self, registry: &Registry) -> Vec<String> {
        let image = registry.put("hello", "1", guests::hello());
        let status = self.host.run("a", &image, "a.example", json!({})).await;
        assert_eq!(status.workload_state, Running, "{}", status.message);
        let body = "0123456789abcdef".repeat(16 * 1024);
        for answer in futures::future::join_all((0..40).map(|_| self.host.send("a.example", "/echo", &body))).await {
            assert_eq!((answer.status, answer.body.len()), (200, body.len()), "{}", answer.reason);
        }
        self.child.kill().unwrap();
        let mut log = String::new();
        std::io::Read::read_to_string(&mut self.child.stderr.take().unwrap(), &mut log).unwrap();
        log.lines().map(str::to_owned).collect()
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_for_a_pool_the_host_says_so_once_and_works() {
    let Some(nats) = Nats::start() else { return };
    let registry = Registry::start();
    let host = Limited::start(&nats, "ulimit -v 67108864; ", "").await;
    let log = host.work(&registry).await;
    let warnings: Vec<_> = log.iter().filter(|line| line.contains("WARN")).collect();
    let [warning] = warnings[..] else { panic!("{log:#?}") };
    for part in ["slots=1000", "asked=41", "limit=\"65536 MiB\"", "one by one", "--core-instances"] {
        assert!(warning.contains(part), "{part}: {warning}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_not_wanted_is_not_reserved() {
    let Some(nats) = Nats::start() else { return };
    let registry = Registry::start();
    let pooled = Limited::start(&nats, "", "").await;
    assert!(pooled.address_space() > 1 << 30, "the default is a pool of terabytes: {} KiB", pooled.address_space());
    drop(pooled);
    let host = Limited::start(&nats, "", " --core-instances=0").await;
    assert!(host.address_space() < 16 << 20, "{} KiB", host.address_space());
    let log = host.work(&registry).await;
    assert!(!log.iter().any(|line| line.contains("WARN")), "{log:#?}");
}
