//! An operator with the rights that the chart gives it, and no others: in a release that has no cluster role at all.

use std::time::Duration;

use chartwright_contract::crds::{Artifact, Host, Workload, WorkloadDeployment};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::json;

use crate::chart;
use crate::child::Operator;
use crate::control_plane::ControlPlane;
use crate::nats::free_port;
use crate::objects;
use crate::proxy::Proxy;
use crate::scene::{self, Scene, eventually, of};
use crate::scripted::{Script, Scripted};

/// A host of the release in the namespace of workloads.
async fn host(scene: &Scene, name: &str, address: &str) -> Scripted {
    let mut script = Script { environment: scene.apps.clone(), hostname: address.into(), ..Script::new(name) };
    script.labels.insert("app.kubernetes.io/instance".into(), chart::RELEASE.into());
    scene.host_as(script).await
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_enough_where_there_is_no_cluster_role() {
    let Some(plane) = ControlPlane::shared().await else { return };
    let Some(scene) = Scene::on(plane).await else { return };
    let (own, apps) = (&scene.own, &scene.apps);
    let objects = chart::rendered(
        own,
        &format!(
            "operator: {{ watchNamespaces: [{apps}], heartbeatTimeoutSeconds: 4, log: {{ format: text }} }}\n\
             hosts: {{ default: {{ enabled: false }}, apps: {{ namespace: {apps} }} }}\n\
             crds: {{ upgradeHook: false }}\n"
        ),
    );
    assert!(objects.iter().all(|object| !object.kind.starts_with("ClusterRole")), "roles alone");
    chart::apply(&scene.client, &objects, &["ServiceAccount", "Role", "RoleBinding"]).await;

    // Everything it asks passes by here, and with it what it was answered.
    let (arguments, account) = chart::operator(&objects);
    let token = plane.token(own, &account).await;
    let proxy = Proxy::start(plane.url(), &token).await;
    let folder = tempfile::tempdir().unwrap();
    let (log, list) = (folder.path().join("operator.log"), folder.path().join("certificates.yaml"));
    let map = objects.iter().find(|object| object.kind == "ConfigMap" && object.name == "wasmcloud-certificates");
    std::fs::write(&list, map.unwrap().value["data"]["certificates.yaml"].as_str().unwrap()).unwrap();
    let (nats, list) = (scene.nats.url(), list.display().to_string());
    let (metrics, probes) = (format!("127.0.0.1:{}", free_port()), format!("127.0.0.1:{}", free_port()));
    // As rendered, but for places: what the kubelet would mount, and addresses of this machine.
    let arguments = chart::instead(
        &arguments,
        &[
            ("nats-url", Some(nats.as_str())),
            ("nats-tls-required", None),
            ("nats-tls-ca", None),
            ("nats-tls-cert", None),
            ("nats-tls-key", None),
            ("certificate-config", Some(list.as_str())),
            ("metrics-bind-address", Some(metrics.as_str())),
            ("health-probe-bind-address", Some(probes.as_str())),
            ("cpu-backpressure-threshold", Some("100")),
            ("memory-backpressure-threshold", Some("100")),
        ],
    );
    let (a, b) = (host(&scene, "host-a", "10.0.0.1").await, host(&scene, "host-b", "10.0.0.2").await);
    let mut operator = Operator::start_as(&plane.kubeconfig_at(&proxy.url(), "none"), own, &arguments, &log);

    // Whatever it does for users, once.
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "host-b", "labels": { "wasmcloud.com/hostgroup": "apps" },
                      "finalizers": ["runtime.wasmcloud.dev/host-pod-cleanup"] },
        "spec": { "nodeName": "node-1", "containers": [{ "name": "host", "image": "x" }] },
    });
    scene.make::<Pod>(pod).await;
    let address = Patch::Merge(json!({ "status": { "podIP": "10.0.0.2", "podIPs": [{ "ip": "10.0.0.2" }] } }));
    scene.api::<Pod>().patch_status("host-b", &PatchParams::default(), &address).await.unwrap();
    let map =
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "greeting" }, "data": { "A": "b" } });
    scene.make::<ConfigMap>(map).await;
    let artifact = json!({
        "apiVersion": "runtime.wasmcloud.dev/v1alpha1", "kind": "Artifact",
        "metadata": { "name": "api" }, "spec": { "image": "reg.example/a:1" },
    });
    scene.make::<Artifact>(artifact).await;
    scene.make::<Service>(objects::service("web")).await;
    let mut object = objects::deployment("web", 4, "artifact://api");
    object["spec"]["artifacts"] = json!([{ "name": "api", "artifactFrom": { "name": "api" } }]);
    object["spec"]["kubernetes"] = json!({ "service": { "name": "web" } });
    object["spec"]["template"]["spec"]["components"][0]["localResources"] =
        json!({ "environment": { "configFrom": [{ "name": "greeting" }] } });
    scene.make::<WorkloadDeployment>(object).await;
    scene.settled("web", 4).await;
    assert_eq!(a.running().len() + b.running().len(), 4);
    eventually("the Service leads to both", async || {
        let slices = scene.api::<EndpointSlice>().list(&ListParams::default()).await.unwrap().items;
        slices.iter().flat_map(|slice| &slice.endpoints).count() == 2
    })
    .await;
    // Events, of what is refused and of what does not start.
    a.change(|seen| seen.bad = Some("missing".into()));
    b.change(|seen| seen.bad = Some("missing".into()));
    scene.make::<Workload>(objects::workload("bad", "reg.example/missing:1")).await;
    scene.until("bad", "failed", |one: &Workload| of(one, "Placement").1 == "StartFailed").await;
    // What changed is read again, and what runs is replaced.
    let before = scene.workloads().await.into_iter().filter(|one| one.metadata.name.as_deref() != Some("bad"));
    let before: Vec<_> = before.map(|one| one.metadata.uid.unwrap()).collect();
    let patch = Patch::Merge(json!({ "data": { "A": "c" } }));
    scene.api::<ConfigMap>().patch("greeting", &PatchParams::default(), &patch).await.unwrap();
    eventually("others took their place", async || {
        let now: Vec<_> = scene.workloads().await.into_iter().map(|one| one.metadata.uid.unwrap()).collect();
        now.len() == 5 && before.iter().all(|uid| !now.contains(uid))
    })
    .await;
    scene.settled("web", 4).await;
    // A Pod that goes, and a host that went without a word.
    scene.api::<Pod>().delete("host-b", &DeleteParams::default()).await.unwrap();
    eventually("all of it is on the other", async || a.running().len() == 4).await;
    b.kill();
    let hosts: Api<Host> = Api::namespaced(scene.client.clone(), own);
    eventually("its object is gone", async || hosts.get_opt("host-b").await.unwrap().is_none()).await;
    // Certificates, in both namespaces.
    for namespace in [own, apps] {
        let secrets: Api<Secret> = Api::namespaced(scene.client.clone(), namespace);
        eventually("certificates", async || {
            let secrets = secrets.list(&ListParams::default()).await.unwrap().items;
            secrets.iter().any(|secret| secret.type_.as_deref() == Some("kubernetes.io/tls"))
        })
        .await;
    }
    // Its end.
    for name in ["bad"] {
        scene.api::<Workload>().delete(name, &DeleteParams::default()).await.unwrap();
    }
    scene.api::<WorkloadDeployment>().delete("web", &DeleteParams::background()).await.unwrap();
    eventually("nothing runs", async || a.running().is_empty() && scene.workloads().await.is_empty()).await;
    scene.api::<Artifact>().delete("api", &DeleteParams::default()).await.unwrap();
    eventually("no Artifact", async || scene.api::<Artifact>().get_opt("api").await.unwrap().is_none()).await;
    let leases: Api<Lease> = Api::namespaced(scene.client.clone(), own);
    let holder = async || {
        let lease = leases.get("wasmcloud-operator").await.unwrap().spec.unwrap();
        lease.holder_identity.unwrap_or_default()
    };
    assert_ne!(holder().await, "");
    operator.process.terminate();
    eventually("it ended", async || operator.process.has_ended()).await;
    assert_eq!(holder().await, "", "the Lease is handed over");

    let seen = proxy.seen();
    assert!(seen.requests > 100, "{} requests came by the proxy", seen.requests);
    assert_eq!(seen.forbidden, [""; 0]);
    let log = std::fs::read_to_string(&log).unwrap();
    let complaints: Vec<_> = log.lines().filter(|line| line.to_lowercase().contains("forbidden")).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert!(log.contains("the Lease is handed over"), "{log}");
}

/// The other way round: a right that is missing is seen by this very way of looking, and said.
#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_missing_is_seen_and_said() {
    let Some(plane) = ControlPlane::shared().await else { return };
    let Some(scene) = Scene::on(plane).await else { return };
    let values = format!("operator: {{ watchNamespaces: [{}] }}\ncrds: {{ upgradeHook: false }}\n", scene.apps);
    let whole = chart::rendered(&scene.own, &values);
    let mut objects = whole.clone();
    for role in objects.iter_mut().filter(|object| object.kind == "Role") {
        for rule in role.value["rules"].as_array_mut().unwrap() {
            rule["resources"].as_array_mut().unwrap().retain(|resource| resource != "services");
        }
    }
    chart::apply(&scene.client, &objects, &["ServiceAccount", "Role", "RoleBinding"]).await;
    let token = plane.token(&scene.own, &chart::operator(&objects).1).await;
    let proxy = Proxy::start(plane.url(), &token).await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("operator.log");
    let mut arguments = scene.arguments(&[]);
    arguments.retain(|argument| !argument.contains("-bind-address"));
    let probes = std::net::SocketAddr::from(([127, 0, 0, 1], free_port()));
    arguments.extend(["--metrics-bind-address=0".to_owned(), format!("--health-probe-bind-address={probes}")]);
    let _operator = Operator::start_as(&plane.kubeconfig_at(&proxy.url(), "none"), &scene.own, &arguments, &log);
    eventually("it is said", async || {
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        log.lines().any(|line| line.contains("cannot be watched now") && line.contains("forbidden"))
    })
    .await;
    let seen = proxy.seen();
    assert!(seen.forbidden.iter().all(|one| one.contains("/services")) && !seen.forbidden.is_empty(), "{seen:?}");
    // And not asked for without end.
    let before = proxy.seen().requests;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let asked = proxy.seen().requests - before;
    assert!(asked < 100, "{asked} requests in five seconds");
    // The Pod is not ready, and its probe says why, until it may.
    let page = scene::page(probes, "/readyz").await;
    assert!(page.contains(" 503 ") && page.contains("may not watch Service in "), "{page}");
    assert_eq!(page.matches("is forbidden").count(), 1, "{page}");
    assert!(scene::page(probes, "/livez").await.contains(" 200 "));
    chart::apply(&scene.client, &whole, &["Role"]).await;
    eventually("it is ready", async || scene::page(probes, "/readyz").await.contains(" 200 ")).await;
}

/// What runs in a namespace goes with it, though the operator's rights went first; and the others are looked after as before.
#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_goes_takes_its_role_along_and_keeps_nothing_from_going() {
    let Some(plane) = ControlPlane::shared().await else { return };
    let Some(scene) = Scene::on(plane).await else { return };
    let (apps, gone) = (scene.apps.clone(), plane.namespace("gone").await);
    let there: Api<Workload> = Api::namespaced(scene.client.clone(), &gone);
    let values = format!("operator: {{ watchNamespaces: [{apps}, {gone}] }}\ncrds: {{ upgradeHook: false }}\n");
    let objects = chart::rendered(&scene.own, &values);
    let (of_gone, others): (Vec<_>, Vec<_>) =
        objects.iter().cloned().partition(|object| object.namespace.as_ref() == Some(&gone));
    chart::apply(&scene.client, &objects, &["ServiceAccount", "Role", "RoleBinding"]).await;
    assert!(others.iter().any(|object| object.kind == "Role") && of_gone.iter().any(|object| object.kind == "Role"));
    let token = plane.token(&scene.own, &chart::operator(&objects).1).await;
    let proxy = Proxy::start(plane.url(), &token).await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("operator.log");
    let host = host(&scene, "host-a", "10.0.0.1").await;
    let start = || {
        let mut arguments = scene.arguments(&["--release=wasmcloud"]);
        arguments.retain(|one| !one.contains("-bind-address") && !one.contains("watch-namespaces"));
        let probes = std::net::SocketAddr::from(([127, 0, 0, 1], free_port()));
        arguments.push(format!("--watch-namespaces={apps},{gone}"));
        arguments.extend(["--metrics-bind-address=0".to_owned(), format!("--health-probe-bind-address={probes}")]);
        let kubeconfig = plane.kubeconfig_at(&proxy.url(), "none");
        (Operator::start_as(&kubeconfig, &scene.own, &arguments, &log), probes)
    };
    let ready = |one: &Workload| of(one, "Ready").0 == "True";
    let (mut operator, _) = start();
    scene.make::<Workload>(objects::workload("stays", "reg.example/a:1")).await;
    scene.until("stays", "ready", ready).await;
    let object: Workload = serde_json::from_value(objects::workload("goes", "reg.example/a:1")).unwrap();
    let uid = there.create(&PostParams::default(), &object).await.unwrap().metadata.uid.unwrap();
    eventually("it runs", async || ready(&there.get("goes").await.unwrap())).await;
    assert_eq!(there.get("goes").await.unwrap().metadata.finalizers, None);

    // As the cluster does it with a namespace that is deleted, in the worse order.
    for role in &of_gone {
        let resource = kube::core::ApiResource::from_gvk(&kube::core::GroupVersionKind::gvk(
            "rbac.authorization.k8s.io",
            "v1",
            &role.kind,
        ));
        let api: Api<kube::api::DynamicObject> = Api::namespaced_with(scene.client.clone(), &gone, &resource);
        api.delete(&role.name, &DeleteParams::default()).await.unwrap();
    }
    there.delete("goes", &DeleteParams::default()).await.unwrap();
    assert!(there.get_opt("goes").await.unwrap().is_none(), "nothing holds it");
    eventually("its host is told", async || host.seen.lock().unwrap().stops.contains(&uid)).await;
    assert_eq!(host.running().len(), 1);

    // The next operator sees nothing of it, says so, and works for the others.
    operator.process.terminate();
    eventually("it ended", async || operator.process.has_ended()).await;
    drop(operator);
    let (_operator, probes) = start();
    scene.make::<Workload>(objects::workload("comes", "reg.example/a:1")).await;
    scene.until("comes", "ready", ready).await;
    let page = scene::page(probes, "/readyz").await;
    assert!(page.contains(" 503 ") && page.contains(&format!("may not watch Workload in {gone}: ")), "{page}");
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(said.lines().any(|line| line.contains("it is left out") && line.contains(&gone)), "{said}");

    // It is there again, with its Role.
    chart::apply(&scene.client, &of_gone, &["Role", "RoleBinding"]).await;
    there.create(&PostParams::default(), &object).await.unwrap();
    eventually("it runs again", async || ready(&there.get("goes").await.unwrap())).await;
    eventually("and nothing is missing", async || scene::page(probes, "/readyz").await.contains(" 200 ")).await;
    assert_eq!(host.running().len(), 3);
}
