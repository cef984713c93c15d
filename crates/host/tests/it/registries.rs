//! A registry as users run it: logins, authorities, plain HTTP, and what goes on without it.

use chartwright_contract::control::WorkloadState::{Error, Running};
use serde_json::{Value, json};

use crate::distribution::{Distribution, Kind, PASSWORD, USER};
use crate::guests;
use crate::host::Host;
use crate::nats::Nats;

fn secret(password: &str) -> Value {
    json!({ "imagePullSecret": { "username": USER, "password": password } })
}

/// Replaces what a host of a test is told otherwise.
const STRICT: &str = "--allow-insecure-registries=false";

#[tokio::test(flavor = "multi_thread")]
async fn h11_a_pull_secret_that_does_not_help_is_said_with_the_registry_and_without_the_credential() {
    let Some(nats) = Nats::start() else { return };
    let Some(registry) = Distribution::start(Kind { login: true, tls: false }).await else { return };
    let (image, _) = registry.push("acme/web", "1", guests::hello()).await;
    let host = Host::start(&nats, &[]).await;
    let none = host.run("none", &image, "none.example", json!({})).await;
    let wrong = host.run("wrong", &image, "wrong.example", secret("planted-wrong-password")).await;
    for (status, words) in [(&none, "wants credentials and none were given"), (&wrong, "refused the credentials")] {
        assert_eq!(status.workload_state, Error);
        assert!(status.message.contains(words) && status.message.contains(&registry.address()), "{}", status.message);
        assert!(!status.message.contains("planted") && !status.message.contains(USER), "{}", status.message);
    }
    // The Secret was corrected: the same id starts.
    for id in ["none", "wrong"] {
        let status = host.run(id, &image, &format!("{id}.example"), secret(PASSWORD)).await;
        assert_eq!(status.workload_state, Running, "{}", status.message);
    }
    assert_eq!(host.get("wrong.example", "/").await.body, "hello\n");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_authority_is_trusted_by_flag_and_not_otherwise() {
    let Some(nats) = Nats::start() else { return };
    let Some(registry) = Distribution::start(Kind { login: true, tls: true }).await else { return };
    let (image, _) = registry.push("acme/web", "1", guests::hello()).await;
    let stranger = Host::start(&nats, &[STRICT]).await;
    let status = stranger.run("a", &image, "a.example", secret(PASSWORD)).await;
    assert_eq!(status.workload_state, Error);
    let named = status.message.contains("TLS to") && status.message.contains(&registry.address());
    assert!(named && !status.message.contains(PASSWORD), "{}", status.message);
    stranger.stop().await;

    let authority = format!("--oci-ca-path={}", registry.authority().display());
    let host = Host::start(&nats, &[STRICT, &authority]).await;
    let status = host.run("a", &image, "a.example", secret(PASSWORD)).await;
    assert_eq!(status.workload_state, Running, "{}", status.message);
    assert_eq!(host.get("a.example", "/").await.body, "hello\n");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_for_listed_registries_alone() {
    let Some(nats) = Nats::start() else { return };
    let Some(registry) = Distribution::start(Kind::default()).await else { return };
    let (image, _) = registry.push("acme/web", "1", guests::hello()).await;
    for (list, state) in [("elsewhere.example:5000", Error), (registry.address().as_str(), Running)] {
        let list = format!("--insecure-registry={list}");
        let host = Host::start(&nats, &[STRICT, &list]).await;
        let status = host.run("a", &image, "a.example", json!({})).await;
        assert_eq!(status.workload_state, state, "{}", status.message);
        host.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_cache_outlives_the_registry_crashes_and_torn_files() {
    let Some(nats) = Nats::start() else { return };
    let Some(mut registry) = Distribution::start(Kind::default()).await else { return };
    let (image, by_digest) = registry.push("acme/web", "1", guests::hello()).await;
    let cache = tempfile::tempdir().unwrap();
    let log = nats.file("host.log", "");
    let folder = format!("--oci-cache-dir={}", cache.path().display());
    let arguments = [folder.as_str(), "--registry-pull-timeout=5s"];

    let host = Host::spawn(&nats, &log, &arguments).await;
    assert_eq!(host.run("a", &image, "a.example", json!({})).await.workload_state, Running);
    host.crash();
    registry.kill();
    for reference in [&image, &by_digest] {
        let host = Host::spawn(&nats, &log, &arguments).await;
        let status = host.run("a", reference, "a.example", json!({})).await;
        assert_eq!(status.workload_state, Running, "{}", status.message);
        assert_eq!(host.get("a.example", "/").await.body, "hello\n");
        host.crash();
    }

    // Every file half, as after a power cut: nothing of it is served, and the registry makes it whole.
    let mut torn = 0;
    for file in files(cache.path()) {
        let bytes = std::fs::read(&file).unwrap();
        std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
        torn += 1;
    }
    assert!(torn > 0);
    let host = Host::spawn(&nats, &log, &arguments).await;
    let status = host.run("a", &image, "a.example", json!({})).await;
    assert!(status.workload_state == Error && status.message.contains(&registry.address()), "{}", status.message);
    registry.resume().await;
    let status = host.run("a", &image, "a.example", json!({})).await;
    assert_eq!(status.workload_state, Running, "{}", status.message);
    assert_eq!(host.get("a.example", "/").await.body, "hello\n");
    host.stop().await;
    registry.kill();
    let host = Host::spawn(&nats, &log, &arguments).await;
    assert_eq!(host.run("a", &image, "a.example", json!({})).await.workload_state, Running);
    host.stop().await;
}

/// Every file below a folder.
fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
