//! Secrets stay where they were put: in no log at any level, in no status, heartbeat, metric or probe.

use chartwright_contract::control::WorkloadState::{Error, Running};
use futures::StreamExt as _;
use serde_json::json;

use crate::distribution::{Distribution, Kind, PASSWORD, USER};
use crate::guests;
use crate::host::Host;
use crate::nats::Nats;

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_in_no_log_status_heartbeat_metric_or_probe() {
    let Some(nats) = Nats::start() else { return };
    let Some(data) = Nats::configured("authorization { token: \"planted-token\" }") else { return };
    let Some(registry) = Distribution::start(Kind { login: true, tls: false }).await else { return };
    let (image, _) = registry.push("acme/web", "1", guests::hello()).await;
    let log = nats.file("host.log", "");
    let token = data.file("token", "planted-wrong-token");
    let arguments = [
        format!("--data-nats-url={}", data.url()),
        format!("--data-nats-token-file={}", token.display()),
        // Everything there is, the NATS library's own words included.
        "--log-level=trace,async_nats=trace".to_owned(),
    ];
    let host = Host::spawn(&nats, &log, &arguments.each_ref().map(String::as_str)).await;
    let mut said = String::new();
    let mut everything = host.operator.subscribe(">").await.unwrap();
    host.operator.flush().await.unwrap();

    // A wrong token, then the right one.
    said += &host.readiness(|answer| answer.body.contains("does not take the credentials")).await;
    data.file("token", "planted-token");
    host.ready().await;

    let settings = |password: &str| {
        json!({
            "imagePullSecret": { "username": USER, "password": password },
            "localResources": {
                "environment": { "API_KEY": "planted-environment" },
                "config": { "dsn": "planted-config" },
                "allowedHosts": ["127.0.0.1"],
            },
        })
    };
    let status = host.run("wrong", &image, "wrong.example", settings("planted-wrong-pull")).await;
    assert_eq!(status.workload_state, Error);
    let status = host.run("a", &image, "a.example", settings(PASSWORD)).await;
    assert_eq!(status.workload_state, Running, "{}", status.message);
    // The guest has it, so it was there to be told.
    assert_eq!(host.get("a.example", "/env?API_KEY").await.body, "planted-environment");
    // A guest that fails, and a message that is no request.
    host.get("a.example", "/trap").await;
    host.command("workload.start", json!({ "workloadId": "b", "workload": { "planted-field": ["planted-value"] } }))
        .await;
    host.command("workload.start", json!({ "workloadId": "c", "workload": "planted-value" })).await;
    host.state("a").await;
    host.command("workload.stop", json!({ "workloadId": "a" })).await.unwrap();
    host.answers().await;

    // What the host itself said on the control plane: all but the start commands, which do hold Secrets.
    let own = format!("runtime.host.{}.", host.addresses.id);
    let mut messages = 0;
    while let Ok(Some(message)) = tokio::time::timeout(std::time::Duration::from_secs(1), everything.next()).await {
        if !message.subject.starts_with(&own) {
            said += &String::from_utf8_lossy(&message.payload);
            messages += 1;
        }
    }
    assert!(messages >= 6, "{messages}");
    said += &host.metrics().await;
    said += &host.probe("/readyz").await.body;
    host.stop().await;
    let logged = std::fs::read_to_string(&log).unwrap();
    assert!(logged.contains("TRACE") && logged.contains("async_nats"), "the finest levels are off");
    for (place, text) in [("what it said", &said), ("its log", &logged)] {
        let found = text.lines().find(|line| line.contains("planted"));
        assert!(found.is_none(), "{place}: {}", found.unwrap_or_default());
    }
}
