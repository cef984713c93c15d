//! The pool of instances on machines that do not give it what it asks for. Limits hold for a whole process, so the host
//! of these tests has one of its own.

use std::path::Path;
use std::process::Command;

use chartwright_contract::control::WorkloadState::Running;
use serde_json::json;

use crate::child::program;
use crate::guests;
use crate::host::Host;
use crate::nats::Nats;
use crate::registry::Registry;

/// A host whose pool is the one of the program's defaults unless told otherwise, started behind a word of the shell.
async fn start(nats: &Nats, log: &Path, limit: &str, more: &[&str]) -> Host {
    let mut command = Command::new("sh");
    command.args(["-c", &format!(r#"{limit}exec "$0" "$@""#)]).arg(program());
    // An empty variable is none: the tests' own small pool is not wanted here.
    let defaults = ["--core-instances=", "--default-heap-memory="];
    let given = |flag: &&str| !more.iter().any(|one| one.starts_with(*flag));
    let more: Vec<&str> = defaults.into_iter().filter(given).chain(more.iter().copied()).collect();
    Host::spawn_as(command, nats, log, &more).await
}

/// Address space in KiB.
fn address_space(host: &Host) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", host.process())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Runs a component, more instances at a time than large memories would fit, and returns the lines of the log.
async fn work(host: Host, registry: &Registry, log: &Path) -> Vec<String> {
    let image = registry.put("hello", "1", guests::hello());
    let status = host.run("a", &image, "a.example", json!({})).await;
    assert_eq!(status.workload_state, Running, "{}", status.message);
    let body = "0123456789abcdef".repeat(16 * 1024);
    for answer in futures::future::join_all((0..40).map(|_| host.send("a.example", "/echo", &body))).await {
        assert_eq!((answer.status, answer.body.len()), (200, body.len()), "{}", answer.reason);
    }
    host.crash();
    std::fs::read_to_string(log).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_for_a_pool_the_host_says_so_once_and_works() {
    let Some(nats) = Nats::start() else { return };
    let registry = Registry::start();
    let log = tempfile::NamedTempFile::new().unwrap();
    let host = start(&nats, log.path(), "ulimit -v 67108864; ", &[]).await;
    let log = work(host, &registry, log.path()).await;
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
    let log = tempfile::NamedTempFile::new().unwrap();
    let pooled = start(&nats, log.path(), "", &[]).await;
    assert!(address_space(&pooled) > 1 << 30, "the default is a pool of terabytes: {} KiB", address_space(&pooled));
    drop(pooled);
    let host = start(&nats, log.path(), "", &["--core-instances=0"]).await;
    assert!(address_space(&host) < 16 << 20, "{} KiB", address_space(&host));
    let log = work(host, &registry, log.path()).await;
    assert!(!log.iter().any(|line| line.contains("WARN")), "{log:#?}");
}
