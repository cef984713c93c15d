//! An admission webhook of somebody else refuses objects of ours.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use kube::api::{Api, DeleteParams, PostParams};
use serde_json::{Value, json};

use super::scene::{PROFILE, Scene};

/// What the webhook says.
const WORDS: &str = "every Deployment needs an owner";

/// A webhook on loopback that refuses all it is asked: its URL, and the certificate that it is known by.
fn webhook() -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap())
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}/judge", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            // Who hangs up in the middle has nobody to be told.
            std::thread::spawn(move || serve(rustls::StreamOwned::new(connection, stream)));
        }
    });
    (url, certificate.pem())
}

/// Answers until the other side hangs up.
fn serve(stream: rustls::StreamOwned<rustls::ServerConnection, TcpStream>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim().to_ascii_lowercase().split_once(':') {
                Some(("content-length", value)) => length = value.trim().parse().ok()?,
                None if line.trim().is_empty() => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let asked: Value = serde_json::from_slice(&body).ok()?;
        let answer = json!({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "response": {"uid": asked["request"]["uid"], "allowed": false, "status": {"code": 403, "message": WORDS}},
        })
        .to_string();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", answer.len());
        reader.get_mut().write_all(format!("{head}{answer}").as_bytes()).ok()?;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_webhook_refuses_is_named_object_by_object_before_the_first_write() {
    let Some(scene) = Scene::new("webhook").await else { return };
    let (url, certificate) = webhook();
    let authority = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, certificate);
    let webhooks: Api<ValidatingWebhookConfiguration> = Api::all(scene.client());
    let configuration = serde_json::from_value(json!({
        "metadata": {"name": scene.namespace},
        "webhooks": [{
            "name": "owners.example.test", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "clientConfig": {"url": url, "caBundle": authority},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": scene.namespace}},
            "rules": [{"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["deployments"]}],
        }],
    }));
    webhooks.create(&PostParams::default(), &configuration.unwrap()).await.unwrap();
    let install = [&["install", "--wait=false"], PROFILE.as_slice()].concat();
    let refused = |text: &str| text.matches(WORDS).count();

    // The API server takes a moment to know of it.
    let mut run = scene.ours(&[install.as_slice(), &["--dry-run=server"]].concat());
    for _ in 0..20 {
        if run.code != 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
        run = scene.ours(&[install.as_slice(), &["--dry-run=server"]].concat());
    }
    assert_eq!((run.code, refused(&run.stderr)), (2, 2), "operator and hosts: {}", run.stderr);
    for name in ["wasmcloud-operator", "wasmcloud-hosts-default"] {
        assert!(run.stderr.contains(&format!("Deployment {}/{name}", scene.namespace)), "{}", run.stderr);
    }
    assert_eq!(scene.ours(&["history"]).code, 2, "nothing was written");

    // Without a look ahead the first refusal ends it, and the record says so.
    let run = scene.ours(&install);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stderr.contains(WORDS), "{}", run.stderr);
    assert_eq!(scene.status()["status"], "failed");

    webhooks.delete(&scene.namespace, &DeleteParams::default()).await.unwrap();
    for _ in 0..20 {
        if scene.ours(&["upgrade", "--wait=false", "--reuse-values"]).code == 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    assert_eq!(scene.status()["status"], "deployed");
    scene.close().await;
}
