//! What belongs to others is left alone, what left the release goes, and what is marked to stay stays.

use k8s_openapi::api::core::v1::{ConfigMap, Namespace, ResourceQuota};
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::json;

use super::scene::{PROFILE, Scene};

fn install() -> Vec<&'static str> {
    [&["install", "--wait=false"], PROFILE.as_slice()].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_somebody_else_stops_it_before_the_first_write() {
    let Some(scene) = Scene::new("owned").await else { return };
    let maps: Api<ConfigMap> = Api::namespaced(scene.client(), &scene.namespace);
    let map: ConfigMap =
        serde_json::from_value(json!({ "metadata": { "name": "wasmcloud-nats" }, "data": { "mine": "yes" } })).unwrap();
    maps.create(&PostParams::default(), &map).await.unwrap();
    let run = scene.ours(&install());
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(
        run.stderr.contains(&format!(
            "the ConfigMap {}/wasmcloud-nats is there already and belongs to no release",
            scene.namespace
        )),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("--take-ownership"));
    assert!(scene.get("v1", "ServiceAccount", "wasmcloud-operator").await.is_none());
    assert_eq!(scene.ours(&["history"]).code, 2);

    let mut taking = install();
    taking.push("--take-ownership");
    scene.done(&taking);
    let map = scene.get("v1", "ConfigMap", "wasmcloud-nats").await.unwrap();
    assert_eq!(map["metadata"]["annotations"]["meta.helm.sh/release-namespace"], scene.namespace.as_str());
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_of_somebody_else_is_a_conflict_that_names_him() {
    let Some(scene) = Scene::new("conflict").await else { return };
    scene.done(&install());
    let deployments: Api<k8s_openapi::api::apps::v1::Deployment> = Api::namespaced(scene.client(), &scene.namespace);
    let patch = Patch::Apply(json!({ "apiVersion": "apps/v1", "kind": "Deployment", "spec": { "replicas": 4 } }));
    deployments.patch("wasmcloud-hosts-default", &PatchParams::apply("somebody").force(), &patch).await.unwrap();
    let upgrade = ["upgrade", "--wait=false", "--reuse-values", "--set", "hostDefaults.replicas=2"];
    let run = scene.ours(&["diff", "--reuse-values", "--set", "hostDefaults.replicas=2"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let said = [".spec.replicas is managed by \"somebody\"", "(it is 4, and would be 2)", "--force-conflicts"];
    assert!(said.iter().all(|words| run.stdout.contains(words)), "{}", run.stdout);
    assert!(run.stderr.contains("1 with conflicts"), "{}", run.stderr);
    let run = scene.ours(&upgrade);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(said.iter().all(|words| run.stderr.contains(words)), "{}", run.stderr);
    assert_eq!(scene.ours(&["history"]).stdout.lines().count(), 2, "a refused upgrade leaves no revision");
    scene.done(&[upgrade.as_slice(), &["--force-conflicts"]].concat());
    assert_eq!(scene.get("apps/v1", "Deployment", "wasmcloud-hosts-default").await.unwrap()["spec"]["replicas"], 2);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_the_release_goes_unless_it_is_marked_to_stay() {
    let Some(scene) = Scene::new("prune").await else { return };
    let objects = r#"extraObjects=[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"goes"}},{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"stays","annotations":{"helm.sh/resource-policy":"keep"}}}]"#;
    let mut with = install();
    with.extend(["--set-json", objects]);
    scene.done(&with);
    assert_eq!(scene.ours(&["diff"]).code, 0);
    let without = [&["upgrade", "--wait=false", "--reset-values"], PROFILE.as_slice()].concat();
    let diff = scene.ours(&[&["diff"], PROFILE.as_slice()].concat());
    assert_eq!(diff.code, 1);
    assert!(diff.stdout.contains(&format!("--- ConfigMap {}/goes goes", scene.namespace)), "{}", diff.stdout);
    let run = scene.done(&without);
    assert!(run.stderr.contains("deleted ConfigMap"), "{}", run.stderr);
    assert!(scene.get("v1", "ConfigMap", "goes").await.is_none());
    assert!(scene.get("v1", "ConfigMap", "stays").await.is_some());
    let run = scene.done(&["uninstall"]);
    assert!(run.stdout.contains("stays: CustomResourceDefinition hosts.runtime.wasmcloud.dev"), "{}", run.stdout);
    assert!(scene.get("v1", "ServiceAccount", "wasmcloud-operator").await.is_none());
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_refuses_one_object_fails_the_revision_and_is_rolled_back() {
    let Some(scene) = Scene::new("quota").await else { return };
    scene.done(&install());
    let quotas: Api<ResourceQuota> = Api::namespaced(scene.client(), &scene.namespace);
    let quota = json!({ "metadata": { "name": "none" }, "spec": { "hard": { "count/configmaps": "1" } } });
    quotas.create(&PostParams::default(), &serde_json::from_value(quota).unwrap()).await.unwrap();
    // Nobody counts here but the API server itself, which does when the quota's status says what is used.
    let used = json!({ "status": { "hard": { "count/configmaps": "1" }, "used": { "count/configmaps": "1" } } });
    quotas.patch_status("none", &PatchParams::default(), &Patch::Merge(used)).await.unwrap();
    let more = r#"extraObjects=[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"more"}}]"#;
    let upgrade = ["upgrade", "--wait=false", "--reuse-values", "--set-json", more];
    let run = scene.ours(&[upgrade.as_slice(), &["--dry-run"]].concat());
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("exceeded quota: none"), "{}", run.stderr);
    let run = scene.ours(&[upgrade.as_slice(), &["--rollback-on-failure"]].concat());
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stderr.contains("exceeded quota: none"), "{}", run.stderr);
    let history = scene.done(&["history"]).stdout;
    let words: Vec<&str> = history.lines().skip(1).filter_map(|line| line.split_whitespace().nth(2)).collect();
    assert_eq!(words, ["superseded", "failed", "deployed"], "{history}");
    assert!(history.contains("Rollback to 1"));
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_scales_by_hand_and_to_the_same_number_is_no_conflict() {
    let Some(scene) = Scene::new("scaled").await else { return };
    scene.done(&install());
    let deployments: Api<k8s_openapi::api::apps::v1::Deployment> = Api::namespaced(scene.client(), &scene.namespace);
    let scale = Patch::Merge(json!({ "spec": { "replicas": 3 } }));
    deployments.patch_scale("wasmcloud-hosts-default", &PatchParams::default(), &scale).await.unwrap();
    scene.done(&["upgrade", "--wait=false", "--reuse-values", "--set", "hostDefaults.replicas=3"]);
    let refused = scene.ours(&["upgrade", "--wait=false", "--reuse-values", "--set", "hostDefaults.replicas=2"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains(".spec.replicas is managed by"), "{}", refused.stderr);
    // However often it is tried, no failed revision is left.
    assert_eq!(scene.done(&["history"]).stdout.lines().count(), 3);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_another_release_is_refused_with_its_name() {
    let Some(scene) = Scene::new("moved").await else { return };
    scene.done(&install());
    let mut second = install();
    second.extend(["--release", "other", "--set", "naming.scheme=upstream"]);
    scene.done(&second);
    let mut third = install();
    third.extend(["--release", "third", "--set", "naming.scheme=upstream"]);
    let run = scene.ours(&third);
    assert_eq!(run.code, 2, "{}", run.stderr);
    let owned = run
        .stderr
        .lines()
        .filter(|line| line.contains(&format!("belongs to the release other in {}", scene.namespace)));
    assert!(owned.count() > 3, "{}", run.stderr);
    // Each of two releases in one namespace goes by itself.
    scene.done(&["uninstall", "--release", "other"]);
    assert!(scene.get("apps/v1", "Deployment", "wasmcloud-operator").await.is_some());
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_is_missing_is_said_before_anything() {
    let Some(scene) = Scene::new("tenants").await else { return };
    let tenant = format!("{}-tenant", scene.namespace);
    let group = format!("hosts.default.namespace={tenant}");
    let mut with = install();
    with.extend(["--set", &group]);
    let run = scene.ours(&with);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains(&format!("there is no namespace {tenant}")), "{}", run.stderr);
    assert!(scene.get("v1", "ServiceAccount", "wasmcloud-operator").await.is_none());
    let look = scene.ours(&[&["preflight", "--no-pod", "--set", &group], PROFILE.as_slice()].concat()).stdout;
    let said = |words: &str, more: &str| look.lines().any(|line| line.starts_with(words) && line.contains(more));
    assert!(said("warning  namespace", &format!("there is no namespace {tenant}")), "{look}");
    assert!(said("ok       namespace", &format!("the namespace {} is there", scene.namespace)), "{look}");
    assert!(said("unknown  admission", &format!("the namespace {tenant}, which is not there yet")), "{look}");
    with.push("--namespace-label=pod-security.kubernetes.io/enforce=restricted");
    let alone = scene.ours(&with);
    assert!(alone.code == 2 && alone.stderr.contains("--create-namespace"), "{}", alone.stderr);
    with.push("--create-namespace");
    scene.done(&with);
    // R17: it has the labels that were asked for.
    let namespaces: Api<Namespace> = Api::all(scene.client());
    let labels = namespaces.get(&tenant).await.unwrap().metadata.labels.unwrap();
    assert_eq!(labels["pod-security.kubernetes.io/enforce"], "restricted");
    assert_eq!(labels["name"], tenant);
    // Whatever else is in it by now: it stays, and that is said.
    let left = scene.done(&["uninstall"]).stdout;
    assert!(left.contains(&format!("stays: Namespace {tenant} (--create-namespace made it")), "{left}");
    assert!(!left.contains(&format!("stays: Namespace {} ", scene.namespace)), "{left}");
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_too_large_is_said_before_anything() {
    let Some(scene) = Scene::new("large").await else { return };
    // Digits of a hash, chained: nothing that gzip makes small.
    let mut state = 1_u64;
    let noise: String = (0..1_300_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"[(state >> 58) as usize])
        })
        .collect();
    let file = scene.file("large.txt", &noise);
    let value = format!("hostDefaults.env.NOISE={file}");
    let mut with = install();
    with.extend(["--set-file", &value]);
    let run = scene.ours(&with);
    assert_eq!(run.code, 2, "{}", &run.stderr.chars().take(2000).collect::<String>());
    assert!(
        run.stderr.contains("the values under `hostDefaults`"),
        "{}",
        &run.stderr.chars().take(2000).collect::<String>()
    );
    assert_eq!(scene.ours(&["history"]).code, 2);
    scene.close().await;
}
