//! What breaks around an operator, and what must not follow from it.

use std::process::Command;
use std::time::{Duration, Instant};

use chartwright_contract::crds::{Artifact, Host, Workload, WorkloadDeployment};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt as _};
use serde_json::json;

use crate::child::Operator;
use crate::control_plane::ControlPlane;
use crate::objects;
use crate::scene::{Scene, condition, eventually, of};
use crate::scripted::{Script, Scripted};

macro_rules! scene {
    () => {
        match Scene::new().await {
            Some(scene) => scene,
            None => return,
        }
    };
}

/// All starts that hosts saw, as ids of workloads.
fn starts(hosts: &[&Scripted]) -> Vec<String> {
    let mut all: Vec<_> = hosts.iter().flat_map(|host| host.seen.lock().unwrap().starts.clone()).collect();
    all.sort();
    all
}

async fn uids(scene: &Scene) -> Vec<String> {
    let mut all: Vec<_> = scene.workloads().await.iter().map(|one| one.uid().unwrap()).collect();
    all.sort();
    all
}

/// Each Host: its name, its uid, and what two of its conditions are.
async fn hosts(scene: &Scene) -> Vec<(String, String, [String; 2])> {
    let hosts = Api::<Host>::namespaced(scene.client.clone(), &scene.own);
    let all = hosts.list(&ListParams::default()).await.unwrap().items.into_iter().map(|host| {
        let conditions = host.status.clone().unwrap_or_default().conditions;
        let said = ["Reporting", "Ready"].map(|type_| {
            let (status, reason, _) = condition(&conditions, type_);
            format!("{status} {reason}")
        });
        (host.name_any(), host.uid().unwrap(), said)
    });
    all.collect()
}

/// Each EndpointSlice: its version, and where it leads.
async fn slices(scene: &Scene) -> Vec<(Option<String>, Vec<String>)> {
    let all = scene.api::<EndpointSlice>().list(&ListParams::default()).await.unwrap().items.into_iter();
    let led = |slice: &EndpointSlice| slice.endpoints.iter().flat_map(|one| one.addresses.clone()).collect();
    all.map(|slice| (slice.resource_version(), led(&slice))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_is_told_of_a_workload_that_somebody_freed_by_force() {
    let scene = scene!();
    let host = scene.host("host-a").await;
    let operator = scene.operator(&[]).await;
    operator.hears(1).await;
    scene.make::<Service>(objects::service("web")).await;
    let mut object = objects::workload("w", "reg.example/a:1");
    object["spec"]["kubernetes"] = json!({ "service": { "name": "web" } });
    scene.make::<Workload>(object).await;
    let runs = scene.until("w", "ready", |one: &Workload| of(one, "Ready").0 == "True").await;
    assert_eq!(runs.finalizers(), ["runtime.wasmcloud.dev/workload-finalizer"]);
    // While nodes still follow its Service, the operator waits; somebody does not.
    scene.api::<Workload>().delete("w", &DeleteParams::default()).await.unwrap();
    let free = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
    scene.api::<Workload>().patch("w", &PatchParams::default(), &free).await.unwrap();
    assert!(scene.api::<Workload>().get_opt("w").await.unwrap().is_none(), "it is gone");
    let uid = runs.uid().unwrap();
    assert!(host.running().contains(&uid), "and runs");
    eventually("its host is told", async || host.seen.lock().unwrap().stops.contains(&uid)).await;
    assert!(host.running().is_empty());
    operator.end().await.unwrap();
}

/// An operator of some namespaces alone: its right to let go may end before what it held.
#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_held_an_end_and_an_answer_are_of_the_one_they_belong_to() {
    let scene = scene!();
    // A finalizer of another time, when this operator looked after the whole cluster.
    let artifact = json!({
        "apiVersion": "runtime.wasmcloud.dev/v1alpha1", "kind": "Artifact",
        "metadata": { "name": "a", "finalizers": ["runtime.wasmcloud.dev/artifact-finalizer"] },
        "spec": { "image": "reg.example/a:1" },
    });
    scene.make::<Artifact>(artifact).await;
    let host = scene.host_as(Script { start: Duration::from_secs(2), ..Script::new("host-a") }).await;
    let operator = scene.launch(scene.client.clone(), &scene.arguments(&[]), false).await;
    operator.hears(1).await;
    scene.until("a", "let go", |one: &Artifact| one.finalizers().is_empty()).await;

    // While it starts, another one takes its name, for which there is no host.
    let first = scene.make::<Workload>(objects::workload("w", "reg.example/a:1")).await.uid().unwrap();
    eventually("it is starting", async || starts(&[&host]).contains(&first)).await;
    scene.api::<Workload>().delete("w", &DeleteParams::default()).await.unwrap();
    let mut object = objects::workload("w", "reg.example/a:1");
    object["spec"]["hostSelector"] = json!({ "hostgroup": "other" });
    scene.make::<Workload>(object).await;
    let stopped = |uid: &String| host.seen.lock().unwrap().stops.contains(uid);
    eventually("the first one is stopped", async || stopped(&first)).await;
    let second = scene.api::<Workload>().get("w").await.unwrap();
    assert_eq!(second.status.as_ref().and_then(|status| status.host_id.as_ref()), None, "{second:#?}");
    assert_ne!(of(&second, "Ready").0, "True");

    // One that went a moment before the operator ends: it does not wait for nodes any more.
    let last = scene.make::<Workload>(objects::workload("last", "reg.example/a:1")).await.uid().unwrap();
    scene.until("last", "ready", |one: &Workload| of(one, "Ready").0 == "True").await;
    scene.api::<Workload>().delete("last", &DeleteParams::default()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    operator.end().await.unwrap();
    assert!(stopped(&last));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_that_dies_in_the_midst_of_starts_leaves_nothing_twice_and_nothing_out() {
    let Some(plane) = ControlPlane::shared().await else { return };
    let Some(scene) = Scene::on(plane).await else { return };
    let slow = |name: &str| Script { start: Duration::from_millis(150), ..Script::new(name) };
    let (a, b) = (scene.host_as(slow("host-a")).await, scene.host_as(slow("host-b")).await);
    scene.make::<WorkloadDeployment>(objects::deployment("web", 30, "reg.example/a:1")).await;
    let folder = tempfile::tempdir().unwrap();
    // It is killed again and again, each time in the midst of something else.
    for life in 0..6_u64 {
        let mut operator = Operator::start(plane, &scene, &folder.path().join("log"), &[]);
        tokio::time::sleep(Duration::from_millis(700 + 170 * life)).await;
        operator.process.kill();
    }
    let operator = scene.operator(&[]).await;
    scene.settled("web", 30).await;
    assert_eq!(scene.workloads().await.len(), 30);
    let mut running = [a.running(), b.running()].concat();
    running.sort();
    assert_eq!(running, uids(&scene).await, "each runs in one place");
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_operators_one_works_and_the_other_takes_over() {
    let scene = scene!();
    let host = scene.host("host-a").await;
    let lease = "chartwright-test";
    let election = ["--leader-elect=true", "--leader-election-id=chartwright-test"];
    let first = scene.operator(&election).await;
    eventually("one leads", async || first.metric("chartwright_operator_leader", &[]).await > 0.5).await;
    let second = scene.operator(&election).await;
    scene.make::<WorkloadDeployment>(objects::deployment("web", 3, "reg.example/a:1")).await;
    scene.settled("web", 3).await;
    assert!(second.metric("chartwright_operator_leader", &[]).await < 0.5);
    assert!(second.page(false, "/readyz").await.starts_with("HTTP/1.1 200"), "one that waits is ready");

    // Handed over in order: the other one need not wait until the Lease ends.
    first.end().await.unwrap();
    let began = Instant::now();
    eventually("the other leads", async || second.metric("chartwright_operator_leader", &[]).await > 0.5).await;
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    let scale = Patch::Merge(json!({ "spec": { "replicas": 5 } }));
    scene.api::<WorkloadDeployment>().patch_scale("web", &PatchParams::default(), &scale).await.unwrap();
    scene.settled("web", 5).await;
    assert_eq!(starts(&[&host]), uids(&scene).await, "a take-over starts nothing again");

    // Taken away: it ends, and says why.
    let leases: Api<Lease> = Api::namespaced(scene.client.clone(), &scene.own);
    let thief = Patch::Merge(json!({ "spec": { "holderIdentity": "somebody-else", "leaseDurationSeconds": 600 } }));
    leases.patch(lease, &PatchParams::default(), &thief).await.unwrap();
    let err = second.ended().await.unwrap_err().to_string();
    assert!(err.contains("the Lease is not held any more"), "{err}");
    let holder = leases.get(lease).await.unwrap().spec.unwrap().holder_identity;
    assert_eq!(holder.as_deref(), Some("somebody-else"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_nats_no_workload_is_touched() {
    let mut scene = scene!();
    // Longer than the silence after which a host counts as lost, several times; as long as users had it on demand.
    let away = if std::env::var_os("CHARTWRIGHT_OUTAGES").is_some() { 180 } else { 10 };
    let a = scene.host("host-a").await;
    let b = scene.host_as(Script { hostname: "10.0.0.2".into(), ..Script::new("host-b") }).await;
    let operator = scene.operator(&[]).await;
    operator.hears(2).await;
    scene.make::<Service>(objects::service("web")).await;
    let mut object = objects::deployment("web", 4, "reg.example/a:1");
    object["spec"]["kubernetes"] = json!({ "service": { "name": "web" } });
    scene.make::<WorkloadDeployment>(object).await;
    scene.settled("web", 4).await;
    eventually("the Service leads to both", async || slices(&scene).await.iter().any(|(_, to)| to.len() == 2)).await;
    let all_say = async |scene: &Scene, wanted: [&str; 2]| {
        let hosts = hosts(scene).await;
        hosts.len() == 2 && hosts.iter().all(|(_, _, said)| *said == wanted)
    };
    let heard = ["True Available", "True Available"];
    eventually("both are heard", async || all_say(&scene, heard).await).await;
    let (hosts_before, slices_before) = (hosts(&scene).await, slices(&scene).await);
    let (before, seen) = (uids(&scene).await, starts(&[&a, &b]));
    let versions = async |scene: &Scene| -> Vec<_> {
        scene.workloads().await.iter().map(|one| (one.name_any(), one.resource_version())).collect()
    };
    let state = versions(&scene).await;
    scene.nats.kill();
    eventually("it is unready", async || operator.page(false, "/readyz").await.contains("no connection to NATS")).await;
    assert!(operator.page(false, "/healthz").await.starts_with("HTTP/1.1 200"), "a restart would cure nothing");
    let gauge = async || operator.page(true, "/metrics").await;
    eventually("a metric says so", async || gauge().await.contains("chartwright_operator_nats_connected 0")).await;
    tokio::time::sleep(Duration::from_secs(away)).await;
    assert_eq!(versions(&scene).await, state, "no Workload was written");
    assert_eq!(slices(&scene).await, slices_before, "no endpoint was touched");
    let unknown = ["Unknown NatsAway", "True Available"];
    assert!(all_say(&scene, unknown).await, "whose fault it is, and nothing of the hosts: {:?}", hosts(&scene).await);
    scene.nats.resume();
    let back = Instant::now();
    eventually("it is ready", async || operator.page(false, "/readyz").await.starts_with("HTTP/1.1 200")).await;
    eventually("both are heard again", async || all_say(&scene, heard).await).await;
    assert!(back.elapsed() < Duration::from_secs(30), "h07: {:?}", back.elapsed());
    assert!(gauge().await.contains("chartwright_operator_nats_connected 1"));
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!((uids(&scene).await, starts(&[&a, &b])), (before, seen), "nothing was replaced, nothing started again");
    assert_eq!((hosts(&scene).await, slices(&scene).await), (hosts_before, slices_before));
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn h07_a_host_that_dies_while_nats_is_away_goes_once_it_is_back() {
    let mut scene = scene!();
    let (a, b) = (scene.host("host-a").await, scene.host("host-b").await);
    let operator = scene.operator(&[]).await;
    operator.hears(2).await;
    scene.make::<WorkloadDeployment>(objects::deployment("web", 4, "reg.example/a:1")).await;
    scene.settled("web", 4).await;
    let before = uids(&scene).await;
    assert_eq!((a.running().len(), b.running().len()), (2, 2));
    scene.nats.kill();
    eventually("it is unready", async || operator.page(false, "/readyz").await.contains("no connection to NATS")).await;
    b.kill();
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(hosts(&scene).await.len(), 2, "nobody can tell yet");
    scene.nats.resume();
    eventually("it is ready", async || operator.page(false, "/readyz").await.starts_with("HTTP/1.1 200")).await;
    let back = Instant::now();
    eventually("its Host is gone", async || {
        let hosts = hosts(&scene).await;
        hosts.len() == 1 && hosts[0].0 == "host-a"
    })
    .await;
    // The silence of four seconds after which a host is given up, and the other one's way back.
    assert!(back.elapsed() < Duration::from_secs(20), "h07: {:?}", back.elapsed());
    eventually("what it ran runs on the other", async || a.running() == before).await;
    assert_eq!(uids(&scene).await, before, "moved, and not replaced");
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn h06_nats_that_comes_late_is_waited_for() {
    let Some(plane) = ControlPlane::shared().await else { return };
    let Some(mut scene) = Scene::before_nats(plane).await else { return };
    let log = scene.nats.file("operator.log", "");
    let mut operator = Operator::start(plane, &scene, &log, &[]);
    operator.answers().await;
    scene.make::<WorkloadDeployment>(objects::deployment("web", 2, "reg.example/a:1")).await;
    let url = scene.nats.url();
    eventually("it says what it waits for", async || {
        let answer = operator.page(false, "/readyz").await;
        answer.contains(" 503 ") && answer.contains(&url) && answer.contains("Connection refused")
    })
    .await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert!(operator.page(false, "/livez").await.contains(" 200 "), "a restart would cure nothing");
    let said = std::fs::read_to_string(&log).unwrap();
    let tried: Vec<_> = said.lines().filter(|line| line.contains("cannot connect to NATS")).collect();
    // One line each, and fewer than equal pauses would make: they grow.
    assert!((3..=20).contains(&tried.len()), "{tried:#?}");
    for (place, line) in tried.iter().enumerate() {
        assert!(line.contains(&format!("attempt={} ", place + 1)), "{tried:#?}");
        assert!(line.contains(&url) && line.contains("Connection refused"), "{line}");
    }

    scene.nats.resume();
    let back = Instant::now();
    eventually("it is ready", async || operator.page(false, "/readyz").await.contains(" 200 ")).await;
    assert!(back.elapsed() < Duration::from_secs(10), "h06: {:?}", back.elapsed());
    let host = scene.host("host-a").await;
    scene.settled("web", 2).await;
    assert_eq!(starts(&[&host]), uids(&scene).await);
    assert!(!operator.process.has_ended());
}

/// A Service that is made later: in a name space of the mount table the test gives the name its address.
#[tokio::test(flavor = "multi_thread")]
async fn h06_a_name_that_does_not_resolve_at_first_is_waited_for() {
    let Some(plane) = ControlPlane::shared().await else { return };
    let Some(scene) = Scene::on(plane).await else { return };
    if !Command::new("unshare").args(["-m", "true"]).status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: only root may give a process a file /etc/hosts of its own");
        return;
    }
    let names = scene.nats.file("hosts", "127.0.0.1 localhost\n");
    let log = scene.nats.file("operator.log", "");
    let url = format!("--nats-url=nats://late-nats.invalid:{}", scene.nats.port());
    let script = "mount --bind \"$1\" /etc/hosts && shift && exec \"$@\"";
    let command = ["unshare", "-m", "sh", "-c", script, "sh", names.to_str().unwrap()];
    let mut operator = Operator::start_by(&command, plane, &scene, &log, &[&url]);
    operator.answers().await;
    eventually("it says what it waits for", async || {
        let answer = operator.page(false, "/readyz").await;
        answer.contains("nats://late-nats.invalid") && answer.contains("the name was not found")
    })
    .await;
    assert!(operator.page(false, "/livez").await.contains(" 200 "));
    // In place: another file would not be the one that was mounted.
    std::fs::write(&names, "127.0.0.1 localhost late-nats.invalid\n").unwrap();
    eventually("it is ready", async || operator.page(false, "/readyz").await.contains(" 200 ")).await;
    let _host = scene.host("host-a").await;
    scene.make::<Workload>(objects::workload("w", "reg.example/a:1")).await;
    scene.until("w", "ready", |one: &Workload| of(one, "Ready").0 == "True").await;
    assert!(!operator.process.has_ended());
}

#[tokio::test(flavor = "multi_thread")]
async fn when_no_host_at_all_is_heard_nothing_is_moved() {
    let scene = scene!();
    let (a, b) = (scene.host("host-a").await, scene.host("host-b").await);
    let operator = scene.operator(&[]).await;
    operator.hears(2).await;
    scene.make::<WorkloadDeployment>(objects::deployment("web", 4, "reg.example/a:1")).await;
    scene.settled("web", 4).await;
    // The way to them is cut, for instance at a leaf node, and not their life.
    for host in [&a, &b] {
        host.change(|seen| (seen.mute, seen.deaf) = (true, true));
    }
    let hosts = Api::<chartwright_contract::crds::Host>::namespaced(scene.client.clone(), &scene.own);
    eventually("they are not ready", async || {
        let hosts = hosts.list(&ListParams::default()).await.unwrap().items;
        hosts.len() == 2
            && hosts
                .iter()
                .all(|host| crate::scene::condition(&host.status.clone().unwrap().conditions, "Ready").0 == "Unknown")
    })
    .await;
    let before = uids(&scene).await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(uids(&scene).await, before);
    assert_eq!(hosts.list(&ListParams::default()).await.unwrap().items.len(), 2);
    assert_eq!(starts(&[&a, &b]).len(), 4);
    // One by one: some questions to the second go unanswered while the first is heard again.
    a.change(|seen| (seen.mute, seen.deaf) = (false, false));
    tokio::time::sleep(Duration::from_millis(1200)).await;
    b.change(|seen| (seen.mute, seen.deaf) = (false, false));
    eventually("they are back", async || {
        hosts
            .list(&ListParams::default())
            .await
            .unwrap()
            .items
            .iter()
            .all(|host| crate::scene::condition(&host.status.clone().unwrap().conditions, "Ready").0 == "True")
    })
    .await;
    assert_eq!(starts(&[&a, &b]).len(), 4, "nothing was started again");
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_back_under_a_new_id_gets_its_workloads_again() {
    let scene = scene!();
    let a = scene.host("host-a").await;
    let operator = scene.operator(&[]).await;
    scene.make::<WorkloadDeployment>(objects::deployment("web", 3, "reg.example/a:1")).await;
    scene.settled("web", 3).await;
    let before = uids(&scene).await;
    a.kill();
    let again = scene.host("host-a").await;
    eventually("they run there again", async || again.running() == before).await;
    assert_eq!(uids(&scene).await, before);
    let hosts = Api::<chartwright_contract::crds::Host>::namespaced(scene.client.clone(), &scene.own);
    eventually("its object has the new id", async || {
        hosts.get_opt("host-a").await.unwrap().is_some_and(|host| host.spec.host_id == again.id)
    })
    .await;
    assert_eq!(starts(&[&again]).len(), 3);
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_never_answers_a_start_is_left_for_another() {
    let scene = scene!();
    // It is heard, takes commands, and answers none: for the whole time that a start may take.
    let deaf = scene.host("host-a").await;
    deaf.change(|seen| seen.deaf = true);
    let operator = scene.operator(&[]).await;
    scene.make::<Workload>(objects::workload("w", "reg.example/a:1")).await;
    scene.until("w", "placed", |one: &Workload| of(one, "Placement").1 == "Starting").await;
    let other = scene.host("host-b").await;
    let end = Instant::now() + Duration::from_mins(2);
    while other.running().is_empty() {
        assert!(Instant::now() < end, "{:#?}", scene.workloads().await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    scene.until("w", "ready", |one: &Workload| of(one, "Ready").0 == "True").await;
    assert_eq!(starts(&[&other]).len(), 1);
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_that_restarts_is_followed_without_a_flood() {
    let Some(mut plane) = ControlPlane::own().await else { return };
    let Some(scene) = Scene::on(&plane).await else { return };
    let host = scene.host("host-a").await;
    let operator = scene.operator(&[]).await;
    scene.make::<WorkloadDeployment>(objects::deployment("web", 5, "reg.example/a:1")).await;
    scene.settled("web", 5).await;
    let writes = async || operator.metric("chartwright_operator_api_writes_total", &[]).await;
    plane.stop_server();
    let before = writes().await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let tried = writes().await - before;
    assert!(tried < 60.0, "{tried} writes were tried in ten seconds without a server");
    plane.start_server().await;
    let scale = Patch::Merge(json!({ "spec": { "replicas": 8 } }));
    scene.api::<WorkloadDeployment>().patch_scale("web", &PatchParams::default(), &scale).await.unwrap();
    scene.settled("web", 8).await;
    assert_eq!(starts(&[&host]), uids(&scene).await, "nothing was started twice");
    operator.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn at_rest_nothing_is_written_but_what_hosts_say() {
    let scene = scene!();
    let _host = scene.host_as(Script { heartbeat: Duration::from_secs(1), ..Script::new("host-a") }).await;
    let operator = scene.operator(&[]).await;
    scene.make::<WorkloadDeployment>(objects::deployment("web", 5, "reg.example/a:1")).await;
    // One that can never run is no reason to write either.
    let mut stuck = objects::workload("stuck", "reg.example/a:1");
    stuck["spec"]["hostSelector"] = json!({ "hostgroup": "nowhere" });
    scene.make::<Workload>(stuck).await;
    scene.settled("web", 5).await;
    scene.until("stuck", "refused", |one: &Workload| of(one, "HostSelection").0 == "False").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let others = async || {
        let all = operator.metric("chartwright_operator_api_writes_total", &[]).await;
        all - operator.metric("chartwright_operator_api_writes_total", &["resource=\"hosts\""]).await
    };
    let looks = async || operator.metric("chartwright_operator_reconciles_total", &[]).await;
    let (before, looked) = (others().await, looks().await);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(others().await - before < 0.5, "{} writes at rest", others().await - before);
    let looked = looks().await - looked;
    assert!(looked < 60.0, "{looked} looks in ten seconds at rest");
    operator.end().await.unwrap();
}
