//! What workloads refer to: found, named when it is missing, and followed when it changes.

use std::collections::BTreeMap;

use chartwright_contract::crds::{Workload, WorkloadDeployment};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::ResourceExt as _;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::child::Operator;
use crate::control_plane::ControlPlane;
use crate::objects;
use crate::scene::{Scene, eventually, of};

fn config_map(name: &str, greeting: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": { "GREETING": greeting } })
}

fn pull_secret(name: &str, type_: &str, registry: &str) -> Value {
    let config = json!({ "auths": { registry: { "username": "puller", "password": "s3cret-marker" } } }).to_string();
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name }, "type": type_,
            "stringData": { ".dockerconfigjson": config } })
}

#[tokio::test(flavor = "multi_thread")]
async fn h11_pull_secrets_that_do_not_help_are_named_and_start_once_they_do() {
    let Some(plane) = ControlPlane::shared().await else { return };
    let Some(scene) = Scene::on(plane).await else { return };
    let host = scene.host("host-a").await;
    // In a process of its own, so that what it logs is its own, and more of it than anybody has by default.
    let log = scene.nats.file("operator.log", "");
    let operator = Operator::start(plane, &scene, &log, &["--log-level=debug"]);
    scene.make::<Secret>(pull_secret("opaque", "Opaque", "registry.example")).await;
    scene.make::<Secret>(pull_secret("other-registry", "kubernetes.io/dockerconfigjson", "ghcr.example")).await;
    let with = |name: &str| {
        let mut object = objects::workload(name, "registry.example/acme/a:1");
        object["spec"]["components"][0]["imagePullSecret"] = json!({ "name": name });
        object
    };
    for name in ["opaque", "other-registry", "elsewhere"] {
        scene.make::<Workload>(with(name)).await;
    }
    let ns = &scene.apps;
    for (name, words) in [
        ("opaque", vec!["Opaque", "kubernetes.io/dockerconfigjson"]),
        ("other-registry", vec!["no entry for", "registry.example"]),
        ("elsewhere", vec!["there is no Secret"]),
    ] {
        let refused = scene.until(name, "refused", |one: &Workload| of(one, "Config").0 == "False").await;
        let (_, reason, message) = of(&refused, "Config");
        assert_eq!(reason, "InvalidReferences");
        for word in words.iter().copied().chain([format!("{ns}/{name}").as_str()]) {
            assert!(message.contains(word), "{word}: {message}");
        }
    }
    assert!(host.seen.lock().unwrap().starts.is_empty(), "no pull without its login");

    // Mended: it starts without anybody touching the Workload.
    let right = pull_secret("other-registry", "kubernetes.io/dockerconfigjson", "https://registry.example/v1/");
    scene.api::<Secret>().patch("other-registry", &PatchParams::default(), &Patch::Merge(right)).await.unwrap();
    scene.make::<Secret>(pull_secret("elsewhere", "kubernetes.io/dockerconfigjson", "registry.example/acme")).await;
    for name in ["other-registry", "elsewhere"] {
        scene.until(name, "ready", |one: &Workload| of(one, "Ready").0 == "True").await;
    }
    let requests = host.seen.lock().unwrap().requests.clone();
    let component = &requests[0].workload.as_ref().unwrap().wit_world.as_ref().unwrap().components[0];
    let login = component.image_pull_secret.clone().unwrap();
    assert_eq!((login.username.as_str(), login.password.expose()), ("puller", "s3cret-marker"));

    // No credential is anywhere that others read.
    let events = scene.api::<k8s_openapi::api::events::v1::Event>().list(&ListParams::default()).await.unwrap();
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(said.contains("a workload cannot be placed"), "{said}");
    let texts = [
        serde_json::to_string(&events.items).unwrap(),
        serde_json::to_string(&scene.workloads().await).unwrap(),
        operator.page(true, "/metrics").await,
        said,
    ];
    for text in texts {
        assert!(!text.contains("s3cret-marker") && !text.contains("puller"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_config_map_reaches_workloads_one_after_the_other() {
    let Some(scene) = Scene::new().await else { return };
    let host = scene.host("host-a").await;
    let operator = scene.operator(&[]).await;
    scene.make::<ConfigMap>(config_map("greeting", "hello")).await;
    let mut object = objects::deployment("web", 3, "reg.example/a:1");
    object["spec"]["template"]["spec"]["components"][0]["localResources"] =
        json!({ "environment": { "configFrom": [{ "name": "greeting" }] } });
    scene.make::<WorkloadDeployment>(object).await;
    scene.settled("web", 3).await;
    let before: Vec<_> = scene.workloads().await.iter().map(|one| one.uid().unwrap()).collect();
    let told = || -> BTreeMap<String, String> {
        let requests = host.seen.lock().unwrap().requests.clone();
        let told = requests.into_iter().map(|request| {
            let component = request.workload.unwrap().wit_world.unwrap().components.remove(0);
            let environment = component.local_resources.unwrap().environment;
            (request.workload_id, environment.0["GREETING"].clone())
        });
        told.collect()
    };
    assert!(told().values().all(|greeting| greeting == "hello"), "{:?}", told());

    let patch = Patch::Merge(config_map("greeting", "ahoy"));
    scene.api::<ConfigMap>().patch("greeting", &PatchParams::default(), &patch).await.unwrap();
    eventually("others took their place", async || {
        let now = scene.workloads().await;
        assert!(now.iter().filter(|one| of(one, "Ready").0 == "True").count() >= 3 - 1, "{now:#?}");
        now.len() == 3 && now.iter().all(|one| !before.contains(&one.uid().unwrap()))
    })
    .await;
    scene.settled("web", 3).await;
    for one in scene.workloads().await {
        assert_eq!(told()[&one.uid().unwrap()], "ahoy");
    }

    // Gone: what runs goes on.
    scene.api::<ConfigMap>().delete("greeting", &DeleteParams::default()).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert!(scene.workloads().await.iter().filter(|one| of(one, "Ready").0 == "True").count() >= 3);
    operator.end().await.unwrap();
}

/// A host makes up a group of the Workload's own name, which no two replicas share.
#[tokio::test(flavor = "multi_thread")]
async fn h05_replicas_of_a_deployment_share_the_messages_of_a_subscription_through_all_its_versions() {
    let Some(scene) = Scene::new().await else { return };
    let host = scene.host("host-a").await;
    let operator = scene.operator(&[]).await;
    let jobs = |name: &str, config: Value, tag: &str| {
        let mut object = objects::deployment(name, 3, &format!("reg.example/{name}:{tag}"));
        object["spec"]["template"]["spec"]["hostInterfaces"] = json!([
            { "namespace": "wasmcloud", "package": "messaging", "interfaces": ["handler"], "config": config },
        ]);
        object
    };
    let subscribed = json!({ "subscriptions": "acme.jobs.>" });
    scene.make::<WorkloadDeployment>(jobs("jobs", subscribed.clone(), "1")).await;
    scene.make::<WorkloadDeployment>(jobs("other", subscribed.clone(), "1")).await;
    scene.make::<WorkloadDeployment>(jobs("own", json!({ "subscriptions": "a", "consumer_group": "mine" }), "1")).await;
    for name in ["jobs", "other", "own"] {
        scene.settled(name, 3).await;
    }
    let next = Patch::Merge(json!({ "spec": jobs("jobs", subscribed, "2")["spec"] }));
    scene.api::<WorkloadDeployment>().patch("jobs", &PatchParams::default(), &next).await.unwrap();
    eventually("the next version", async || {
        let requests = host.seen.lock().unwrap().requests.clone();
        let components = requests.into_iter().flat_map(|one| one.workload.unwrap().wit_world.unwrap().components);
        components.filter(|component| component.image == "reg.example/jobs:2").count() == 3
    })
    .await;
    let mut groups = BTreeMap::<String, Vec<Option<String>>>::new();
    for request in host.seen.lock().unwrap().requests.clone() {
        let component = request.workload.unwrap().wit_world.unwrap().components.remove(0);
        let group = component.local_resources.unwrap().config.get("consumer_group").cloned();
        let name = component.image.split(['/', ':']).nth(1).unwrap().to_owned();
        groups.entry(name).or_default().push(group);
    }
    let of = |name: &str| {
        let mut all = groups[name].clone();
        all.dedup();
        assert_eq!(all.len(), 1, "{name}: {groups:?}");
        all.remove(0)
    };
    assert_eq!(groups["jobs"].len(), 6, "three of each version");
    let (one, other) = (of("jobs").unwrap(), of("other").unwrap());
    assert!(one.contains(".jobs.api.") && other.contains(".other.api."), "{groups:?}");
    assert_eq!(of("own"), None, "the entry's own goes for all its components");
    assert_eq!(host.seen.lock().unwrap().refused, [""; 0], "nothing that upstream's would not understand");
    operator.end().await.unwrap();
}
