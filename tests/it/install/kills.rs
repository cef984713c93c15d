//! The installer is killed at any moment of any operation, again and again: no release is lost, and the next operation goes on.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::scene::{PROFILE, Scene};
use crate::random::Random;

/// How many kills; a hundred take two minutes.
const VARIABLE: &str = "CHARTWRIGHT_KILLS";
const KILLS: usize = 15;

/// Nothing is waited for, and no revision is forgotten.
const QUICK: [&str; 2] = ["--wait=false", "--history-max=0"];

/// Starts ours and kills it after a while.
fn killed(scene: &Scene, args: &[&str], after: Duration) {
    let kubeconfig = scene.kubeconfig_for(&scene.url);
    let mut child = scene.command(&kubeconfig, args).spawn().unwrap();
    std::thread::sleep(after);
    _ = child.kill();
    child.wait().unwrap();
}

/// The number of the last revision, and the states of all.
fn history(scene: &Scene) -> Option<(u64, Vec<String>)> {
    let run = scene.ours(&["history", "-o", "json"]);
    if run.code == 2 && run.stderr.contains("there is no release") {
        return None;
    }
    assert_eq!(run.code, 0, "{}", run.stderr);
    let revisions: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    let states = revisions.iter().map(|one| one["status"].as_str().unwrap().to_owned()).collect();
    Some((revisions.last().unwrap()["revision"].as_u64().unwrap(), states))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_release_is_lost_to_kills_at_random_moments() {
    let Some(scene) = Scene::new("random").await else { return };
    let kills = std::env::var(VARIABLE).map_or(KILLS, |text| text.parse().expect(VARIABLE));
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos();
    eprintln!("seed {seed}");
    let mut random = Random::new(seed.into());
    let install = [&["install"], QUICK.as_slice(), PROFILE.as_slice()].concat();
    let begun = Instant::now();
    scene.done(&install);
    let whole = begun.elapsed();
    let moment = |random: &mut Random| whole.mul_f64(f64::from(u32::try_from(random.below(1200)).unwrap()) / 1000.0);

    for kill in 0..kills {
        let replicas = format!("hostDefaults.replicas={}", 1 + random.below(5));
        let upgrade = [&["upgrade", "--reuse-values", "--set", &replicas], QUICK.as_slice()].concat();
        let rollback = [&["rollback"], QUICK.as_slice()].concat();
        let (before, _) = history(&scene).expect("a release");
        if random.chance(20) {
            killed(&scene, &["uninstall"], moment(&mut random));
            // As it was, half gone and said to be, or gone.
            if history(&scene).is_some() && random.chance(70) {
                scene.done(&["uninstall"]);
            }
            let again = match history(&scene) {
                None => &install,
                Some(_) if scene.status()["status"] == "deployed" => &upgrade,
                Some(_) => {
                    scene.done(&["uninstall"]);
                    &install
                }
            };
            scene.done(again);
        } else {
            let args = if before > 1 && random.chance(30) { &rollback } else { &upgrade };
            killed(&scene, args, moment(&mut random));
            let (now, states) = history(&scene).unwrap_or_else(|| panic!("kill {kill}: the release is lost"));
            assert!(now == before || now == before + 1, "kill {kill}: revision {now} after {before}");
            let whole = |state: &String| state == "deployed" || state == "superseded";
            assert!(states.iter().any(whole), "kill {kill}: there is nothing to go back to: {states:?}");
            let status = scene.status();
            if status["unfinished"].is_string() {
                let back = random.chance(50) && states.iter().filter(|state| whole(state)).count() > 1;
                scene.done(&[if back { rollback.as_slice() } else { upgrade.as_slice() }, &["--recover"]].concat());
            }
        }
        assert_eq!(scene.status()["status"], "deployed", "kill {kill}");
        let (_, states) = history(&scene).unwrap();
        assert_eq!(states.iter().filter(|state| *state == "deployed").count(), 1, "kill {kill}: {states:?}");
        let diff = scene.ours(&["diff"]);
        assert_eq!(diff.code, 0, "kill {kill}: {}{}", diff.stdout, diff.stderr);
    }
    scene.close().await;
}
