//! Who reads the operator's metrics when they are secure: on a real API server, with the rights that the chart gives.

use std::path::Path;

use kube::{Client, Config, Error};
use rcgen::{CertificateParams, KeyPair};
use serde_json::json;

use crate::chart;
use crate::control_plane::ControlPlane;
use crate::scene::{Running, Scene, eventually};

/// A client of the metrics; with a root it trusts that one alone, else anything.
fn scraper(operator: &Running, token: Option<&str>, root: Option<&[u8]>) -> Client {
    let url = format!("https://{}", operator.addresses.metrics.unwrap());
    let mut config = Config::new(url.parse().unwrap());
    config.accept_invalid_certs = root.is_none();
    config.root_cert = root.map(|root| vec![root.to_vec()]);
    config.auth_info.token = token.map(|token| token.to_owned().into());
    config.default_retry = false;
    Client::try_from(config).unwrap()
}

async fn scrape(client: &Client) -> Result<String, Error> {
    client.request_text(http::Request::get("/metrics").body(Vec::new()).unwrap()).await
}

/// Code and words of a refusal.
async fn refused(client: &Client) -> (u16, String) {
    match scrape(client).await {
        Err(Error::Api(status)) => (status.code, status.message),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_for_those_whom_the_api_server_lets_read_them() {
    let Some(plane) = ControlPlane::shared().await else { return };
    let Some(scene) = Scene::on(plane).await else { return };
    let objects = chart::rendered(&scene.own, "operator: { metrics: { secure: true } }");
    let kinds = ["ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"];
    chart::apply(&scene.client, &objects, &kinds).await;
    let (arguments, account) = chart::operator(&objects);
    assert!(arguments.contains(&"--metrics-secure=true".to_owned()), "{arguments:?}");
    let client = plane.client_of(&plane.token(&scene.own, &account).await);
    let operator = scene.operator_as(client, &["--metrics-secure=true"]).await;

    let token = plane.token(&scene.apps, "prometheus").await;
    let reader = scraper(&operator, Some(&token), None);
    let (code, why) = refused(&reader).await;
    assert_eq!(code, 403, "{why}");
    assert!(why.contains(&format!("system:serviceaccount:{}:prometheus may not", scene.apps)), "{why}");
    let (code, why) = refused(&scraper(&operator, None, None)).await;
    assert_eq!(code, 401, "{why}");
    assert!(why.contains("Authorization: Bearer"), "{why}");
    let (code, why) = refused(&scraper(&operator, Some("guessed"), None)).await;
    assert_eq!(code, 401, "{why}");

    let name = format!("{}-metrics", scene.apps);
    let of_role = |kind: &str, more: serde_json::Value| {
        let mut value =
            json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": { "name": name } });
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        value
    };
    let role = json!({ "rules": [{ "nonResourceURLs": ["/metrics"], "verbs": ["get"] }] });
    let binding = json!({
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name },
        "subjects": [{ "kind": "ServiceAccount", "name": "prometheus", "namespace": scene.apps }],
    });
    let create = kube::api::PostParams::default();
    let role = serde_json::from_value(of_role("ClusterRole", role)).unwrap();
    kube::Api::<k8s_openapi::api::rbac::v1::ClusterRole>::all(scene.client.clone())
        .create(&create, &role)
        .await
        .unwrap();
    let binding = serde_json::from_value(of_role("ClusterRoleBinding", binding)).unwrap();
    kube::Api::<k8s_openapi::api::rbac::v1::ClusterRoleBinding>::all(scene.client.clone())
        .create(&create, &binding)
        .await
        .unwrap();
    // A refusal is remembered for some seconds.
    eventually("it is let in", async || scrape(&reader).await.is_ok()).await;
    assert!(scrape(&reader).await.unwrap().contains("chartwright_operator_leader 1"));

    // Nobody reads it in the clear.
    let address = operator.addresses.metrics.unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer).await;
    assert!(!String::from_utf8_lossy(&answer).contains("chartwright_operator"));
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_of_the_metrics_is_used_without_a_restart() {
    let Some(plane) = ControlPlane::shared().await else { return };
    let Some(scene) = Scene::on(plane).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    let bring = |made: &(Vec<u8>, String, String)| {
        let write = |path: &Path, text: &str| std::fs::write(path, text).unwrap();
        write(&cert, &made.1);
        write(&key, &made.2);
    };
    let made = || {
        let key = KeyPair::generate().unwrap();
        let made = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
        (made.der().to_vec(), made.pem(), key.serialize_pem())
    };
    let (first, second) = (made(), made());
    bring(&first);
    let flags = [
        "--metrics-secure=true".to_owned(),
        format!("--metrics-tls-cert-path={}", cert.display()),
        format!("--metrics-tls-key-path={}", key.display()),
    ];
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let operator = scene.operator(&flags).await;
    // The administrator may read everything.
    let token = crate::control_plane::TOKEN;
    assert!(scrape(&scraper(&operator, Some(token), Some(&first.0))).await.is_ok());
    assert!(scrape(&scraper(&operator, Some(token), Some(&second.0))).await.is_err());
    bring(&second);
    eventually("the new one", async || scrape(&scraper(&operator, Some(token), Some(&second.0))).await.is_ok()).await;
    // One that is of no use changes nothing.
    std::fs::write(&key, &first.2).unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert!(scrape(&scraper(&operator, Some(token), Some(&second.0))).await.is_ok());
    operator.end().await.unwrap();
}
