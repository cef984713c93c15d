//! Instances that run where their request came in: what must not be seen of that.

use std::time::{Duration, Instant};

use bytes::Bytes;
use chartwright_contract::control::WorkloadState::Running;
use http_body_util::Full;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::client;
use crate::guests::guest;
use crate::host::{Scene, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_guest_leaves_other_streams_of_its_connection_alone() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&["--request-timeout=3s"]).await else { return };
    host.run("a", &image, "a.example", json!({})).await;
    let stream = TcpStream::connect(host.addresses.http.unwrap()).await.unwrap();
    let mut connection = client::two::<_, Full<Bytes>>(stream).await;
    let begin = Instant::now();
    let busy = connection.send_request(client::get("http://a.example/loop", "a.example"));
    let busy = tokio::spawn(busy);
    tokio::time::sleep(Duration::from_millis(100)).await;
    for _ in 0..10 {
        let request = client::get("http://a.example/", "a.example");
        assert_eq!(connection.send_request(request).await.unwrap().status(), 200);
    }
    assert!(begin.elapsed() < Duration::from_secs(3), "they waited for it");
    let busy = busy.await.unwrap().unwrap();
    assert_eq!((busy.status().as_u16(), busy.headers()["x-chartwright-reason"].as_bytes()), (504, &b"timeout"[..]));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_finished_and_counts_until_then_when_its_client_is_gone() {
    let Some(Scene { host, image, nats: _nats, .. }) = Scene::new(&["--max-in-flight-per-workload=1"]).await else {
        return;
    };
    host.run("a", &image, "a.example", json!({})).await;
    let mut stream = TcpStream::connect(host.addresses.http.unwrap()).await.unwrap();
    stream.write_all(b"GET /sleep?1000 HTTP/1.1\r\nhost: a.example\r\n\r\n").await.unwrap();
    let instances = async || host.metrics().await.contains("chartwright_host_instances 1");
    until(instances).await;
    drop(stream);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(instances().await, "it was not let finish");
    assert_eq!(host.get("a.example", "/").await.reason, "workload-busy");
    until(async || !instances().await).await;
    assert_eq!(host.get("a.example", "/").await.status, 200);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_is_called_by_an_instance_that_waits_for_it() {
    let Some(Scene { host, registry, nats: _nats, .. }) = Scene::new(&["--http-local-routing"]).await else { return };
    // Of WASI 0.3: what it sends is polled by its own store, within which no other runs.
    let image = registry.put("streams", "1", &guest("streams"));
    let allowed = json!({ "localResources": { "allowedHosts": ["*.example"] } });
    for name in ["a", "b"] {
        let status = host.run(name, &image, &format!("{name}.example"), allowed.clone()).await;
        assert_eq!(status.workload_state, Running, "{}", status.message);
    }
    assert_eq!(host.get("a.example", "/fetch?b.example").await.body, "status 200");
    host.stop().await;
}
