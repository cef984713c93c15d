//! Requests of guests.

use chartwright_host::{Options, run};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::backend::Backend;
use crate::certificates::Authority;
use crate::host::Scene;

fn allowed() -> Value {
    json!({ "localResources": { "allowedHosts": ["*"] } })
}

async fn scene(flags: &[String]) -> Option<Scene> {
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let scene = Scene::new(&flags).await?;
    scene.host.run("a", &scene.image, "a.example", allowed()).await;
    Some(scene)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_authority_is_trusted_and_no_other() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &authority.pem).unwrap();
    let known = Backend::start(Some(authority.server(&authority.issue("localhost"), false))).await;
    let strange = Authority::new();
    let unknown = Backend::start(Some(strange.server(&strange.issue("localhost"), false))).await;
    let flags =
        [format!("--http-client-ca-path={}", ca.display()), "--http-client-trust-roots=webpki-and-native".to_owned()];
    let Some(Scene { host, nats: _nats, .. }) = scene(&flags).await else { return };
    let call = async |port: u16| host.get("a.example", &format!("/call?https://localhost:{port}/x")).await;
    // ALPN has chosen h2.
    assert_eq!(call(known.address.port()).await.body, "200 HTTP/2.0 /x");
    let refused = call(unknown.address.port()).await;
    assert!(refused.status == 502 && refused.body.contains("TlsCertificateError"), "{refused:?}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_certificate_is_shown_and_read_again() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("ca.pem"), &authority.pem).unwrap();
    let backend = Backend::start(Some(authority.server(&authority.issue("localhost"), true))).await;
    let url = format!("/call?https://localhost:{}/x", backend.address.port());
    let mut flags = vec![format!("--http-client-ca-path={}", path("ca.pem"))];
    {
        let Some(Scene { host, nats: _nats, .. }) = scene(&flags).await else { return };
        let without = host.get("a.example", &url).await;
        // Whether the guest learns of the alert or of the end of the connection is a race.
        assert_eq!(without.status, 502, "{without:?}");
        host.stop().await;
    }
    authority.issue_until("guest", 2021).write(folder.path());
    flags.push(format!("--http-client-cert-path={}", path("cert.pem")));
    flags.push(format!("--http-client-key-path={}", path("key.pem")));
    let error = run(Options::parse(&flags, |_| None).unwrap(), std::future::pending(), oneshot::channel().0).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("--http-client-cert-path") && error.contains("has expired"), "{error}");

    Authority::new().issue("guest").write(folder.path());
    flags.push("--http-client-identity-refresh=100ms".to_owned());
    let Some(Scene { host, nats: _nats, .. }) = scene(&flags).await else { return };
    assert_eq!(host.get("a.example", &url).await.status, 502, "of an authority that the server does not know");
    authority.issue("guest").write(folder.path());
    for _ in 0..200 {
        if host.get("a.example", &url).await.status == 200 {
            host.stop().await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the new certificate was never shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_have_their_codes_and_are_counted() {
    let Some(Scene { host, image, nats: _nats, .. }) = scene(&[]).await else { return };
    host.run("b", &image, "b.example", json!({})).await;
    let backend = Backend::start(None).await;
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    for (url, words) in [
        (format!("http://{}/x", backend.address), "200 HTTP/1.1 /x"),
        (format!("http://{closed}/"), "ConnectionRefused"),
        ("http://nowhere.invalid/".to_owned(), "DnsError"),
        (format!("https://{}/", backend.address), "TlsProtocolError"),
    ] {
        let answer = host.get("a.example", &format!("/call?{url}")).await;
        assert!(answer.body.contains(words), "{url}: {answer:?}");
    }
    for (path, words) in [("hang", "ConnectionReadTimeout"), ("stall", "200 HTTP/1.1 /stall broke off")] {
        let answer = host.get("a.example", &format!("/impatient?http://{}/{path}", backend.address)).await;
        assert!(answer.body.contains(words), "{path}: {answer:?}");
    }
    let denied = host.get("b.example", "/call?http://elsewhere.example/").await;
    assert!(denied.body.contains("HttpRequestDenied"), "{denied:?}");
    let metrics = host.metrics().await;
    for (workload, result) in [("a", "timeout"), ("a", "refused"), ("a", "dns"), ("a", "tls"), ("b", "denied")] {
        let counted = format!(
            r#"http_client_requests_total{{workload_namespace="shop",workload="{workload}-name",component="api",result="{result}"}} 1"#
        );
        assert!(metrics.contains(&counted), "{counted}: {metrics}");
    }
    assert!(metrics.contains("chartwright_host_http_client_denied_total 1"), "{metrics}");
    host.command("workload.stop", json!({ "workloadId": "a" })).await;
    let metrics = host.metrics().await;
    assert!(!metrics.contains("a-name") && metrics.contains("b-name"), "{metrics}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workload_has_so_many_connections_and_an_idle_one_makes_way() {
    let flags = ["--max-outbound-http-connections-per-workload=1", "--http-connection-wait=200ms"];
    let Some(Scene { host, image, nats: _nats, .. }) = scene(&flags.map(str::to_owned)).await else { return };
    host.run("b", &image, "b.example", allowed()).await;
    let (one, other) = (Backend::start(None).await, Backend::start(None).await);
    // The connection to the first is idle, and gives its slot to that of the second.
    for backend in [&one, &other] {
        let answer = host.get("a.example", &format!("/call?http://{}/x", backend.address)).await;
        assert_eq!(answer.body, "200 HTTP/1.1 /x");
    }
    let hanging = format!("/call?http://{}/hang", one.address);
    let hanging = host.get("a.example", &hanging);
    let asked = one.seen().len();
    let others = async {
        while one.seen().len() == asked {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let beyond = host.get("a.example", &format!("/call?http://{}/x", other.address)).await;
        assert!(beyond.body.contains("ConnectionLimitReached"), "{beyond:?}");
        // Another workload has slots of its own.
        let answer = host.get("b.example", &format!("/call?http://{}/x", other.address)).await;
        assert_eq!(answer.body, "200 HTTP/1.1 /x");
    };
    tokio::select! {
        answer = hanging => panic!("{answer:?}"),
        () = others => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_goes_over_h2() {
    let Some(Scene { host, nats: _nats, .. }) = scene(&[]).await else { return };
    let backend = Backend::start(None).await;
    let answer = host.get("a.example", &format!("/grpc?http://{}/x", backend.address)).await;
    assert_eq!(answer.body, "200 HTTP/2.0 /x");
    assert_eq!(backend.seen()[0]["te"], "trailers");
    assert!(!backend.seen()[0].contains_key("host"));
    host.stop().await;
}
