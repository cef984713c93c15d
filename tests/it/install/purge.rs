//! What stays when a release goes, and what `--purge` takes: all of its own, wherever its operator looked after it, and nothing of
//! another's. An operator that watches all namespaces counts everywhere: this has a control plane of its own.

use std::time::Duration;

use kube::api::ListParams;
use serde_json::{Value, json};

use super::control_plane::ControlPlane;
use super::scene::{PROFILE, Scene};
use crate::tool::Run;

const GROUP: &str = "runtime.wasmcloud.dev/v1alpha1";
const DEFINITION: &str = "workloaddeployments.runtime.wasmcloud.dev";

fn install<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["install", "--wait=false", "--set", "crds.upgradeHook=false"], PROFILE.as_slice(), more].concat()
}

async fn deploy(scene: &Scene, namespace: &str) {
    let spec = json!({ "components": [{ "name": "c", "image": "registry.example/acme/c:1.0.0" }] });
    let hello = json!({
        "apiVersion": GROUP, "kind": "WorkloadDeployment", "metadata": { "name": "hello" },
        "spec": { "replicas": 1, "template": { "spec": spec } },
    });
    scene.make(namespace, &hello).await;
}

async fn is_there(scene: &Scene, api_version: &str, kind: &str, namespace: &str, name: &str) -> bool {
    scene.api(api_version, kind, namespace).await.get_opt(name).await.unwrap().is_some()
}

async fn runs(scene: &Scene, namespace: &str) -> bool {
    is_there(scene, GROUP, "WorkloadDeployment", namespace, "hello").await
}

/// Why something stays, as it is told.
fn stays(run: &Run, what: &str) -> String {
    let line = run.stdout.lines().find_map(|line| line.strip_prefix(&format!("stays: {what} (")));
    line.unwrap_or_else(|| panic!("{what}: {}{}", run.stdout, run.stderr)).to_owned()
}

async fn secret(scene: &Scene, name: &str) {
    let labels = json!({ "app.kubernetes.io/managed-by": "chartwright-operator" });
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name, "labels": labels } });
    scene.make(&scene.namespace, &secret).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_purged_is_the_releases_own_wherever_it_is() {
    let Some(plane) = ControlPlane::own().await else { return };
    let scene = Scene::on(&plane, "purge").await.unwrap();
    let other = Scene::on(&plane, "other").await.unwrap();
    let (user, both) = (plane.namespace("user").await, plane.namespace("both").await);

    an_operator_of_all_namespaces(&scene, &user).await;
    no_definitions(&scene).await;
    one_of_two_operators(&scene, &other, &user, &both).await;
    no_definitions(&scene).await;
    the_hosts_of_another_operator(&scene).await;
}

/// What is purged is gone a moment later.
async fn no_definitions(scene: &Scene) {
    let definitions = scene.api("apiextensions.k8s.io/v1", "CustomResourceDefinition", "").await;
    while !definitions.list(&ListParams::default()).await.unwrap().items.is_empty() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// It looked after the workloads of users, too: they are named, and taken only when that is asked for.
async fn an_operator_of_all_namespaces(scene: &Scene, user: &str) {
    scene.done(&install(&[]));
    deploy(scene, user).await;
    let run = scene.done(&["uninstall"]);
    let why = stays(&run, &format!("WorkloadDeployment {user}/hello"));
    assert!(why.contains("it is a user's; with --purge it would have gone"), "{why}");
    assert!(runs(scene, user).await);
    scene.done(&install(&[]));
    let run = scene.done(&["uninstall", "--purge"]);
    assert!(run.stderr.contains(&format!("purged WorkloadDeployment {user}/hello")), "{}", run.stderr);
    assert!(run.stderr.contains(&format!("purged CustomResourceDefinition {DEFINITION}")), "{}", run.stderr);
    assert!(!run.stdout.contains("stays:"), "{}", run.stdout);
}

/// What both look after is the other's as well.
async fn one_of_two_operators(scene: &Scene, other: &Scene, user: &str, both: &str) {
    let watch = |names: &[&str]| format!("operator.watchNamespaces={}", json!(names));
    // Roles in a namespace of both need names of their own.
    other.done(&install(&["--release", "second", "--set-json", &watch(&[both])]));
    scene.done(&install(&["--set-json", &watch(&[user, both])]));
    deploy(scene, user).await;
    deploy(scene, both).await;
    let claim = |name: &str, release: &str| -> Value {
        json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": { "name": name, "labels": { "app.kubernetes.io/instance": release } },
            "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
        })
    };
    scene.make(&scene.namespace, &claim("data-wasmcloud-nats-0", "wasmcloud")).await;
    scene.make(&scene.namespace, &claim("data-mine", "mine")).await;

    let run = scene.done(&["uninstall", "--purge"]);
    let named = format!("the release second in {}", other.namespace);
    assert!(!runs(scene, user).await && runs(scene, both).await, "{}{}", run.stdout, run.stderr);
    let why = stays(&run, &format!("WorkloadDeployment {both}/hello"));
    assert!(why.contains(&format!("{named} looks after it, too")), "{why}");
    assert!(stays(&run, &format!("CustomResourceDefinition {DEFINITION}")).contains(&format!("{named} needs it")));
    let purged = format!("purged PersistentVolumeClaim {}/data-wasmcloud-nats-0", scene.namespace);
    assert!(run.stderr.contains(&purged) && !run.stderr.contains("data-mine"), "{}", run.stderr);

    let run = other.done(&["uninstall", "--release", "second", "--purge"]);
    assert!(run.stderr.contains(&format!("purged WorkloadDeployment {both}/hello")), "{}{}", run.stdout, run.stderr);
}

/// Without an operator of its own a release has no workloads, and of certificates only those that nobody else needs.
async fn the_hosts_of_another_operator(scene: &Scene) {
    let needed = json!([{ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "needs" }, "data": { "a": "data-creds" } }]);
    let needed = format!("extraObjects={needed}");
    let operator = ["--release", "operators", "--set", "hosts.default.enabled=false", "--set-json", &needed];
    scene.done(&install(&operator));
    let hosts = scene.file("hosts.yaml", super::halves::HOSTS);
    scene.done(&install(&["--release", "hosts", "-f", &hosts]));
    deploy(scene, &scene.namespace).await;
    for name in ["data-creds", "control-creds", "unknown"] {
        secret(scene, name).await;
    }
    let run = scene.done(&["uninstall", "--release", "hosts", "--purge"]);
    assert!(runs(scene, &scene.namespace).await);
    let why = stays(&run, &format!("WorkloadDeployment {}/hello", scene.namespace));
    assert!(why.contains("no operator"), "{why}");
    let why = stays(&run, &format!("Secret {}/data-creds", scene.namespace));
    assert!(why.contains("the release operators in") && why.contains("needs it, too"), "{why}");
    assert!(run.stderr.contains(&format!("purged Secret {}/control-creds", scene.namespace)), "{}", run.stderr);
    assert!(scene.get("v1", "Secret", "unknown").await.is_some());
    assert!(scene.get("apps/v1", "Deployment", "operators-operator").await.is_some());
}
