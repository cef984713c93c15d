//! Releases that Helm 3 wrote, by updates and not by apply: what leaves the chart leaves the cluster.

use std::path::PathBuf;

use serde_json::Value;

use super::scene::Scene;

/// A chart that says it is upstream's, and whose hosts are probed in another way than ours.
const CHART: &str = "{apiVersion: v2, name: runtime-operator, version: 2.7.0, appVersion: 2.7.0}\n";
const HOSTS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: hostgroup-default
  labels: {team: shop}
spec:
  selector: {matchLabels: {wasmcloud.com/hostgroup: default, wasmcloud.com/name: hostgroup}}
  template:
    metadata: {labels: {wasmcloud.com/hostgroup: default, wasmcloud.com/name: hostgroup}}
    spec:
      containers:
      - name: host
        image: elsewhere.invalid/host:1
        env: [{name: LEFT_OVER, value: x}]
        readinessProbe: {tcpSocket: {port: 4222}}
        livenessProbe: {tcpSocket: {port: 4222}}
";

/// Upstream's image is probed by TCP, ours by HTTP.
const OURS: [&str; 2] = ["--set-json", r#"hostDefaults.implementation={"name": "chartwright", "version": null}"#];

fn helm_3() -> Option<PathBuf> {
    let found = std::env::var_os("CHARTWRIGHT_HELM3").map(PathBuf::from);
    if found.is_none() {
        eprintln!("skipped: CHARTWRIGHT_HELM3 names no program");
    }
    found
}

fn host(deployment: &Value) -> &Value {
    &deployment["spec"]["template"]["spec"]["containers"][0]
}

#[tokio::test(flavor = "multi_thread")]
async fn r20_a_release_of_upstreams_chart_is_adopted_in_place_and_rolled_back_by_helm() {
    let (Some(helm), Some(scene)) = (helm_3(), Scene::new("adopt").await) else { return };
    let chart = PathBuf::from(scene.file("Chart.yaml", CHART)).parent().unwrap().to_owned();
    fs_err::create_dir(chart.join("templates")).unwrap();
    fs_err::write(chart.join("templates/hosts.yaml"), HOSTS).unwrap();
    let installed = scene.helm(&helm, &["install", "wasmcloud", &chart.display().to_string()]);
    assert_eq!(installed.code, 0, "{}", installed.stderr);
    let before = scene.get("apps/v1", "Deployment", "hostgroup-default").await.unwrap();

    // The plan says what goes, and changes nothing.
    let plan = scene.done(&[&["adopt", "--dry-run"], OURS.as_slice()].concat()).stdout;
    for line in ["~~~ Deployment", "-    team: shop", "LEFT_OVER", "-          tcpSocket:", "+          httpGet:"] {
        assert!(plan.contains(line), "{line}: {plan}");
    }
    let same = scene.get("apps/v1", "Deployment", "hostgroup-default").await.unwrap();
    assert_eq!(same["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"]);

    let refused = scene.ours(&["upgrade", "--wait=false"]);
    assert!(refused.code == 2 && refused.stderr.contains("`adopt` takes it over"), "{}", refused.stderr);
    scene.done(&[&["adopt", "--wait=false"], OURS.as_slice()].concat());
    let after = scene.get("apps/v1", "Deployment", "hostgroup-default").await.unwrap();
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"], "it is the same object");
    assert_eq!(after["metadata"]["labels"]["team"], Value::Null);
    assert!(host(&after)["readinessProbe"]["tcpSocket"].is_null(), "{}", host(&after));
    let env = host(&after)["env"].as_array().cloned().unwrap_or_default();
    assert!(!env.iter().any(|one| one["name"] == "LEFT_OVER"), "{env:?}");
    let unchanged = scene.done(&["diff"]);
    assert_eq!(unchanged.stdout, "", "{}", unchanged.stdout);

    let back = scene.helm(&helm, &["rollback", "wasmcloud", "1"]);
    assert_eq!(back.code, 0, "{}", back.stderr);
    let again = scene.get("apps/v1", "Deployment", "hostgroup-default").await.unwrap();
    assert_eq!(host(&again)["image"], "elsewhere.invalid/host:1");
    assert_eq!(again["metadata"]["uid"], before["metadata"]["uid"]);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_somebody_else_took_over_is_said_before_the_first_write() {
    let (Some(helm), Some(scene)) = (helm_3(), Scene::new("adopt").await) else { return };
    let values = scene.file("values.yaml", chartwright::values::profiles::Profile::Minimal.text());
    let chart = scene.chart().display().to_string();
    let installed = scene.helm(&helm, &["install", "wasmcloud", &chart, "--no-hooks", "-f", &values]);
    assert_eq!(installed.code, 0, "{}", installed.stderr);
    let patch = serde_json::json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "spec": { "replicas": 7 },
    });
    let kind = chartwright::cluster::Kinds::new(scene.client()).find("apps/v1", "Deployment").await.unwrap();
    let parameters = kube::api::PatchParams::apply("scaler").force();
    let api = kind.api(&scene.client(), &scene.namespace);
    api.patch("wasmcloud-hosts-default", &parameters, &kube::api::Patch::Apply(&patch)).await.unwrap();

    let refused = scene.ours(&["upgrade", "--wait=false", "-f", &values]);
    assert_eq!(refused.code, 2, "{}{}", refused.stdout, refused.stderr);
    assert!(refused.stderr.contains(".spec.replicas is managed by \"scaler\""), "{}", refused.stderr);
    assert!(!refused.stderr.contains("\"helm\""), "{}", refused.stderr);
    scene.done(&["upgrade", "--wait=false", "-f", &values, "--force-conflicts"]);
    scene.close().await;
}
