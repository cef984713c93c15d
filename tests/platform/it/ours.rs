//! Our own host under our own operator.

use std::time::{Duration, Instant};

use chartwright_contract::control::{Message as _, WorkloadStartRequest};
use chartwright_contract::crds::names::DEPLOYMENT;
use chartwright_contract::crds::{Workload, WorkloadDeployment};
use chartwright_contract::nats::async_nats;
use chartwright_host as host;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};
use kube::ResourceExt as _;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::chart;
use crate::control_plane::ControlPlane;
use crate::guests;
use crate::objects;
use crate::registry::Registry;
use crate::scene::{PATIENCE, Scene, eventually, of};

/// A host of ours in this process.
struct Ours {
    addresses: host::Addresses,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), host::HostError>>,
}

impl Ours {
    async fn start(scene: &Scene, more: &[&str]) -> Self {
        let mut arguments = vec![
            format!("--scheduler-nats-url={}", scene.nats.url()),
            format!("--data-nats-url={}", scene.nats.url()),
            "--http-addr=127.0.0.1:0".into(),
            // Kubernetes leads nobody to loopback.
            "--host-name=10.1.2.3".into(),
            "--allow-insecure-registries".into(),
            "--core-instances=50".into(),
            "--default-heap-memory=64Mi".into(),
        ];
        arguments.extend(more.iter().map(|one| (*one).to_owned()));
        let options = host::Options::parse(&arguments, |_| None).unwrap();
        let (stop, stopped) = oneshot::channel();
        let (ready, addresses) = oneshot::channel();
        let task = tokio::spawn(host::run(options, async { _ = stopped.await }, ready));
        Self { addresses: addresses.await.unwrap(), stop: Some(stop), task }
    }

    fn drain(&mut self) {
        _ = self.stop.take().unwrap().send(());
    }
}

/// Status and body of a request.
async fn get(address: std::net::SocketAddr, name: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET / HTTP/1.1\r\nhost: {name}\r\nconnection: close\r\n\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
    let mut text = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut text).await.unwrap();
    text
}

async fn endpoints(scene: &Scene) -> Vec<Endpoint> {
    let slices = scene.api::<EndpointSlice>().list(&ListParams::default()).await.unwrap().items;
    slices.into_iter().flat_map(|slice| slice.endpoints).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_answers_to_all_names_of_its_service_and_is_gone_within_a_second_of_a_drain() {
    let Some(scene) = Scene::new().await else { return };
    let registry = Registry::start();
    let image = registry.put("hello", "1", guests::hello());
    let mut ours = Ours::start(&scene, &["--drain-delay=5s"]).await;
    let operator = scene.operator(&[]).await;
    scene.make::<Service>(objects::service("web")).await;
    let mut object = objects::deployment("web", 2, &image);
    object["spec"]["kubernetes"] = json!({ "service": { "name": "web" } });
    scene.make::<WorkloadDeployment>(object).await;
    scene.settled("web", 2).await;
    eventually("an endpoint", async || !endpoints(&scene).await.is_empty()).await;
    let slice = scene.api::<EndpointSlice>().list(&ListParams::default()).await.unwrap().items.remove(0);
    let port = slice.ports.unwrap()[0].port.unwrap();
    assert_eq!(port, i32::from(ours.addresses.http.unwrap().port()));
    assert_eq!(slice.endpoints[0].addresses, ["10.1.2.3"]);
    let address = ours.addresses.http.unwrap();
    let ns = &scene.apps;
    for name in [
        "web".to_owned(),
        format!("web.{ns}"),
        format!("web.{ns}.svc"),
        format!("web.{ns}.svc.cluster.local"),
        "web.example.test".into(),
    ] {
        let answer = get(address, &name).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello\n"), "h01, {name}: {answer}");
    }

    // The other host takes over, and this one is led to no more: said by itself, before any heartbeat is missed.
    let other = scene.host("other").await;
    operator.hears(2).await;
    let began = Instant::now();
    ours.drain();
    loop {
        let ready = endpoints(&scene).await.into_iter().filter(|one| {
            one.addresses == ["10.1.2.3"] && one.conditions.as_ref().is_some_and(|one| one.ready == Some(true))
        });
        if ready.count() == 0 {
            break;
        }
        assert!(began.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = began.elapsed();
    println!("not led to any more after {} ms", took.as_millis());
    assert!(took < Duration::from_secs(5), "{took:?}");
    eventually("both run on the other", async || other.running().len() == 2).await;
    tokio::time::timeout(PATIENCE, &mut ours.task).await.unwrap().unwrap().unwrap();
    scene.settled("web", 2).await;

    scene.api::<WorkloadDeployment>().delete("web", &DeleteParams::background()).await.unwrap();
    eventually("no endpoints", async || endpoints(&scene).await.is_empty()).await;
    operator.end().await.unwrap();
}

/// The workloads of a deployment.
async fn of_deployment(scene: &Scene, name: &str) -> Vec<Workload> {
    let mut all = scene.workloads().await;
    all.retain(|one| one.labels().get(DEPLOYMENT).is_some_and(|deployment| deployment == name));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn h10_a_tag_that_moved_is_seen_in_the_status_and_rolled_without_another_spec() {
    let Some(scene) = Scene::new().await else { return };
    let registry = Registry::start();
    let image = registry.put("hello", "dev", guests::hello());
    let old = registry.digest("hello", "dev");
    let ours = Ours::start(&scene, &["--drain-delay=0s"]).await;
    let operator = scene.operator(&[]).await;
    let images = async |name: &str| -> Vec<String> {
        of_deployment(&scene, name).await.iter().map(|one| of(one, "Sync").2).collect()
    };
    for (name, policy) in [("kept", "IfNotPresent"), ("pulled", "Always")] {
        let mut object = objects::deployment(name, 1, &image);
        object["spec"]["template"]["spec"]["components"][0]["imagePullPolicy"] = json!(policy);
        scene.make::<WorkloadDeployment>(object).await;
        scene.settled(name, 1).await;
        assert_eq!(images(name).await, [format!("images: api {old}")]);
    }
    assert_eq!(registry.put("hello", "dev", &guests::ahoy()), image, "the same reference");
    let new = registry.digest("hello", "dev");
    assert_ne!(old, new);
    let roll = json!({ "spec": { "template": { "annotations": { "chartwright.dev/restarted-at": "12:00" } } } });
    // Not the other way around: what one of them pulls is what the other finds.
    for (name, digest, answer) in [("kept", &old, "hello\n"), ("pulled", &new, "ahoy!\n")] {
        let before = of_deployment(&scene, name).await.remove(0);
        let patch = Patch::Merge(roll.clone());
        scene.api::<WorkloadDeployment>().patch(name, &PatchParams::default(), &patch).await.unwrap();
        eventually("another took its place", async || {
            let now = of_deployment(&scene, name).await;
            now.len() == 1 && now[0].uid() != before.uid() && now[0].spec == before.spec
        })
        .await;
        scene.settled(name, 1).await;
        assert_eq!(images(name).await, [format!("images: api {digest}")], "{name}");
        let served = get(ours.addresses.http.unwrap(), &format!("{name}.example.test")).await;
        assert!(served.ends_with(answer), "{name}: {served}");
    }
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_knows_is_stopped_on_hosts_of_the_own_release_alone() {
    let Some(scene) = Scene::new().await else { return };
    let registry = Registry::start();
    let image = registry.put("hello", "1", guests::hello());
    let ours = Ours::start(&scene, &["--release=blue", "--drain-delay=0s"]).await;
    let operator = scene.operator(&["--release=blue"]).await;
    scene.make::<WorkloadDeployment>(objects::deployment("web", 2, &image)).await;
    scene.settled("web", 2).await;
    let client = left_over(&scene, &ours, &image).await;
    eventually("it is stopped", async || how_is_it(&client, &ours).await.contains("NOT_FOUND")).await;
    assert!(operator.metric("chartwright_operator_workloads_stopped_total", &[]).await > 0.5);
    scene.settled("web", 2).await;
    operator.end().await.unwrap();
}

/// Who does not see all workloads there may be knows of none that it is one too many.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_of_a_namespace_out_of_sight_goes_on() {
    let Some(plane) = ControlPlane::shared().await else { return };
    let Some(scene) = Scene::on(plane).await else { return };
    let (apps, unseen) = (&scene.apps, plane.namespace("unseen").await);
    let values = format!("operator: {{ watchNamespaces: [{apps}] }}\ncrds: {{ upgradeHook: false }}\n");
    let objects = chart::rendered(&scene.own, &values);
    chart::apply(&scene.client, &objects, &["ServiceAccount", "Role", "RoleBinding"]).await;
    let account = plane.client_of(&plane.token(&scene.own, &chart::operator(&objects).1).await);
    let registry = Registry::start();
    let image = registry.put("hello", "1", guests::hello());
    let ours = Ours::start(&scene, &["--release=blue", "--drain-delay=0s"]).await;
    let mut arguments = scene.arguments(&["--release=blue"]);
    arguments.retain(|one| !one.starts_with("--watch-namespaces="));
    arguments.push(format!("--watch-namespaces={apps},{unseen}"));
    let operator = scene.launch(account, &arguments, false).await;
    scene.make::<WorkloadDeployment>(objects::deployment("web", 2, &image)).await;
    scene.settled("web", 2).await;
    let client = left_over(&scene, &ours, &image).await;
    // It would be stopped by the second look, and there is one every two seconds.
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(how_is_it(&client, &ours).await.contains("RUNNING"));
    operator.end().await.unwrap();
}

/// Starts what is left over from an operator that could not say stop.
async fn left_over(scene: &Scene, ours: &Ours, image: &str) -> async_nats::Client {
    let client = async_nats::connect(scene.nats.url()).await.unwrap();
    let request: WorkloadStartRequest = serde_json::from_value(json!({
        "workloadId": "left-over", "workload": { "namespace": "x", "name": "left-over", "witWorld": { "components": [
            { "name": "api", "image": image, "localResources": {} },
        ] } },
    }))
    .unwrap();
    let subject = format!("runtime.host.{}.workload.start", ours.addresses.id);
    let answer = client.request(subject, request.to_json().into()).await.unwrap();
    assert!(String::from_utf8_lossy(&answer.payload).contains("RUNNING"), "{answer:?}");
    client
}

async fn how_is_it(client: &async_nats::Client, ours: &Ours) -> String {
    let subject = format!("runtime.host.{}.workload.status", ours.addresses.id);
    let status = client.request(subject, r#"{"workloadId":"left-over"}"#.into()).await.unwrap();
    String::from_utf8_lossy(&status.payload).into_owned()
}
