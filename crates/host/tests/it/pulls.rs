//! Tags that move, digests that do not, and what comes out of it.

use chartwright_contract::control::WorkloadState::{Error, Running};
use serde_json::{Value, json};

use crate::distribution::{Distribution, Kind};
use crate::guests;
use crate::host::{Host, Scene, serves};
use crate::nats::Nats;
use crate::registry::{Registry, digest};

/// The end of a message that says which image runs, of a component `api`.
fn runs(reference: &str) -> String {
    format!("images: api {}", reference.rsplit('@').next().unwrap())
}

fn policy(policy: &str) -> Value {
    json!({ "imagePullPolicy": format!("IMAGE_PULL_POLICY_{policy}") })
}

#[tokio::test(flavor = "multi_thread")]
async fn h10_a_tag_that_moved_is_pulled_always_and_kept_otherwise() {
    let Some(nats) = Nats::start() else { return };
    let Some(registry) = Distribution::start(Kind::default()).await else { return };
    let (image, old) = registry.push("acme/web", "dev", guests::hello()).await;
    let (host, warm) = (Host::start(&nats, &[]).await, Host::start(&nats, &[]).await);
    assert_eq!(host.run("first", &image, "first.example", json!({})).await.workload_state, Running);

    let (again, new) = registry.push("acme/web", "dev", &guests::ahoy()).await;
    assert!(again == image && old != new);
    for (id, policy, answer, digest) in [
        ("kept", policy("IF_NOT_PRESENT"), "hello\n", &old),
        ("pulled", policy("ALWAYS"), "ahoy!\n", &new),
        // What was pulled is what is present now.
        ("present", policy("IF_NOT_PRESENT"), "ahoy!\n", &new),
    ] {
        let name = format!("{id}.example");
        let status = host.run(id, &image, &name, policy).await;
        assert_eq!(status.workload_state, Running, "{}", status.message);
        assert_eq!(host.get(&name, "/").await.body, answer, "{id}");
        assert!(status.message.ends_with(&runs(digest)), "{}", status.message);
    }
    // A host without the old one in its cache serves the same.
    let status = warm.run("pulled", &image, "pulled.example", policy("ALWAYS")).await;
    assert!(status.workload_state == Running && status.message.ends_with(&runs(&new)), "{}", status.message);
    assert_eq!(warm.get("pulled.example", "/").await.body, "ahoy!\n");
    // What runs is not touched.
    assert_eq!(host.get("first.example", "/").await.body, "hello\n");
    let first = host.command("workload.status", json!({ "workloadId": "first" })).await.unwrap();
    assert!(first.message.ends_with(&runs(&old)), "{}", first.message);
    host.stop().await;
    warm.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h10_a_status_says_the_digest_of_each_image_that_runs() {
    let Some(Scene { host, registry, image, nats: _nats }) = Scene::new(&[]).await else { return };
    let (service, folder) = (registry.put("ticker", "1", &guests::guest("ticker")), tempfile::tempdir().unwrap());
    let workload = json!({
        "service": { "image": service, "localResources": {
            "environment": { "END": "never" }, "volumeMounts": [{ "name": "data", "mountPath": "/data" }] } },
        "volumes": [{ "name": "data", "hostPath": { "localPath": folder.path() } }],
        "witWorld": { "components": [{ "name": "api", "image": image }], "hostInterfaces": [serves("a.example")] },
    });
    let said = format!(
        "the workload runs; images: api {}, service {}",
        registry.digest("hello", "1"),
        registry.digest("ticker", "1")
    );
    let started = host.workload("a", workload).await;
    assert_eq!((started.workload_state, started.message.as_str()), (Running, said.as_str()));
    let asked = host.command("workload.status", json!({ "workloadId": "a" })).await.unwrap();
    assert_eq!(asked.message, said, "later as at the start: whoever keeps it need not write it again");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h10_a_cached_digest_asks_nobody() {
    let Some(nats) = Nats::start() else { return };
    let Some(mut registry) = Distribution::start(Kind::default()).await else { return };
    let (tag, by_digest) = registry.push("acme/web", "dev", guests::hello()).await;
    let host = Host::start(&nats, &["--registry-pull-timeout=5s"]).await;
    assert_eq!(host.run("a", &by_digest, "a.example", json!({})).await.workload_state, Running);
    registry.kill();
    for policy in [policy("ALWAYS"), policy("IF_NOT_PRESENT"), policy("NEVER")] {
        host.command("workload.stop", json!({ "workloadId": "a" })).await.unwrap();
        let status = host.run("a", &by_digest, "a.example", policy).await;
        assert_eq!(status.workload_state, Running, "{}", status.message);
    }
    assert_eq!(host.get("a.example", "/").await.body, "hello\n");
    // A tag may mean something else by now.
    let status = host.run("b", &tag, "b.example", policy("ALWAYS")).await;
    assert_eq!(status.workload_state, Error);
    assert!(status.message.contains(&registry.address()), "{}", status.message);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h10_content_that_is_not_what_its_digest_says_is_refused_with_both_digests() {
    let Some(nats) = Nats::start() else { return };
    let registry = Registry::start();
    let image = registry.put("hello", "1", guests::hello());
    registry.alter("hello", guests::hello());
    let mut altered = guests::hello().to_vec();
    *altered.last_mut().unwrap() ^= 1;
    let host = Host::start(&nats, &[]).await;
    let status = host.run("a", &image, "a.example", json!({})).await;
    assert_eq!(status.workload_state, Error);
    for digest in [digest(guests::hello()), digest(&altered)] {
        assert!(status.message.contains(&digest), "{}", status.message);
    }
    host.stop().await;
}
