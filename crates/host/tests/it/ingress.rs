//! Manners of the HTTP server.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{self, Two};
use crate::host::Scene;

async fn scene(flags: &[&str]) -> Option<Scene> {
    let scene = Scene::new(flags).await?;
    scene.host.run("a", &scene.image, "a.example", json!({})).await;
    Some(scene)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_says_why_it_answers_itself() {
    let Some(Scene { host, nats: _nats, .. }) = scene(&[]).await else { return };
    let unknown = host.get("Nobody.example:80", "/secret?path").await;
    assert_eq!((unknown.status, unknown.reason.as_str()), (404, "unknown-host"));
    assert_eq!(unknown.body, "no workload on this host serves `nobody.example`\n");
    let bad = host.get("a.example:port", "/").await;
    assert_eq!((bad.status, bad.reason.as_str()), (400, "bad-host"));
    let mut stream = TcpStream::connect(host.addresses.http.unwrap()).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: a.example\r\nhost: b.example\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("x-chartwright-reason: bad-host"), "{answer}");
    let metrics = host.metrics().await;
    for counted in [r#"misses_total{reason="unknown-host"} 1"#, r#"misses_total{reason="bad-host"} 2"#] {
        assert!(metrics.contains(counted), "{counted}: {metrics}");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_ceiling_connections_are_closed() {
    let Some(Scene { host, nats: _nats, .. }) = scene(&["--max-http-ingress-connections=1"]).await else { return };
    let address = host.addresses.http.unwrap();
    let mut first = client::one(TcpStream::connect(address).await.unwrap()).await;
    let answer = first.send_request(client::get("/", "a.example")).await.unwrap();
    assert_eq!(client::text(answer).await, "hello\n");
    let mut second = TcpStream::connect(address).await.unwrap();
    assert_eq!(second.read(&mut [0; 1]).await.unwrap_or_default(), 0, "closed, not kept waiting");
    let counted = r#"chartwright_host_http_connections_refused_total{reason="too-many"} 1"#;
    assert!(host.metrics().await.contains(counted), "{}", host.metrics().await);
    first.ready().await.unwrap();
    assert_eq!(first.send_request(client::get("/", "a.example")).await.unwrap().status(), 200);
    drop(first);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_loses_no_request_at_the_end() {
    for delay in ["--drain-delay=0s", "--drain-delay=500ms"] {
        let Some(Scene { mut host, nats: _nats, .. }) = scene(&[delay]).await else { return };
        let stream = TcpStream::connect(host.addresses.http.unwrap()).await.unwrap();
        let mut one = client::one(stream).await;
        let mut answered = 0;
        loop {
            let response = one.send_request(client::get("/", "a.example")).await.unwrap();
            let last = response.headers().get("connection").is_some_and(|value| value == "close");
            assert_eq!(client::text(response).await, "hello\n");
            answered += 1;
            if last {
                break;
            }
            if answered == 20 {
                host.drain();
            }
            one.ready().await.unwrap();
        }
        assert!(answered > 20, "{answered}");
        host.ended().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_h2_what_is_in_flight_is_finished() {
    let Some(Scene { mut host, nats: _nats, .. }) = scene(&[]).await else { return };
    let stream = TcpStream::connect(host.addresses.http.unwrap()).await.unwrap();
    let mut two: Two<Full<Bytes>> = client::two(stream).await;
    let request = || Request::get("http://a.example/slow").body(Full::default()).unwrap();
    assert_eq!(client::text(two.send_request(request()).await.unwrap()).await, "slow\n");
    let running: Vec<_> = (0..5).map(|_| tokio::spawn(two.send_request(request()))).collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    host.drain();
    for one in running {
        assert_eq!(client::text(one.await.unwrap().unwrap()).await, "slow\n");
    }
    host.ended().await;
    two.send_request(request()).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_pass_both_ways() {
    let Some(Scene { host, nats: _nats, .. }) = scene(&[]).await else { return };
    let stream = TcpStream::connect(host.addresses.http.unwrap()).await.unwrap();
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("42"));
    let frames = [Frame::data(Bytes::from_static(b"body")), Frame::trailers(trailers)];
    let frames = futures::stream::iter(frames.map(Ok::<_, Infallible>));
    let mut two = client::two(stream).await;
    let request = Request::post("http://a.example/trailers").body(StreamBody::new(frames)).unwrap();
    let response = two.send_request(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().and_then(|trailers| trailers.get("x-sum")), Some(&HeaderValue::from_static("42")));
    assert_eq!(body.to_bytes(), "body");
    drop(two);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_answered_in_turn() {
    let Some(Scene { host, image, nats: _nats, .. }) = scene(&[]).await else { return };
    host.run("b", &image, "b.example", json!({ "localResources": { "environment": { "NAME": "b" } } })).await;
    let mut stream = TcpStream::connect(host.addresses.http.unwrap()).await.unwrap();
    let requests = "GET /slow HTTP/1.1\r\nhost: a.example\r\n\r\n\
        GET /env?NAME HTTP/1.1\r\nhost: b.example\r\n\r\n\
        GET / HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\n\r\n";
    stream.write_all(requests.as_bytes()).await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    let bodies: Vec<&str> = answers.split("HTTP/1.1 200 OK").skip(1).collect();
    assert_eq!(bodies.len(), 3, "{answers}");
    assert!(bodies[0].contains("slow") && bodies[1].ends_with("\r\n\r\nb") && bodies[2].contains("hello"), "{answers}");
    host.stop().await;
}
