//! A release that was stored with a key under its name of before.

use std::path::Path;

use super::scene::Scene;

const OLD: &str = "nats.server.jetstream.volume.emptyDirSizeLimit";

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_takes_a_stored_value_under_its_old_name_and_stores_the_new_one() {
    let Some(helm) = std::env::var_os("CHARTWRIGHT_HELM4") else {
        eprintln!("skipped: CHARTWRIGHT_HELM4 names no program");
        return;
    };
    let Some(scene) = Scene::new("renamed").await else { return };
    let chart = scene.chart().display().to_string();
    // As a chart of before would have taken it.
    let set = format!("{OLD}=3Gi");
    let install = ["install", "wasmcloud", &chart, "--no-hooks", "--skip-schema-validation", "--set", &set];
    let installed = scene.helm(Path::new(&helm), &install);
    assert_eq!(installed.code, 0, "{}", installed.stderr);

    let run = scene.done(&["upgrade", "--wait=false", "--reuse-values"]);
    assert!(run.stderr.contains("warning[CW0305]") && run.stderr.contains(OLD), "{}", run.stderr);
    let nats = scene.get("apps/v1", "StatefulSet", "wasmcloud-nats").await.unwrap();
    assert!(nats.to_string().contains(r#""sizeLimit":"3Gi""#), "{nats}");
    let stored = scene.done(&["get", "values"]).stdout;
    assert!(stored.contains(r#"sizeLimit: "3Gi""#) && !stored.contains("emptyDirSizeLimit"), "{stored}");
    // Nothing is left to say.
    let again = scene.done(&["upgrade", "--wait=false", "--reuse-values"]);
    assert!(!again.stderr.contains("CW0305"), "{}", again.stderr);
    scene.close().await;
}
