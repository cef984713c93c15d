//! One chart as two releases, the operator and its hosts: what one needs of the other is found before it, and neither takes the
//! other's things with it.

use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, PostParams};
use serde_json::json;

use super::scene::{PROFILE, Scene};

const OPERATOR: &str = "hosts: { default: { enabled: false } }\ncrds: { upgradeHook: false }\n";

/// The hosts of an operator in the same namespace.
pub(super) const HOSTS: &str = r#"
operator: { enabled: false }
nats:
  server: { enabled: false }
  control: { urls: ["nats://operators-nats:4222"], auth: { type: credentials, secretName: control-creds, secretKey: a.creds } }
  data: { urls: ["nats://operators-nats:4222"], auth: { type: credentials, secretName: data-creds, secretKey: a.creds } }
hostDefaults: { extraPullSecrets: [{ name: pull }] }
crds: { upgradeHook: false }
"#;

async fn secret(scene: &Scene, name: &str, labels: serde_json::Value) {
    let secrets: Api<Secret> = Api::namespaced(scene.client(), &scene.namespace);
    let secret = json!({ "metadata": { "name": name, "labels": labels }, "stringData": { "a.creds": "x" } });
    secrets.create(&PostParams::default(), &serde_json::from_value(secret).unwrap()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn v02_secrets_that_are_missing_are_named_before_any_write() {
    let Some(scene) = Scene::new("references").await else { return };
    let file = scene.file("hosts.yaml", HOSTS);
    let preflight = [&["preflight", "--no-pod", "-f", &file, "--release", "hosts"], PROFILE.as_slice()].concat();
    let run = scene.ours(&preflight);
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    let said = |verdict: &str, name: &str, what: &str| {
        let place = format!("the Secret {}/{name}, {what}", scene.namespace);
        run.stdout.lines().any(|line| line.starts_with(verdict) && line.contains("references") && line.contains(&place))
    };
    let start = format!("which the Deployment {}/hosts-hosts-default cannot start without", scene.namespace);
    assert!(said("FAILED", "control-creds", &start) && said("FAILED", "data-creds", &start), "{}", run.stdout);
    assert!(said("warning", "pull", "with which"), "{}", run.stdout);
    for name in ["control-creds", "data-creds", "pull"] {
        secret(&scene, name, json!({})).await;
    }
    let run = scene.done(&preflight);
    assert!(run.stdout.lines().any(|line| line.starts_with("ok ") && line.contains("references")), "{}", run.stdout);
    assert_eq!(scene.ours(&["history", "--release", "hosts"]).code, 2, "nothing is written");
    // What the release makes itself is not asked for.
    let run = scene.ours(&["preflight", "--no-pod"]);
    assert!(
        !run.stdout.lines().any(|line| line.starts_with("FAILED") && line.contains("references")),
        "{}",
        run.stdout
    );
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn v02_the_hosts_go_without_the_operator_and_its_certificates() {
    let Some(scene) = Scene::new("halves").await else { return };
    let (operator, hosts) = (scene.file("operator.yaml", OPERATOR), scene.file("hosts.yaml", HOSTS));
    let install = |name, file| {
        scene.done(&[&["install", "--wait=false", "--release", name, "-f", file], PROFILE.as_slice()].concat());
    };
    install("operators", operator.as_str());
    install("hosts", hosts.as_str());
    let made = ["ca", "nats", "operator", "runtime", "data"];
    for name in made {
        secret(&scene, name, json!({ "app.kubernetes.io/managed-by": "chartwright-operator" })).await;
    }
    let listed: serde_json::Value = serde_json::from_str(&scene.done(&["list", "-o", "json"]).stdout).unwrap();
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["hosts", "operators"]);

    scene.done(&["uninstall", "--release", "hosts"]);
    assert!(scene.get("apps/v1", "Deployment", "hosts-hosts-default").await.is_none());
    assert!(scene.get("apps/v1", "Deployment", "operators-operator").await.is_some());
    for name in made {
        assert!(scene.get("v1", "Secret", name).await.is_some(), "{name}");
    }
    let definition = "hosts.runtime.wasmcloud.dev";
    assert!(scene.get("apiextensions.k8s.io/v1", "CustomResourceDefinition", definition).await.is_some());
    let status = scene.ours(&["status", "--release", "operators", "-o", "json"]);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status["status"], "deployed");
    scene.close().await;
}
