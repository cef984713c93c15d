//! What stays when a release goes, and what `--purge` takes: all of its own, wherever its operator looked after it, and nothing of
//! another's. An operator that watches all namespaces counts everywhere: this has a control plane of its own.

use std::time::Duration;

use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::control_plane::ControlPlane;
use super::scene::{PROFILE, Scene};
use crate::tool::Run;

const GROUP: &str = "runtime.wasmcloud.dev/v1alpha1";
const DEFINITION: &str = "workloaddeployments.runtime.wasmcloud.dev";

/// Volumes that a StatefulSet of the release has.
const VOLUME: [&str; 2] = ["--set", "nats.server.jetstream.volume.enabled=true"];

fn install<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["install", "--wait=false", "--set", "crds.upgradeHook=false"], PROFILE.as_slice(), more].concat()
}

pub(super) async fn deploy(scene: &Scene, namespace: &str) {
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

fn claim(name: &str, release: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": { "name": name, "labels": { "app.kubernetes.io/instance": release } },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
    })
}

/// What an operator saw of a host of the release `wasmcloud`, and holds.
fn host() -> Value {
    json!({
        "apiVersion": GROUP, "kind": "Host", "hostId": "seen",
        "metadata": {
            "name": "seen", "labels": { "app.kubernetes.io/instance": "wasmcloud" },
            "finalizers": ["runtime.wasmcloud.dev/host-finalizer"],
        },
    })
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
    // What is left there is none of the next one's business.
    scene.done(&["uninstall", "--release", "operators"]);
    what_another_release_has_taken_over(&plane).await;
}

/// What is purged is gone a moment later.
pub(super) async fn no_definitions(scene: &Scene) {
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
    let elsewhere = format!("hosts.default.namespace={user}");
    let watched = watch(&[user, both]);
    let own = ["--set-json", watched.as_str(), "--set", elsewhere.as_str()];
    scene.done(&install(&[own.as_slice(), &VOLUME].concat()));
    deploy(scene, user).await;
    deploy(scene, both).await;
    let strangers = "data-wasmcloud-postgresql-0";
    for (name, release) in
        [("jetstream-wasmcloud-nats-0", "wasmcloud"), (strangers, "wasmcloud"), ("data-mine", "mine")]
    {
        scene.make(&scene.namespace, &claim(name, release)).await;
    }
    // As the operator of a release of the same name in that namespace would make it.
    scene.make(user, &host()).await;

    let run = scene.done(&["uninstall", "--purge"]);
    let named = format!("the release second in {}", other.namespace);
    assert!(!runs(scene, user).await && runs(scene, both).await, "{}{}", run.stdout, run.stderr);
    let why = stays(&run, &format!("WorkloadDeployment {both}/hello"));
    assert!(why.contains(&format!("{named} looks after it, too")), "{why}");
    assert!(stays(&run, &format!("CustomResourceDefinition {DEFINITION}")).contains(&format!("{named} needs it")));
    let purged = format!("purged PersistentVolumeClaim {}/jetstream-wasmcloud-nats-0", scene.namespace);
    assert!(run.stderr.contains(&purged) && !run.stderr.contains("data-mine"), "{}", run.stderr);
    let why = stays(&run, &format!("PersistentVolumeClaim {}/{strangers}", scene.namespace));
    assert!(why.contains("may be another's"), "{why}");
    let claim = scene.get("v1", "PersistentVolumeClaim", strangers).await.unwrap();
    assert!(claim["metadata"]["deletionTimestamp"].is_null(), "{claim}");
    let hosts = scene.api(GROUP, "Host", user).await;
    let seen = hosts.get("seen").await.unwrap();
    assert!(seen.metadata.deletion_timestamp.is_none() && seen.metadata.finalizers.is_some(), "{seen:?}");
    let free = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
    hosts.patch("seen", &PatchParams::default(), &free).await.unwrap();
    hosts.delete("seen", &DeleteParams::default()).await.unwrap();

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

/// It is that one's, with its volumes and Hosts, wherever the release itself is.
async fn what_another_release_has_taken_over(plane: &ControlPlane) {
    let first = Scene::on(plane, "first").await.unwrap();
    let second = Scene::on(plane, "second").await.unwrap();
    first.done(&install(&VOLUME));
    let there = format!("namespaceOverride={}", first.namespace);
    second.done(&install(&[VOLUME.as_slice(), &["--take-ownership", "--set", &there]].concat()));
    first.make(&first.namespace, &claim("jetstream-wasmcloud-nats-0", "wasmcloud")).await;
    first.make(&first.namespace, &host()).await;

    let run = first.done(&["uninstall", "--purge"]);
    let named = format!("the release wasmcloud in {}", second.namespace);
    let claim = format!("PersistentVolumeClaim {}/jetstream-wasmcloud-nats-0", first.namespace);
    assert!(stays(&run, &claim).contains(&format!("{named} has it")), "{}", run.stdout);
    let operator = first.get("apps/v1", "Deployment", "wasmcloud-operator").await.unwrap();
    assert_eq!(operator["spec"]["replicas"], 1);
    let seen = first.get(GROUP, "Host", "seen").await.unwrap();
    assert!(seen["metadata"]["deletionTimestamp"].is_null(), "{seen}");

    let run = second.done(&["uninstall", "--purge"]);
    assert!(run.stderr.contains(&format!("purged {claim}")), "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains("freed 1 objects"), "{}", run.stderr);
}
