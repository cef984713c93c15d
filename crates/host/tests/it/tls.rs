//! TLS of the HTTP server.

use std::time::Duration;

use bytes::Bytes;
use chartwright_host::{Options, run};
use http_body_util::Full;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::certificates::{Authority, Pair};
use crate::client::{self, Two};
use crate::host::Scene;

/// Flags for files in a folder.
fn flags(folder: &tempfile::TempDir) -> Vec<String> {
    let path = folder.path().display();
    vec![format!("--tls-cert-path={path}/cert.pem"), format!("--tls-key-path={path}/key.pem")]
}

async fn scene(flags: &[String]) -> Option<Scene> {
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let scene = Scene::new(&flags).await?;
    scene.host.run("a", &scene.image, "a.example", json!({})).await;
    Some(scene)
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_are_spoken_and_guests_see_https() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    authority.issue("localhost").write(folder.path());
    let Some(Scene { host, nats: _nats, .. }) = scene(&flags(&folder)).await else { return };
    let address = host.addresses.http.unwrap();

    // Whoever connects and says nothing keeps nobody else waiting.
    let _silent = TcpStream::connect(address).await.unwrap();
    let stream = client::tls(address, &authority.client(&["h2", "http/1.1"], None)).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let mut two: Two<Full<Bytes>> = client::two(stream).await;
    let request = http::Request::get("https://a.example/seen").body(Full::default()).unwrap();
    let seen = client::text(two.send_request(request).await.unwrap()).await;
    assert_eq!(seen, r#"Method::Get Some(Scheme::Https) Some("a.example")"#);

    let stream = client::tls(address, &authority.client(&["http/1.1"], None)).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let mut one = client::one(stream).await;
    let seen = client::text(one.send_request(client::get("/seen", "a.example:8443")).await.unwrap()).await;
    assert_eq!(seen, r#"Method::Get Some(Scheme::Https) Some("a.example:8443")"#);
    let ends = "chartwright_host_tls_certificate_expiry_timestamp_seconds{side=\"server\"} 4102444800";
    assert!(host.metrics().await.contains(ends), "{}", host.metrics().await);
    drop((one, two));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_need_a_certificate_where_authorities_are_given() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    authority.issue("localhost").write(folder.path());
    std::fs::write(folder.path().join("ca.pem"), &authority.pem).unwrap();
    let mut flags = flags(&folder);
    flags.push(format!("--tls-ca-path={}/ca.pem", folder.path().display()));
    let Some(Scene { host, nats: _nats, .. }) = scene(&flags).await else { return };
    let address = host.addresses.http.unwrap();

    let known = authority.issue("client");
    let stream = client::tls(address, &authority.client(&["http/1.1"], Some(&known))).await.unwrap();
    let response = client::one(stream).await.send_request(client::get("/", "a.example")).await.unwrap();
    assert_eq!(response.status(), 200);
    let stranger = Authority::new().issue("client");
    for identity in [None, Some(&stranger)] {
        // With TLS 1.3 a client learns it when it reads for the first time.
        let refused = async {
            let mut stream = client::tls(address, &authority.client(&["http/1.1"], identity)).await?;
            stream.read_u8().await
        };
        refused.await.unwrap_err();
    }
    let metrics = host.metrics().await;
    let counted = r#"chartwright_host_http_connections_refused_total{reason="tls-handshake"} 2"#;
    assert!(metrics.contains(counted), "{metrics}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_used_and_a_broken_one_is_not() {
    let (folder, old, new) = (tempfile::tempdir().unwrap(), Authority::new(), Authority::new());
    // As Kubernetes does it: the files are links through a folder that is swapped as a whole.
    let swap = |name: &str, pair: &Pair| {
        let version = folder.path().join(name);
        std::fs::create_dir(&version).unwrap();
        pair.write(&version);
        let link = folder.path().join("..data_tmp");
        std::os::unix::fs::symlink(&version, &link).unwrap();
        std::fs::rename(&link, folder.path().join("..data")).unwrap();
    };
    swap("one", &old.issue("localhost"));
    for file in ["cert.pem", "key.pem"] {
        std::os::unix::fs::symlink(folder.path().join("..data").join(file), folder.path().join(file)).unwrap();
    }
    let Some(Scene { host, nats: _nats, .. }) = scene(&flags(&folder)).await else { return };
    let address = host.addresses.http.unwrap();
    let (to_old, to_new) = (old.client(&["http/1.1"], None), new.client(&["http/1.1"], None));
    client::tls(address, &to_old).await.unwrap();
    client::tls(address, &to_new).await.unwrap_err();

    let mixed = Pair { key: new.issue("localhost").key, ..new.issue("localhost") };
    swap("two", &mixed);
    let failed = r#"chartwright_host_tls_reloads_total{result="failed"} 1"#;
    until(async || host.metrics().await.contains(failed)).await;
    client::tls(address, &to_old).await.unwrap();

    swap("three", &new.issue("localhost"));
    until(async || client::tls(address, &to_new).await.is_ok()).await;
    assert!(host.metrics().await.contains(r#"chartwright_host_tls_reloads_total{result="done"} 1"#));
    host.stop().await;
}

async fn until(condition: impl AsyncFn() -> bool) {
    for _ in 0..600 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never happened");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_no_use_end_the_start() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let path = |name: &str| folder.path().join(name).display().to_string();
    authority.issue("localhost").write(folder.path());
    std::fs::write(path("other.pem"), authority.issue("localhost").key).unwrap();
    std::fs::write(path("empty.pem"), "").unwrap();
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    for (flags, words) in [
        ([("tls-cert-path", path("none.pem")), ("tls-key-path", key.clone())], ["--tls-cert-path", "none.pem"]),
        ([("tls-cert-path", path("empty.pem")), ("tls-key-path", key.clone())], ["empty.pem", "no certificate"]),
        ([("tls-cert-path", cert.clone()), ("tls-key-path", cert.clone())], ["--tls-key-path", "no private key"]),
        ([("tls-cert-path", cert.clone()), ("tls-key-path", path("other.pem"))], ["other.pem", "is not the key"]),
    ] {
        let flags = flags.map(|(name, value)| format!("--{name}={value}"));
        let arguments: Vec<String> = flags.into_iter().chain(["--http-addr=127.0.0.1:0".to_owned()]).collect();
        let options = Options::parse(&arguments, |_| None).unwrap();
        let error = run(options, std::future::pending(), oneshot::channel().0).await.unwrap_err().to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }
}
