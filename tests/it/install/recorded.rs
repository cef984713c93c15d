//! Records as they are stored: small enough for a Secret, and nothing of them in a diff that must not be shown.

use super::scene::{PROFILE, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn a_record_holds_the_whole_chart_and_fits() {
    let Some(scene) = Scene::new("record").await else { return };
    scene.done(&[&["install", "--wait=false"], PROFILE.as_slice()].concat());
    let secret = scene.get("v1", "Secret", "sh.helm.release.v1.wasmcloud.v1").await.unwrap();
    assert_eq!(secret["type"], "helm.sh/release.v1");
    let size = secret["data"]["release"].as_str().unwrap().len();
    assert!(size < 600_000, "{size} bytes of at most 1 MiB");
    for (key, value) in [("owner", "helm"), ("name", "wasmcloud"), ("status", "deployed"), ("version", "1")] {
        assert_eq!(secret["metadata"]["labels"][key], value);
    }
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diff_shows_nothing_of_a_secret() {
    let Some(scene) = Scene::new("hidden").await else { return };
    let secret = |word: &str| {
        format!(
            r#"extraObjects=[{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"s"}},"stringData":{{"a":"{word}"}}}}]"#
        )
    };
    scene.done(&[&["install", "--wait=false", "--set-json", &secret("planted-one")], PROFILE.as_slice()].concat());
    let run = scene.ours(&["diff", "--reuse-values", "--set-json", &secret("planted-two")]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains("planted") && !text.contains("cGxhbnRlZ"), "{text}");
    }
    assert!(run.stdout.contains("*** (as it will be)"), "{}", run.stdout);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_reused_of_the_revision_that_is_deployed_and_not_of_one_that_failed() {
    let Some(scene) = Scene::new("reuse").await else { return };
    scene.done(&[&["install", "--wait=false", "--set", "hostDefaults.replicas=2"], PROFILE.as_slice()].concat());
    // Nothing runs here, so it never gets ready. The plan, too, is made in that time.
    let failed = scene.ours(&["upgrade", "--reuse-values", "--timeout", "15s", "--set", "hostDefaults.replicas=5"]);
    assert_eq!((failed.code, scene.status()["status"].as_str()), (1, Some("failed")), "{}", failed.stderr);
    let again = scene.done(&["upgrade", "--wait=false"]);
    assert!(again.stderr.contains("with the values of revision 1"), "{}", again.stderr);
    let hosts = scene.get("apps/v1", "Deployment", "wasmcloud-hosts-default").await.unwrap();
    assert_eq!(hosts["spec"]["replicas"], 2);
    scene.close().await;
}
