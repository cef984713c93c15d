//! Services: where they lead, by which port, and for how long.

use std::time::{Duration, Instant};

use chartwright_contract::crds::WorkloadDeployment;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::json;

use crate::objects;
use crate::scene::{Scene, eventually};
use crate::scripted::Script;

async fn slices(scene: &Scene) -> Vec<EndpointSlice> {
    scene.api::<EndpointSlice>().list(&ListParams::default()).await.unwrap().items
}

#[tokio::test(flavor = "multi_thread")]
async fn h02_slices_have_the_ports_of_the_service_whenever_it_comes() {
    let Some(scene) = Scene::new().await else { return };
    let _v4 = scene.host("v4").await;
    let _v6 = scene.host_as(Script { hostname: "fd00::7".into(), http_port: 9292, ..Script::new("v6") }).await;
    let operator = scene.operator(&[]).await;
    operator.hears(2).await;
    let mut object = objects::deployment("web", 2, "reg.example/a:1");
    object["spec"]["kubernetes"] = json!({ "service": { "name": "web" } });
    scene.make::<WorkloadDeployment>(object).await;
    scene.settled("web", 2).await;
    assert!(slices(&scene).await.is_empty(), "there is no Service yet");
    let mut service = objects::service("web");
    service["spec"]["ports"] =
        json!([{ "name": "web", "port": 8080 }, { "name": "dns", "port": 53, "protocol": "UDP" }]);
    scene.make::<Service>(service).await;
    eventually("a slice for each family", async || slices(&scene).await.len() == 2).await;
    let mut seen: Vec<_> = slices(&scene)
        .await
        .into_iter()
        .map(|slice| {
            let port = slice.ports.unwrap().remove(0);
            (slice.address_type, slice.endpoints[0].addresses.clone(), port.name.unwrap(), port.port.unwrap())
        })
        .collect();
    seen.sort();
    assert_eq!(
        seen,
        [
            ("IPv4".into(), vec!["10.0.0.1".into()], "web".into(), 9191),
            ("IPv6".into(), vec!["fd00::7".into()], "web".into(), 9292),
        ]
    );
    let renamed = Patch::Merge(json!({ "spec": { "ports": [{ "name": "http", "port": 80 }] } }));
    scene.api::<Service>().patch("web", &PatchParams::default(), &renamed).await.unwrap();
    eventually("the slices follow", async || {
        slices(&scene).await.iter().all(|slice| slice.ports.as_ref().unwrap()[0].name.as_deref() == Some("http"))
    })
    .await;
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn h03_endpoints_name_their_node_and_stop_being_ready_when_the_pod_is_asked_to_go() {
    let Some(scene) = Scene::new().await else { return };
    let pods: Api<Pod> = Api::namespaced(scene.client.clone(), &scene.own);
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "host-a", "labels": { "wasmcloud.com/hostgroup": "default" } },
        "spec": { "nodeName": "node-7", "terminationGracePeriodSeconds": 60,
                  "containers": [{ "name": "host", "image": "x" }] },
    });
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    let address = Patch::Merge(json!({ "status": { "podIP": "10.0.0.1", "podIPs": [{ "ip": "10.0.0.1" }] } }));
    pods.patch_status("host-a", &PatchParams::default(), &address).await.unwrap();
    let host = scene.host("host-a").await;
    let operator = scene.operator(&[]).await;
    let mut service = objects::service("web");
    service["spec"]["type"] = json!("NodePort");
    service["spec"]["externalTrafficPolicy"] = json!("Local");
    scene.make::<Service>(service).await;
    let mut object = objects::deployment("web", 1, "reg.example/a:1");
    object["spec"]["kubernetes"] = json!({ "service": { "name": "web" } });
    scene.make::<WorkloadDeployment>(object).await;
    scene.settled("web", 1).await;
    let conditions = async || {
        let endpoint = slices(&scene).await.into_iter().flat_map(|slice| slice.endpoints).next()?;
        let conditions = endpoint.conditions.unwrap();
        Some((endpoint.node_name, conditions.ready, conditions.serving, conditions.terminating))
    };
    let ready = Some((Some("node-7".to_owned()), Some(true), Some(true), Some(false)));
    eventually("an endpoint on its node", async || conditions().await == ready).await;

    // Its Pod is asked to go; there is no other host.
    let began = Instant::now();
    pods.delete("host-a", &DeleteParams::default()).await.unwrap();
    let draining = Some((Some("node-7".to_owned()), Some(false), Some(true), Some(true)));
    eventually("it is terminating", async || conditions().await == draining).await;
    println!("terminating after {} ms", began.elapsed().as_millis());

    // Another one comes: it takes over, and the first serves until then.
    let other = scene.host_as(Script { hostname: "10.0.0.2".into(), ..Script::new("host-b") }).await;
    eventually("the other leads", async || {
        let endpoints = slices(&scene).await.into_iter().flat_map(|slice| slice.endpoints);
        endpoints.into_iter().any(|one| one.addresses == ["10.0.0.2"] && one.conditions.unwrap().ready == Some(true))
    })
    .await;
    assert_eq!(other.running().len(), 1);
    host.kill();
    pods.delete("host-a", &DeleteParams::default().grace_period(0)).await.unwrap();
    let began = Instant::now();
    eventually("the first is gone", async || {
        let endpoints: Vec<_> = slices(&scene).await.into_iter().flat_map(|slice| slice.endpoints).collect();
        endpoints.len() == 1 && endpoints[0].addresses == ["10.0.0.2"]
    })
    .await;
    // The silence after which a host counts as lost is four seconds here.
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    operator.end().await.unwrap();
}

/// What selects Pods leads to them as well: that is Kubernetes' doing, and the hosts are among where it leads as before.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_with_a_selector_leads_to_the_hosts_and_a_warning_says_where_else() {
    let Some(scene) = Scene::new().await else { return };
    let _host = scene.host("host-a").await;
    let operator = scene.operator(&[]).await;
    let mut service = objects::service("web");
    service["spec"]["selector"] = json!({ "app": "web" });
    scene.make::<Service>(service).await;
    let mut unnamed = objects::service("unnamed");
    unnamed["spec"]["selector"] = json!({ "app": "web" });
    scene.make::<Service>(unnamed).await;
    let mut object = objects::deployment("web", 1, "reg.example/a:1");
    object["spec"]["kubernetes"] = json!({ "service": { "name": "web" } });
    scene.make::<WorkloadDeployment>(object).await;
    scene.settled("web", 1).await;
    eventually("a slice", async || slices(&scene).await.len() == 1).await;
    let told = async || {
        let events = scene.api::<k8s_openapi::api::events::v1::Event>().list(&ListParams::default()).await.unwrap();
        let events = events.items.into_iter().filter(|event| event.reason.as_deref() == Some("ServiceLeadsElsewhere"));
        let mut told: Vec<_> = events
            .map(|event| {
                assert_eq!(event.type_.as_deref(), Some("Warning"));
                let regarding = event.regarding.unwrap();
                let times = event.series.map_or(1, |series| series.count);
                (regarding.kind.unwrap(), regarding.name.unwrap(), event.note.unwrap(), times)
            })
            .collect();
        told.sort();
        told
    };
    eventually("both are told", async || told().await.len() == 2).await;
    let all = told().await;
    let whom: Vec<_> = all.iter().map(|(kind, name, _, _)| (kind.as_str(), name.as_str())).collect();
    assert_eq!(whom, [("Service", "web"), ("WorkloadDeployment", "web")]);
    assert!(all.iter().all(|(_, _, note, _)| note.contains("a selector (app=web)")), "{all:?}");
    // Looked at again, it is not said again.
    let label = Patch::Merge(json!({ "metadata": { "labels": { "looked": "at" } } }));
    scene.api::<Service>().patch("web", &PatchParams::default(), &label).await.unwrap();
    let scale = Patch::Merge(json!({ "spec": { "replicas": 2 } }));
    scene.api::<WorkloadDeployment>().patch_scale("web", &PatchParams::default(), &scale).await.unwrap();
    scene.settled("web", 2).await;
    assert_eq!(told().await, all);
    operator.end().await.unwrap();
}
