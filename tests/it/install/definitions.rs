//! Custom resource definitions on clusters that have none, or old ones. Definitions belong to the whole cluster, so each of these tests
//! has a cluster of its own.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use chartwright::cluster::Kinds;
use chartwright::install::read_manifest;
use kube::Api;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::control_plane::ControlPlane;
use super::scene::{PROFILE, Scene};

/// How long a busy machine may take for what an API server does by itself.
const PATIENCE: Duration = Duration::from_mins(2);

/// A namespace on a control plane that nobody else uses, without our definitions.
async fn empty(prefix: &str) -> Option<Scene> {
    let plane = ControlPlane::own().await?;
    let scene = Scene::on(Box::leak(Box::new(plane)), prefix).await?;
    let crds = definitions(&scene).await;
    crds.delete_collection(&DeleteParams::default(), &ListParams::default()).await.unwrap();
    let end = Instant::now() + PATIENCE;
    while !crds.list(&ListParams::default()).await.unwrap().items.is_empty() {
        assert!(Instant::now() < end, "definitions do not go");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Some(scene)
}

async fn definitions(scene: &Scene) -> Api<DynamicObject> {
    let kinds = Kinds::new(scene.client());
    let kind = kinds.find("apiextensions.k8s.io/v1", "CustomResourceDefinition").await.unwrap();
    kind.api(&scene.client(), "")
}

/// The deployment of the case, with a field of one component more.
fn deployment(name: &str, more: &Value) -> Value {
    let mut component = json!({ "name": "c", "image": "registry.example/acme/c:1.0.0" });
    component.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({
        "apiVersion": "runtime.wasmcloud.dev/v1alpha1", "kind": "WorkloadDeployment", "metadata": { "name": name },
        "spec": { "replicas": 1, "template": { "spec": { "components": [component] } } },
    })
}

fn with_extra(verb: &[&'static str], objects: &Value) -> Vec<String> {
    let words = verb.iter().chain(&PROFILE).map(|word| (*word).to_owned());
    words.chain(["--set-json".to_owned(), format!("extraObjects=[{objects}]")]).collect()
}

fn words(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn r12_custom_resources_come_with_the_first_install() {
    let Some(scene) = empty("first").await else { return };
    let hello = deployment("hello", &json!({}));
    let tried = scene.done(&words(&with_extra(&["install", "--dry-run"], &hello)));
    assert!(
        tried.stdout.contains(&format!("+++ WorkloadDeployment {}/hello is new", scene.namespace)),
        "{}",
        tried.stdout
    );
    // Nothing runs here: that is said of the custom resource, too. The plan is made in that time as well.
    let late = scene.ours(&words(&with_extra(&["install", "--timeout", "20s"], &hello)));
    assert_eq!(late.code, 1, "{}", late.stderr);
    for line in ["created CustomResourceDefinition", "created WorkloadDeployment", "not ready after"] {
        assert!(late.stderr.contains(line), "{line}: {}", late.stderr);
    }
    let named = format!("WorkloadDeployment {}/hello: ", scene.namespace);
    let (_, why) = late.stderr.split_once("not ready after").unwrap();
    assert!(why.contains(&named), "{why}");
    let (definitions, rest) = late.stderr.split_once("created ServiceAccount").unwrap();
    assert_eq!(definitions.matches("created CustomResourceDefinition").count(), 5);
    assert!(!rest.contains("created CustomResourceDefinition"), "{}", late.stderr);
    assert!(scene.get("runtime.wasmcloud.dev/v1alpha1", "WorkloadDeployment", "hello").await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn r11_old_definitions_are_named_field_by_field_and_brought_up_to_date_first() {
    let Some(scene) = empty("old").await else { return };
    let crds = definitions(&scene).await;
    let name = "workloaddeployments.runtime.wasmcloud.dev";
    let rendered = scene.done(&["render", "--include-crds"]).stdout;
    for object in read_manifest(&rendered, "render").unwrap() {
        if object.kind != "CustomResourceDefinition" {
            continue;
        }
        let mut value = object.value;
        if object.name == name {
            let components = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/template/properties/spec/\
                              properties/components/items/properties";
            let gone = value.pointer_mut(components).unwrap().as_object_mut().unwrap().remove("maxInvocations");
            assert!(gone.is_some(), "the definition of this version has the field");
        }
        let old: DynamicObject = serde_json::from_value(value).unwrap();
        let applied = crds.patch(&object.name, &PatchParams::apply("kubectl").force(), &Patch::Apply(&old)).await;
        applied.unwrap();
    }
    // Served is what was applied, a moment later.
    let end = Instant::now() + PATIENCE;
    let stored = loop {
        let kinds = Kinds::new(scene.client());
        if let Ok(kind) = kinds.find("runtime.wasmcloud.dev/v1alpha1", "WorkloadDeployment").await {
            let before: DynamicObject =
                serde_json::from_value(deployment("before", &json!({ "poolSize": 4 }))).unwrap();
            let api = kind.api(&scene.client(), &scene.namespace);
            if let Ok(made) = api.create(&PostParams::default(), &before).await {
                break made.data;
            }
        }
        assert!(Instant::now() < end, "the old definition is not served");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };

    // With definitions left as they are: refused before the first write, with the path of the field.
    let kept = scene.ours(&[&["install", "--wait=false", "--skip-crds"], PROFILE.as_slice()].concat());
    assert_eq!(kept.code, 2, "{}{}", kept.stdout, kept.stderr);
    let path = "spec.template.spec.components[].maxInvocations";
    assert!(kept.stderr.contains(name) && kept.stderr.contains(path), "{}", kept.stderr);
    assert!(scene.get("v1", "ServiceAccount", "wasmcloud-operator").await.is_none());
    // Preflight looks at the same install.
    let look = scene.ours(&[&["preflight", "--no-pod", "--skip-crds"], PROFILE.as_slice()].concat());
    assert_eq!(look.code, 1, "{}{}", look.stdout, look.stderr);
    assert!(look.stdout.contains(path), "{}", look.stdout);
    // And named in a plan.
    let plan = scene.ours(&[&["diff"], PROFILE.as_slice()].concat());
    assert!(plan.stdout.contains(&format!("~~~ CustomResourceDefinition {name} changes")), "{}", plan.stderr);
    let added = |line: &str| line.starts_with('+') && line.ends_with(" maxInvocations:");
    assert!(plan.stdout.lines().any(added), "the field is in the difference");

    let limited = deployment("limited", &json!({ "poolSize": 4, "maxInvocations": 1000 }));
    let refused = scene.ours(&words(&with_extra(&["install", "--wait=false"], &limited)));
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    let owner = format!("CustomResourceDefinition {name}: .spec.versions is managed by \"kubectl\"");
    assert!(refused.stderr.contains(&owner), "{}", refused.stderr);
    assert!(scene.get("v1", "ServiceAccount", "wasmcloud-operator").await.is_none());
    scene.done(&words(&with_extra(&["install", "--wait=false", "--force-conflicts"], &limited)));
    let (group, kind) = ("runtime.wasmcloud.dev/v1alpha1", "WorkloadDeployment");
    let made = scene.get(group, kind, "limited").await.unwrap();
    assert_eq!(made["spec"]["template"]["spec"]["components"][0]["maxInvocations"], 1000);
    let after = scene.get(group, kind, "before").await.unwrap();
    assert_eq!(after["spec"], stored["spec"], "what was stored before has all it had");
}

#[tokio::test(flavor = "multi_thread")]
async fn v12_a_loop_that_syncs_the_exported_chart_changes_nothing_after_its_first_pass() {
    let Some(helm) = std::env::var_os("CHARTWRIGHT_HELM4").map(PathBuf::from) else {
        eprintln!("skipped: CHARTWRIGHT_HELM4 names no program");
        return;
    };
    let Some(scene) = empty("sync").await else { return };
    let chart = scene.chart().display().to_string();
    let mut passes: Vec<Vec<(String, Value)>> = Vec::new();
    for pass in 0..3 {
        let rendered = scene.helm(&helm, &["template", "wasmcloud", &chart, "--include-crds", "--no-hooks"]);
        assert_eq!(rendered.code, 0, "{}", rendered.stderr);
        let mut versions = Vec::new();
        for object in read_manifest(&rendered.stdout, "the chart").unwrap() {
            let title = format!("{} {}", object.kind, object.name);
            let kinds = Kinds::new(scene.client());
            let kind = kinds.find(&object.api_version, &object.kind).await.unwrap();
            let parameters = PatchParams::apply("argocd-controller").force();
            let api = kind.api(&scene.client(), object.namespace.as_deref().unwrap_or(&scene.namespace));
            let value: DynamicObject = serde_json::from_value(object.value).unwrap();
            let applied = api.patch(&object.name, &parameters, &Patch::Apply(&value)).await;
            let applied = applied.unwrap_or_else(|err| panic!("{title}: {err}"));
            // Controllers write status; what is synced is the rest.
            let applied = serde_json::to_value(applied).unwrap();
            let seen = json!([
                applied["metadata"]["uid"],
                applied["metadata"]["generation"],
                applied["spec"],
                applied["data"]
            ]);
            versions.push((title, seen));
        }
        assert!(versions.len() > 20, "pass {pass}: {}", versions.len());
        passes.push(versions);
    }
    assert_eq!(passes[1], passes[0]);
    assert_eq!(passes[2], passes[1]);
}
