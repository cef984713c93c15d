//! What values do to a release that is there.

use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Api, Patch, PatchParams};
use serde_json::json;

use super::scene::{PROFILE, Scene};

const HOSTS: &str = "wasmcloud-hosts-default";

fn install() -> Vec<&'static str> {
    [&["install", "--wait=false"], PROFILE.as_slice()].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn v06_what_is_installed_is_not_installed_again() {
    let Some(scene) = Scene::new("again").await else { return };
    scene.done(&install());
    let again = scene.ours(&install());
    assert_eq!(again.code, 2, "{}", again.stderr);
    assert!(again.stderr.contains("revision 1, deployed") && again.stderr.contains("`upgrade`"), "{}", again.stderr);
    assert_eq!(scene.done(&["history"]).stdout.lines().count(), 2);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r09_the_number_of_an_autoscaler_stays() {
    let Some(scene) = Scene::new("autoscaled").await else { return };
    scene.done(&install());
    let deployments: Api<Deployment> = Api::namespaced(scene.client(), &scene.namespace);
    let scale = Patch::Merge(json!({ "spec": { "replicas": 4 } }));
    deployments.patch_scale(HOSTS, &PatchParams::default(), &scale).await.unwrap();
    let autoscaling =
        r#"hostDefaults.autoscaling={"kind":"hpa","minReplicas":1,"maxReplicas":6,"targetCpuPercent":70}"#;
    let upgrade = ["upgrade", "--wait=false", "--reuse-values", "--set-json", autoscaling];
    scene.done(&upgrade);
    scene.done(&upgrade);
    assert!(scene.get("autoscaling/v2", "HorizontalPodAutoscaler", HOSTS).await.is_some());
    assert_eq!(scene.get("apps/v1", "Deployment", HOSTS).await.unwrap()["spec"]["replicas"], 4);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r18_a_stored_value_is_taken_away_by_null() {
    let Some(scene) = Scene::new("null").await else { return };
    scene.done(&[install().as_slice(), &["--set", "operator.podAnnotations.mine=yes"]].concat());
    let annotations = async || {
        let operator = scene.get("apps/v1", "Deployment", "wasmcloud-operator").await.unwrap();
        operator["spec"]["template"]["metadata"]["annotations"]["mine"].clone()
    };
    assert_eq!(annotations().await, "yes");
    let null = ["--set", "operator.podAnnotations=null"];
    scene.done(&[&["upgrade", "--wait=false", "--reuse-values"], null.as_slice()].concat());
    assert!(annotations().await.is_null());
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r15_a_group_of_hosts_moves_to_another_release_in_place() {
    let Some(scene) = Scene::new("moves").await else { return };
    let upstream = ["--set", "naming.scheme=upstream"];
    scene.done(&[install().as_slice(), &upstream].concat());
    let name = "hostgroup-default";
    let before = scene.get("apps/v1", "Deployment", name).await.unwrap()["metadata"]["uid"].clone();
    // The one that gets them says so first; then the one that had them leaves them out.
    let half = [
        "--release=hosts",
        "--take-ownership",
        "--set=operator.enabled=false,nats.server.enabled=false",
        "--set=nats.control.urls={nats://nats:4222},nats.data.urls={nats://nats:4222}",
    ];
    scene.done(&[install().as_slice(), &upstream, &half].concat());
    scene.done(&["upgrade", "--wait=false", "--reuse-values", "--set", "hosts.default.enabled=false"]);
    let after = scene.get("apps/v1", "Deployment", name).await.unwrap();
    assert_eq!(after["metadata"]["uid"], before);
    assert_eq!(after["metadata"]["annotations"]["meta.helm.sh/release-name"], "hosts");
    scene.close().await;
}
