//! What a host keeps on disk, and what it finds there when it starts anew.

use chartwright_contract::control::WorkloadState::Running;
use serde_json::json;

use crate::guests;
use crate::host::Host;
use crate::nats::Nats;
use crate::registry::Registry;

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_starts_anew_pulls_and_compiles_nothing_again() {
    let Some(nats) = Nats::start() else { return };
    let registry = Registry::start();
    let image = registry.put("hello", "1", guests::hello());
    let folder = tempfile::tempdir().unwrap();
    let cache = format!("--oci-cache-dir={}", folder.path().display());
    for (pull, code) in [("registry", "compiler"), ("cache", "disk")] {
        let host = Host::start(&nats, &[&cache]).await;
        for id in ["a", "b"] {
            let status = host.run(id, &image, &format!("{id}.example"), json!({})).await;
            assert_eq!(status.workload_state, Running, "{}", status.message);
            assert_eq!(host.get(&format!("{id}.example"), "/").await.body, "hello\n");
        }
        let metrics = host.metrics().await;
        for line in [
            format!(r#"chartwright_host_compiled_total{{origin="{code}"}} 1"#),
            r#"chartwright_host_compiled_total{origin="memory"} 1"#.to_owned(),
            format!(r#"chartwright_host_compile_seconds_total{{origin="{code}"}} "#),
            format!(r#"chartwright_host_pull_duration_seconds_count{{origin="{pull}",result="done"}} "#),
        ] {
            assert!(metrics.contains(&line), "{line}\n{metrics}");
        }
        host.stop().await;
    }
    assert_eq!(registry.pulls(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_asks_for_is_in_no_scrape() {
    let Some(nats) = Nats::start() else { return };
    let registry = Registry::start();
    let image = registry.put("hello", "1", guests::hello());
    let host = Host::start(&nats, &[]).await;
    host.run("a", &image, "a.example", json!({})).await;
    host.run("b", &image, "b.example", json!({})).await;
    host.get("a.example", "/").await;
    let metrics = host.metrics().await;
    assert!(metrics.contains(r#"workload="a-name""#) && !metrics.contains(r#"workload="b-name""#), "{metrics}");
    host.command("workload.stop", json!({ "workloadId": "a" })).await.unwrap();
    assert!(!host.metrics().await.contains(r#"workload="a-name""#));
    host.stop().await;
}
