//! Two connections to NATS: what the host says of each, and what goes on without them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use chartwright_contract::control::WorkloadState::Running;
use chartwright_contract::nats::async_nats;
use chartwright_host::{HostError, Options, run};
use serde_json::json;
use tokio::sync::oneshot;

use crate::guests;
use crate::host::{Host, arguments, request};
use crate::jwt::Operator;
use crate::nats::{Nats, free_port};
use crate::registry::Registry;

fn connected(plane: &str, yes: bool) -> String {
    format!("chartwright_host_nats_connected{{plane=\"{plane}\"}} {}\n", u8::from(yes))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_plane_has_its_own_server_its_own_metric_and_its_own_words() {
    let Some(control) = Nats::start() else { return };
    let Some(mut data) = Nats::start() else { return };
    let url = format!("--data-nats-url={}", data.url());
    let host = Host::start(&control, &[&url]).await;
    host.ready().await;
    let metrics = host.metrics().await;
    assert!(metrics.contains(&connected("control", true)) && metrics.contains(&connected("data", true)), "{metrics}");

    data.kill();
    let why = host.readiness(|answer| answer.status == 503).await;
    assert!(why.starts_with("the data plane is away: ") && !why.contains("control"), "{why}");
    let metrics = host.metrics().await;
    assert!(metrics.contains(&connected("control", true)) && metrics.contains(&connected("data", false)), "{metrics}");
    // The operator goes on, and so does whoever wants to know whether the process is alive.
    host.answers().await;
    assert_eq!(host.probe("/livez").await.status, 200);

    data.resume();
    host.ready().await;
    let metrics = host.metrics().await;
    let again = "chartwright_host_nats_reconnects{plane=\"data\"} 1\n";
    assert!(metrics.contains(&connected("data", true)) && metrics.contains(again), "{metrics}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h06_a_wrong_password_is_said_as_such_and_a_corrected_file_heals_it() {
    let Some(control) = Nats::start() else { return };
    let Some(data) = Nats::configured("authorization { user: quay, password: planted-password }") else { return };
    let password = data.file("password", "planted-wrong-password");
    let arguments = [
        format!("--data-nats-url={}", data.url()),
        format!("--data-nats-user-file={}", data.file("user", "quay").display()),
        format!("--data-nats-password-file={}", password.display()),
    ];
    let log = data.file("host.log", "");
    let host = Host::launch(&control, &log, &arguments.each_ref().map(String::as_str)).await;
    // The planes connect one after the other.
    let alone = "the data plane is away: not connected yet, for ";
    let refused = "does not take the credentials";
    let why = host.readiness(|answer| answer.body.starts_with(alone) && answer.body.contains(refused)).await;
    assert!(why.contains(&data.url()) && !why.contains("planted"), "{why}");
    assert_eq!(host.probe("/livez").await.status, 200);
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(said.contains("the server does not take the credentials") && !said.contains("planted"), "{said}");

    data.file("password", "planted-password");
    host.ready().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sets_a_limit_for_the_first_connections_gets_an_end_that_names_the_plane() {
    let Some(control) = Nats::start() else { return };
    let away = format!("--data-nats-url=nats://127.0.0.1:{}", free_port());
    for limit in ["0s", "700ms"] {
        let limit = format!("--nats-connect-timeout={limit}");
        let options = Options::parse(&arguments(&control, &[&away, &limit]), |_| None).unwrap();
        let (ready, _addresses) = oneshot::channel();
        let ended = tokio::time::timeout(crate::host::PATIENCE, run(options, std::future::pending(), ready)).await;
        let error = ended.unwrap().unwrap_err();
        let said = error.to_string();
        assert!(matches!(error, HostError::NotThere(_)) && said.contains("the data plane is not there"), "{said}");
        assert!(said.starts_with(&limit) && said.contains("refused"), "{said}");
    }
    // What was there in time may go, and is waited for.
    let Some(mut data) = Nats::start() else { return };
    let url = format!("--data-nats-url={}", data.url());
    let host = Host::start(&control, &[&url, "--nats-connect-timeout=30s"]).await;
    host.ready().await;
    data.kill();
    host.readiness(|answer| answer.status == 503).await;
    data.resume();
    host.ready().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h07_http_goes_on_without_nats_and_workloads_are_untouched() {
    let Some(mut nats) = Nats::start() else { return };
    let registry = Registry::start();
    let image = registry.put("hello", "1", guests::hello());
    let host = Host::start(&nats, &[]).await;
    host.run("a", &image, "a.example", json!({})).await;
    host.ready().await;
    let requests = registry.requests();

    let (end, sent, failed) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let load = {
        let (end, sent, failed) = (Arc::clone(&end), Arc::clone(&sent), Arc::clone(&failed));
        let address = host.addresses.http.unwrap().to_string();
        tokio::spawn(async move {
            let mut clock = tokio::time::interval(Duration::from_millis(50));
            while !end.load(Ordering::Relaxed) {
                clock.tick().await;
                let answer = request(&address, "a.example", "/", "").await;
                sent.fetch_add(1, Ordering::Relaxed);
                failed.fetch_add(usize::from(answer.status != 200 || answer.body != "hello\n"), Ordering::Relaxed);
            }
        })
    };
    nats.kill();
    let why = host.readiness(|answer| answer.status == 503).await;
    assert!(why.contains("the control plane is away") && why.contains("the data plane is away"), "{why}");
    let slow = std::env::var("CHARTWRIGHT_OUTAGES").is_ok_and(|value| !value.is_empty() && value != "0");
    tokio::time::sleep(Duration::from_secs(if slow { 180 } else { 5 })).await;
    assert_eq!(host.probe("/livez").await.status, 200);
    nats.resume();
    host.ready().await;
    host.answers().await;
    end.store(true, Ordering::Relaxed);
    load.await.unwrap();

    assert!(sent.load(Ordering::Relaxed) > 10);
    assert_eq!(failed.load(Ordering::Relaxed), 0);
    // The same workload under the same id, on the same host, and nothing was pulled or started again.
    assert_eq!(host.state("a").await, Running);
    let heartbeat = host.heartbeat().await;
    assert_eq!((&heartbeat["id"], &heartbeat["workloadCount"]), (&json!(host.addresses.id), &json!("1")));
    assert_eq!(registry.requests(), requests);
    let metrics = host.metrics().await;
    assert!(metrics.contains("command=\"start\",result=\"done\"} 1\n"), "{metrics}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h08_credentials_are_replaced_under_a_running_host() {
    let operator = Operator::new();
    let Some(nats) = Nats::configured(&operator.configuration) else { return };
    let registry = Registry::start();
    let image = registry.put("hello", "1", guests::hello());
    let file = nats.file("user.creds", &operator.credentials(Some(6)));
    let (control, data) =
        (format!("--scheduler-nats-creds={}", file.display()), format!("--data-nats-creds={}", file.display()));
    let own = async_nats::ConnectOptions::with_credentials(&operator.credentials(None)).unwrap();
    let host = Host::begin(&nats, own, &[&control, &data]).await;
    host.answers().await;
    host.ready().await;
    host.run("a", &image, "a.example", json!({})).await;
    let reconnects = |times: usize| format!("chartwright_host_nats_reconnects{{plane=\"control\"}} {times}\n");

    // Replaced before the old ones end: one gap.
    nats.file("user.creds", &operator.credentials(Some(12)));
    until(&host, &reconnects(1)).await;
    host.ready().await;

    // Replaced by garbage: good until they end, then the file is named and not quoted.
    nats.file("user.creds", "planted garbage");
    assert_eq!(host.probe("/readyz").await.status, 200);
    // The planes find out one after the other.
    let named = format!("--scheduler-nats-creds: {} holds no", file.display());
    let why = host.readiness(|answer| answer.body.contains(&named)).await;
    assert!(!why.contains("planted"), "{why}");
    assert_eq!(host.get("a.example", "/").await.body, "hello\n");

    // A later good file heals without a restart.
    nats.file("user.creds", &operator.credentials(None));
    host.ready().await;
    until(&host, &reconnects(2)).await;
    assert_eq!(host.state("a").await, Running);
    host.stop().await;
}

/// Waits until the metrics have this.
async fn until(host: &Host, line: &str) {
    let asking = async {
        while !host.metrics().await.contains(line) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(crate::host::PATIENCE, asking).await.unwrap_or_else(|_| panic!("no {line}"));
}
