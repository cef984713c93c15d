//! What `cargo xtask bench operator` measures. The scenario is made of objects and of hosts that speak upstream's protocol: another
//! operator is measured by running it against the same API server and NATS server instead of ours.

use std::time::{Duration, Instant};

use chartwright_contract::crds::WorkloadDeployment;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::child::Operator;
use crate::control_plane::ControlPlane;
use crate::objects;
use crate::rollouts::hosts;
use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo xtask bench operator"]
async fn two_thousand_workloads_on_ten_hosts() {
    let plane = ControlPlane::shared().await.expect("programs");
    let scene = Scene::on(plane).await.expect("a NATS server");
    let hosts = hosts(&scene, 10, Duration::ZERO).await;
    let folder = tempfile::tempdir().unwrap();
    let operator = Operator::start(
        plane,
        &scene,
        &folder.path().join("operator.log"),
        &["--max-concurrent-starts=64", "--max-concurrent-starts-per-host=8"],
    );
    scene.make::<WorkloadDeployment>(objects::deployment("one", 1, "reg.example/a:1")).await;
    scene.settled("one", 1).await;
    let (idle, _) = operator.memory();
    let writes = async || {
        operator.metric("chartwright_operator_api_writes_total", &[]).await
            - operator.metric("chartwright_operator_api_writes_total", &["resource=\"hosts\""]).await
    };

    let before = writes().await;
    let began = Instant::now();
    for number in 0..20 {
        let name = format!("web-{number}");
        scene.make::<WorkloadDeployment>(objects::deployment(&name, 100, "reg.example/a:1")).await;
    }
    for number in 0..20 {
        scene.settled_within(&format!("web-{number}"), 100, Duration::from_mins(10)).await;
    }
    let placed = began.elapsed().as_secs_f64();
    let each = (writes().await - before) / 2000.0;
    assert_eq!(hosts.iter().map(|host| host.running().len()).sum::<usize>(), 2001);
    let (loaded, most) = operator.memory();

    let mut times = Vec::new();
    for replicas in [2, 3, 4, 5, 6] {
        let scale = Patch::Merge(json!({ "spec": { "replicas": replicas } }));
        let began = Instant::now();
        scene.api::<WorkloadDeployment>().patch_scale("one", &PatchParams::default(), &scale).await.unwrap();
        while hosts.iter().map(|host| host.running().len()).sum::<usize>() < 2000 + usize::try_from(replicas).unwrap() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        times.push(began.elapsed().as_secs_f64() * 1e3);
        scene.settled("one", replicas).await;
    }
    times.sort_by(f64::total_cmp);

    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let goal = |met: bool| if met { "yes" } else { "**no**" };
    println!("{cores} cores, API server, etcd, NATS and ten scripted hosts on the same\n");
    println!("| what | seen | goal | met |\n|---|---:|---|---|");
    println!("| 2000 workloads, created to running | {placed:.1} s, {:.0} a second | | |", 2000.0 / placed);
    println!("| writes to the API server for each | {each:.2} | 4 at most | {} |", goal(each <= 4.0));
    println!("| from scale to running, median of 5 | {:.0} ms | | |", times[2]);
    println!("| memory with one workload | {idle:.0} MiB | | |");
    println!(
        "| memory with 2001 workloads | {loaded:.0} MiB, {most:.0} at most | under 150 | {} |",
        goal(most < 150.0)
    );
}
