//! Verbs that only look: `status`, `preflight` and `sysdump` tell the truth of what is not as it should be, and no secret.

use std::io::Read as _;
use std::time::{Duration, Instant};

use chartwright::cluster::Kinds;
use k8s_openapi::api::core::v1::{Namespace, Node};
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use serde_json::json;

use super::scene::{PROFILE, Scene};

/// How long a busy machine may take for what an API server does by itself.
const PATIENCE: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread")]
async fn an_object_whose_kind_is_gone_is_named_and_the_others_are_looked_at() {
    let Some(scene) = Scene::new("gone").await else { return };
    let group = format!("{}.example.test", scene.namespace);
    let (name, version) = (format!("widgets.{group}"), format!("{group}/v1"));
    let schema = json!({ "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } });
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": name },
        "spec": {
            "group": group, "scope": "Namespaced", "names": { "kind": "Widget", "plural": "widgets" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": schema }],
        },
    });
    scene.make("", &definition).await;
    let is_known = async || Kinds::new(scene.client()).find(&version, "Widget").await.is_ok();
    let end = Instant::now() + PATIENCE;
    while !is_known().await {
        assert!(Instant::now() < end, "{name} is not served");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let widget = json!([{ "apiVersion": version, "kind": "Widget", "metadata": { "name": "w" } }]);
    let set = format!("extraObjects={widget}");
    let install = [&["install", "--wait=false", "--set-json", &set], PROFILE.as_slice()].concat();
    let mut run = scene.ours(&install);
    // It is listed a moment before it takes objects.
    for _ in 0..20 {
        if run.code == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        run = scene.ours(&[&["upgrade", "--install", "--wait=false", "--set-json", &set], PROFILE.as_slice()].concat());
    }
    assert_eq!(run.code, 0, "{}", run.stderr);
    let definitions = scene.api("apiextensions.k8s.io/v1", "CustomResourceDefinition", "").await;
    definitions.delete(&name, &DeleteParams::default()).await.unwrap();
    let end = Instant::now() + PATIENCE;
    while is_known().await {
        assert!(Instant::now() < end, "{name} does not go");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let run = scene.ours(&["status"]);
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    let line = run.stdout.lines().find(|line| line.contains("Widget")).unwrap_or_else(|| panic!("{}", run.stdout));
    assert!(line.contains("is not there: this cluster has no kind Widget of"), "{line}");
    assert!(run.stdout.contains(&format!("Deployment {}/wasmcloud-operator", scene.namespace)), "{}", run.stdout);
    assert_eq!(scene.status()["status"], "deployed");
    scene.done(&["uninstall"]);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn v04_too_little_room_on_the_nodes_is_a_warning_with_both_numbers() {
    let Some(scene) = Scene::new("room").await else { return };
    let nodes: Api<Node> = Api::all(scene.client());
    let name = format!("{}-node", scene.namespace);
    let node = serde_json::from_value(json!({ "metadata": { "name": name } })).unwrap();
    nodes.create(&PostParams::default(), &node).await.unwrap();
    // A new node is not ready, says its taint; nobody takes it away here.
    let open = Patch::Merge(json!({ "spec": { "taints": null } }));
    nodes.patch(&name, &PatchParams::default(), &open).await.unwrap();
    let ready = json!({ "type": "Ready", "status": "True", "reason": "Test" });
    let room = json!({ "cpu": "30m", "memory": "1Gi" });
    let status = json!({ "status": { "allocatable": room, "capacity": room, "conditions": [ready] } });
    nodes.patch_status(&name, &PatchParams::default(), &Patch::Merge(status)).await.unwrap();

    let run = scene.ours(&[&["preflight", "--no-pod"], PROFILE.as_slice()].concat());
    let said =
        |words: &str| run.stdout.lines().any(|line| line.starts_with("warning  capacity") && line.contains(words));
    assert!(said("Pods request cpu ") && said("the nodes have cpu 30m and memory 1024Mi left"), "{}", run.stdout);
    assert!(said(&format!("a Pod of the Deployment {}/wasmcloud-hosts-default requests cpu 50m", scene.namespace)));
    // It is said before the first write, and is no reason not to install.
    let run = scene.done(&[&["install", "--wait=false"], PROFILE.as_slice()].concat());
    let (before, _) = run.stderr.split_once("created ").unwrap();
    assert!(before.contains("the nodes have cpu 30m and memory 1024Mi left"), "{}", run.stderr);
    nodes.delete(&name, &DeleteParams::default()).await.unwrap();
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_is_on_its_way_out_takes_no_release() {
    let Some(scene) = Scene::new("going").await else { return };
    // No controller empties it here, so it stays.
    let namespaces: Api<Namespace> = Api::all(scene.client());
    namespaces.delete(&scene.namespace, &DeleteParams::default()).await.unwrap();
    let run = scene.ours(&[&["preflight", "--no-pod"], PROFILE.as_slice()].concat());
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    let line = run.stdout.lines().find(|line| line.starts_with("FAILED") && line.contains(" namespace "));
    let words = format!("the namespace {} is being deleted", scene.namespace);
    assert!(line.is_some_and(|line| line.contains(&words)), "{}", run.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_holds_no_secret_and_is_not_made_of_a_release_that_is_not_there() {
    let Some(scene) = Scene::new("sysdump").await else { return };
    let path = scene.file("dump.tar.gz", "");
    fs_err::remove_file(&path).unwrap();
    let none = scene.ours(&["sysdump", "-o", &path]);
    assert_eq!(none.code, 2, "{}{}", none.stdout, none.stderr);
    assert!(none.stderr.contains(&format!("there is no release wasmcloud in {}", scene.namespace)), "{}", none.stderr);
    assert!(!std::path::Path::new(&path).exists());

    let extra = json!([{ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s" }, "stringData": { "a": "planted" } }]);
    let set = format!("extraObjects={extra}");
    scene.done(&[&["install", "--wait=false", "--set-json", &set], PROFILE.as_slice()].concat());
    let container = json!({
        "name": "main", "image": "nowhere.test/leaky:1",
        "args": ["--nats-url=nats://me:planted@nats:4222", "--password=planted", "--token", "planted"],
        "env": [{ "name": "API_KEY", "value": "planted" }, { "name": "DB", "value": "postgres://app:planted@db/app" },
                { "name": "MODE", "value": "plain to see" }],
    });
    let key = "-----BEGIN PRIVATE KEY-----\nplanted\n-----END PRIVATE KEY-----\n";
    let applied = json!({ "kubectl.kubernetes.io/last-applied-configuration": "planted" });
    let environment = json!({ "config": { "GREETING": "planted" } });
    let component = json!({ "name": "c", "image": "registry.example/acme/c:1.0.0", "localResources": { "environment": environment } });
    for object in [
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "leaky" }, "spec": { "containers": [container] } }),
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "leaky", "annotations": applied },
                "data": { "app.conf": "user = me\npassword = planted\n", "tls.key": key, "token": "planted",
                          "lines.yaml": "password: |\n  planted\n", "all.json": r#"{"tokens":["planted"]}"# } }),
        json!({ "apiVersion": "runtime.wasmcloud.dev/v1alpha1", "kind": "WorkloadDeployment", "metadata": { "name": "leaky" },
                "spec": { "replicas": 1, "template": { "spec": { "components": [component] } } } }),
    ] {
        scene.make(&scene.namespace, &object).await;
    }
    scene.done(&["sysdump", "-o", &path]);
    let packed = fs_err::File::open(&path).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed));
    let mut all = String::new();
    for entry in archive.entries().unwrap() {
        entry.unwrap().read_to_string(&mut all).unwrap();
    }
    for shown in
        ["name: leaky", "nats://***@nats:4222", "postgres://***@db/app", "plain to see", "user = me", "GREETING"]
    {
        assert!(all.contains(shown), "{shown}");
    }
    for secret in ["planted", "cGxhbnRlZ"] {
        let line = all.lines().find(|line| line.contains(secret));
        assert_eq!(line, None);
    }
    scene.close().await;
}
