//! The installer dies before or after each of its writes: then `status` tells the truth, and `--recover` ends well.

use std::process::Command;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use super::control_plane::ControlPlane;
use super::proxy::{Proxy, Verdict};
use super::purge;
use super::scene::{EXTERNAL, PROFILE, Scene};

/// Runs ours through the proxy and kills it at that write; whether it got so far.
async fn killed_at(scene: &Scene, proxy: &Proxy, args: &[&str], write: usize) -> bool {
    let child: Arc<Mutex<Option<u32>>> = Arc::default();
    let victim = child.clone();
    // Before and after by turns: a write that never arrived, and one whose answer was never read.
    let verdict = if write.is_multiple_of(2) { Verdict::Swallow } else { Verdict::Drop };
    proxy.at_write(move |number| {
        if number < write {
            return Verdict::Pass;
        }
        if verdict == Verdict::Drop
            && let Some(id) = *victim.lock().unwrap()
        {
            _ = Command::new("kill").args(["-KILL", &id.to_string()]).status();
        }
        verdict
    });
    let mut started = scene.command(&scene.kubeconfig_for(&proxy.url), args).spawn().unwrap();
    *child.lock().unwrap() = Some(started.id());
    loop {
        if let Some(status) = started.try_wait().unwrap() {
            let Some(code) = status.code() else { return true };
            let mut said = String::new();
            std::io::Read::read_to_string(&mut started.stderr.take().unwrap(), &mut said).unwrap();
            assert_eq!(code, 0, "before write {write}: {said}");
            return false;
        }
        if proxy.writes.load(Ordering::SeqCst) >= write {
            // Long enough for the write to arrive.
            tokio::time::sleep(std::time::Duration::from_millis(60)).await;
            _ = started.kill();
            started.wait().unwrap();
            return true;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// What is unfinished, said by whom and that he is dead.
fn unfinished(scene: &Scene) -> Option<String> {
    let status = scene.status();
    let pending = status["status"].as_str().unwrap().starts_with("pending-");
    let said = status["unfinished"].as_str().map(str::to_owned);
    assert_eq!(pending, said.is_some(), "{status}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn an_install_that_dies_at_any_write_is_recovered() {
    let Some(scene) = Scene::new("killed").await else { return };
    let proxy = Proxy::new(scene.client()).await;
    let install = [&["install", "--wait=false"], PROFILE.as_slice()].concat();
    let mut write = 1;
    while killed_at(&scene, &proxy, &install, write).await {
        // Before the record there is nothing to recover.
        if scene.ours(&["history"]).code == 0 {
            if let Some(said) = unfinished(&scene) {
                assert!(said.contains("that process is gone") && said.contains("--recover"), "{said}");
                let refused = scene.ours(&install);
                assert_eq!(refused.code, 2, "{}", refused.stderr);
                assert!(refused.stderr.contains("--recover"), "{}", refused.stderr);
            }
            scene.done(&[install.as_slice(), &["--recover"]].concat());
        } else {
            scene.done(&install);
        }
        assert_eq!(scene.status()["status"], "deployed");
        assert_eq!(scene.ours(&["diff"]).code, 0, "after write {write}");
        scene.done(&["uninstall"]);
        assert!(scene.get("v1", "ServiceAccount", "wasmcloud-operator").await.is_none());
        write += 1;
    }
    assert!(write > 15, "only {write} writes");
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_dies_at_any_write_is_recovered_or_rolled_back() {
    let Some(scene) = Scene::new("killed-upgrade").await else { return };
    let proxy = Proxy::new(scene.client()).await;
    scene.done(&[&["install", "--wait=false"], PROFILE.as_slice()].concat());
    let upgrade = [
        "upgrade",
        "--wait=false",
        "--history-max=0",
        "--reuse-values",
        "--set",
        "hostDefaults.replicas=3",
        "--set",
        "operator.replicas=0",
    ];
    let mut write = 1;
    while killed_at(&scene, &proxy, &upgrade, write).await {
        if unfinished(&scene).is_some() {
            // By turns to the end, and back.
            match write % 2 {
                0 => scene.done(&[upgrade.as_slice(), &["--recover"]].concat()),
                _ => scene.done(&["rollback", "1", "--wait=false", "--history-max=0", "--recover"]),
            };
        }
        scene.done(&["rollback", "1", "--wait=false", "--history-max=0"]);
        assert_eq!(scene.status()["status"], "deployed");
        let deployment = scene.get("apps/v1", "Deployment", "wasmcloud-hosts-default").await.unwrap();
        assert_eq!(deployment["spec"]["replicas"], 1);
        write += 1;
    }
    assert!(write > 4, "only {write} writes");
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_that_dies_at_any_write_is_recovered() {
    let Some(scene) = Scene::new("killed-rollback").await else { return };
    let proxy = Proxy::new(scene.client()).await;
    scene.done(&[&["install", "--wait=false"], PROFILE.as_slice()].concat());
    let upgrade = ["upgrade", "--wait=false", "--history-max=0", "--reuse-values", "--set", "hostDefaults.replicas=3"];
    let rollback = ["rollback", "1", "--wait=false", "--history-max=0"];
    scene.done(&upgrade);
    let mut write = 1;
    while killed_at(&scene, &proxy, &rollback, write).await {
        match unfinished(&scene) {
            Some(said) => {
                assert!(said.contains("is pending-rollback") && said.contains("that process is gone"), "{said}");
                scene.done(&[rollback.as_slice(), &["--recover"]].concat());
            }
            None => _ = scene.done(&rollback),
        }
        assert_eq!(scene.status()["status"], "deployed");
        let deployment = scene.get("apps/v1", "Deployment", "wasmcloud-hosts-default").await.unwrap();
        assert_eq!(deployment["spec"]["replicas"], 1, "after write {write}");
        scene.done(&upgrade);
        write += 1;
    }
    assert!(write > 3, "only {write} writes");
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uninstall_that_dies_at_any_write_is_finished_by_the_next() {
    let Some(scene) = Scene::new("killed-uninstall").await else { return };
    let proxy = Proxy::new(scene.client()).await;
    // Few objects: each is a write to die at.
    let install = [&["install", "--wait=false"], PROFILE.as_slice(), &EXTERNAL].concat();
    let mut write = 1;
    loop {
        scene.done(&install);
        if !killed_at(&scene, &proxy, &["uninstall"], write).await {
            break;
        }
        if scene.ours(&["history"]).code == 0 {
            // The first write marks it; one that never arrived leaves it as it was.
            let expected = if write == 1 { "deployed" } else { "uninstalling" };
            assert_eq!(scene.status()["status"], expected, "after write {write}");
            scene.done(&["uninstall"]);
        }
        assert!(scene.get("v1", "ServiceAccount", "wasmcloud-operator").await.is_none());
        assert_eq!(scene.ours(&["history"]).code, 2);
        write += 1;
    }
    assert!(write > 6, "only {write} writes");
    scene.close().await;
}

/// The definitions go, too: they are those of a control plane of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_purge_that_dies_at_any_write_is_finished_by_the_next() {
    let Some(plane) = ControlPlane::own().await else { return };
    let scene = Scene::on(&plane, "killed-purge").await.unwrap();
    let proxy = Proxy::new(scene.client()).await;
    let install = [&["install", "--wait=false"], PROFILE.as_slice(), &EXTERNAL].concat();
    let mut write = 1;
    loop {
        scene.done(&install);
        purge::deploy(&scene, &scene.namespace).await;
        if !killed_at(&scene, &proxy, &["uninstall", "--purge"], write).await {
            break;
        }
        if scene.ours(&["history"]).code == 0 {
            scene.done(&["uninstall", "--purge"]);
        }
        assert_eq!(scene.ours(&["history"]).code, 2, "after write {write}");
        purge::no_definitions(&scene).await;
        write += 1;
    }
    assert!(write > 12, "only {write} writes");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_do_not_both_write() {
    let Some(scene) = Scene::new("twice").await else { return };
    let install = [&["install", "--wait=false"], PROFILE.as_slice()].concat();
    let kubeconfig = scene.kubeconfig_for(&scene.url);
    let children: Vec<_> = (0..3).map(|_| scene.command(&kubeconfig, &install).spawn().unwrap()).collect();
    let codes: Vec<_> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let done = codes.iter().filter(|output| output.status.success()).count();
    assert_eq!(done, 1, "{codes:?}");
    assert_eq!(scene.done(&["history"]).stdout.lines().count(), 2);
    scene.close().await;
}
