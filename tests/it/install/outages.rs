//! The API server goes away in the middle of an install or upgrade, and a signal ends one.

use std::io::Read as _;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::control_plane::ControlPlane;
use super::proxy::{Proxy, Verdict};
use super::scene::{PROFILE, Scene};

/// How long a busy machine may take until a program is where a test waits for it.
const PATIENCE: Duration = Duration::from_mins(2);

/// Waits until it is so. It fails when the program ends before.
async fn until(child: &mut Child, is_so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        if child.try_wait().unwrap().is_some() || Instant::now() > end {
            _ = child.kill();
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("it did not come so far: {said}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_install_outlives_an_api_server_that_goes_away() {
    let Some(scene) = Scene::new("away").await else { return };
    let proxy = Proxy::new(scene.client()).await;
    // From the tenth write on nothing gets through, until somebody says so.
    let away = Arc::new(AtomicBool::new(true));
    let gone = away.clone();
    proxy.at_write(
        move |number| if number >= 10 && gone.load(Ordering::SeqCst) { Verdict::Drop } else { Verdict::Pass },
    );
    let install = [&["install", "--wait=false", "--timeout", "2m"], PROFILE.as_slice()].concat();
    let mut child = scene.command(&scene.kubeconfig_for(&proxy.url), &install).spawn().unwrap();
    until(&mut child, || proxy.writes.load(Ordering::SeqCst) >= 13).await;
    away.store(false, Ordering::SeqCst);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(scene.status()["status"], "deployed");
    assert_eq!(scene.ours(&["diff"]).code, 0);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_outlives_a_restart_of_the_api_server() {
    let Some(mut plane) = ControlPlane::own().await else { return };
    let scene = Scene::on(&plane, "restart").await.unwrap();
    scene.done(&[&["install", "--wait=false"], PROFILE.as_slice()].concat());
    let proxy = Proxy::new(scene.client()).await;
    // The record is made, and nothing after it gets through until the server is gone.
    let held = Arc::new(AtomicBool::new(true));
    let holds = held.clone();
    proxy.at_write(
        move |number| if number >= 2 && holds.load(Ordering::SeqCst) { Verdict::Drop } else { Verdict::Pass },
    );
    let upgrade = ["upgrade", "--reuse-values", "--set", "hostDefaults.replicas=2"];
    let whole = [upgrade.as_slice(), &["--wait=false", "--timeout", "2m"]].concat();
    let mut child = scene.command(&scene.kubeconfig_for(&proxy.url), &whole).spawn().unwrap();
    until(&mut child, || proxy.writes.load(Ordering::SeqCst) >= 2).await;
    plane.stop_server();
    held.store(false, Ordering::SeqCst);
    // Long enough for a few tries.
    tokio::time::sleep(Duration::from_secs(1)).await;
    plane.start_server().await;
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let status = scene.status();
    assert_eq!(status["status"], "deployed");
    assert_eq!(status["revision"], 2);
    assert_eq!(scene.ours(&["diff"]).code, 0);

    // While it is waited for, and nothing gets ready: it fails in its time, says so, and the next one goes on.
    let more = ["upgrade", "--reuse-values", "--set", "hostDefaults.replicas=3"];
    let waiting = [more.as_slice(), &["--timeout", "30s"]].concat();
    let mut child = scene.command(&scene.kubeconfig_for(&scene.url), &waiting).spawn().unwrap();
    until(&mut child, || scene.status()["status"] == "pending-upgrade").await;
    plane.stop_server();
    plane.start_server().await;
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(scene.status()["status"], "failed");
    scene.done(&[more.as_slice(), &["--wait=false"]].concat());
    assert_eq!(scene.status()["status"], "deployed");
    let hosts = scene.get("apps/v1", "Deployment", "wasmcloud-hosts-default").await.unwrap();
    assert_eq!(hosts["spec"]["replicas"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_it_as_failed_and_the_next_one_goes_on() {
    let Some(scene) = Scene::new("signal").await else { return };
    scene.done(&[&["install", "--wait=false"], PROFILE.as_slice()].concat());
    // Nobody runs Pods here: it waits until it is told to stop.
    let upgrade = ["upgrade", "--reuse-values", "--set", "hostDefaults.replicas=2"];
    let mut child = scene.command(&scene.kubeconfig_for(&scene.url), &upgrade).spawn().unwrap();
    until(&mut child, || scene.status()["status"] == "pending-upgrade").await;
    let second = scene.ours(&[upgrade.as_slice(), &["--recover"]].concat());
    assert_eq!(second.code, 2, "{}", second.stderr);
    assert!(second.stderr.contains("that process still runs"), "{}", second.stderr);
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let status = scene.status();
    assert_eq!(status["status"], "failed");
    assert!(status["description"].as_str().unwrap().contains("interrupted by a signal"), "{status}");
    scene.done(&[upgrade.as_slice(), &["--wait=false"]].concat());
    assert_eq!(scene.status()["status"], "deployed");
    scene.close().await;
}
