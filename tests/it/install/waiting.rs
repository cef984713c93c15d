//! What is said of an install whose Pods do not come up. There is no kubelet here: the states of Pods are written by the test.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::scene::{EXTERNAL, PROFILE, Scene};

#[tokio::test(flavor = "multi_thread")]
async fn it_says_of_each_object_what_is_in_its_way() {
    let Some(scene) = Scene::new("waiting").await else { return };
    let pods: Api<Pod> = Api::namespaced(scene.client(), &scene.namespace);
    let name = "wasmcloud-hosts-default";
    let mut install = scene
        .command(&scene.kubeconfig_for(&scene.url), &[&["install", "--timeout", "20s"], PROFILE.as_slice()].concat());
    let mut child = install.spawn().unwrap();
    let deployment = loop {
        if let Some(found) = scene.get("apps/v1", "Deployment", name).await {
            break found;
        }
        assert!(child.try_wait().unwrap().is_none(), "{:?}", child.wait_with_output());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    let pod: Value = json!({ "metadata": { "name": "stuck", "labels": labels },
        "spec": { "containers": [{ "name": "host", "image": "nowhere.test/host:1" }] } });
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    let status = json!({ "status": { "phase": "Pending", "containerStatuses": [{ "name": "host", "image": "nowhere.test/host:1",
        "imageID": "", "ready": false, "restartCount": 0,
        "state": { "waiting": { "reason": "ImagePullBackOff", "message": "no such host" } } }] } });
    pods.patch_status("stuck", &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("not ready after"), "{said}");
    assert!(said.contains(&format!("Deployment {}/{name}", scene.namespace)), "{said}");
    assert!(said.contains("Pod stuck: container host: ImagePullBackOff: no such host"), "{said}");
    let status = scene.status();
    assert_eq!(status["status"], "failed");
    assert!(status["description"].as_str().unwrap().contains("not ready"), "{status}");
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_report_ready_it_is_done() {
    let Some(scene) = Scene::new("ready").await else { return };
    let mut install =
        scene.command(&scene.kubeconfig_for(&scene.url), &[&["install"], EXTERNAL.as_slice(), &PROFILE].concat());
    let mut child = install.spawn().unwrap();
    let deployments: Api<Deployment> = Api::namespaced(scene.client(), &scene.namespace);
    let ready = json!({ "status": { "observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1 } });
    for name in ["wasmcloud-operator", "wasmcloud-hosts-default"] {
        while deployments.patch_status(name, &PatchParams::default(), &Patch::Merge(ready.clone())).await.is_err() {
            assert!(child.try_wait().unwrap().is_none(), "{:?}", child.wait_with_output());
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(scene.status()["status"], "deployed");
    scene.close().await;
}
