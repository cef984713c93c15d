//! Whether Pods of the release would be admitted, and whether their images and NATS servers are within reach of a Pod.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{ContainerStatus, Namespace, Pod};
use kube::api::{DeleteParams, PostParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use crate::cluster::ClusterError;
use crate::render::Release;

use super::super::{InstallError, Plan, Step};
use super::Finding;

const ENFORCED: &str = "pod-security.kubernetes.io/enforce";
const PAUSE: Duration = Duration::from_millis(500);

/// Kinds with a template of Pods.
const OWNERS: [&str; 4] = ["Deployment", "StatefulSet", "DaemonSet", "Job"];

pub(super) fn templates(plan: &Plan) -> impl Iterator<Item = (&Step, &Value)> {
    let owners = plan.steps.iter().filter(|step| OWNERS.contains(&step.object.kind.as_str()));
    owners.map(|step| (step, &step.object.value["spec"]["template"]))
}

/// Has the API server try a Pod of each template: pod security, quotas and webhooks speak up here, and not in a crash loop.
pub(super) async fn admitted(
    client: &Client,
    plan: &Plan,
    release: &Release,
    namespace: Option<&Namespace>,
) -> Result<Vec<Finding>, InstallError> {
    let Some(namespace) = namespace else { return Ok(Vec::new()) };
    let level = namespace.labels().get(ENFORCED).cloned().unwrap_or_else(|| "nothing".into());
    let mut found = Vec::new();
    for (step, template) in templates(plan) {
        let own = step.object.namespace.as_deref().unwrap_or(&release.namespace);
        let api: Api<Pod> = Api::namespaced(client.clone(), own);
        let metadata = json!({ "generateName": "preflight-", "labels": template["metadata"]["labels"] });
        // Its account is made by the install.
        let mut spec = template["spec"].clone();
        if let Some(spec) = spec.as_object_mut() {
            spec.remove("serviceAccountName");
        }
        if spec["restartPolicy"].is_null() {
            spec["restartPolicy"] = "Always".into();
        }
        let pod = serde_json::from_value::<Pod>(json!({ "metadata": metadata, "spec": spec }));
        let Ok(pod) = pod else { continue };
        match api.create(&PostParams { dry_run: true, ..PostParams::default() }, &pod).await {
            Err(kube::Error::Api(status)) if matches!(status.code, 400 | 403 | 422) => {
                let hint = "use the profile `restricted`, or ask for an exception of the namespace";
                found.push(Finding::bad(
                    "admission",
                    format!("a Pod of the {} is refused: {}", step.title(), status.message),
                    hint,
                ));
            }
            answer => drop(answer.map_err(ClusterError::when(format!("try a Pod of the {}", step.title())))?),
        }
    }
    if found.is_empty() {
        found.push(Finding::good(
            "admission",
            format!("Pods of all templates are admitted (pod security enforces {level})"),
        ));
    }
    Ok(found)
}

/// Makes one Pod with a container for each image, and sees which of them were pulled.
pub(super) async fn probed(
    client: &Client,
    plan: &Plan,
    release: &Release,
    timeout: Duration,
) -> Result<Vec<Finding>, InstallError> {
    let Some(pod) = probe(plan, release) else { return Ok(Vec::new()) };
    let api: Api<Pod> = Api::namespaced(client.clone(), &release.namespace);
    let created = api.create(&PostParams::default(), &pod).await;
    let name = created.map_err(ClusterError::when("make a Pod that pulls the images"))?.name_any();
    let found = watch(&api, &name, timeout).await;
    _ = api.delete(&name, &DeleteParams::default().grace_period(0)).await;
    found
}

/// A Pod that pulls all images. What it runs of them does not exist, so it starts nothing.
fn probe(plan: &Plan, release: &Release) -> Option<Pod> {
    let mut images: BTreeSet<String> = BTreeSet::new();
    let mut pull_secrets = Vec::new();
    for (step, template) in templates(plan) {
        if step.object.namespace.as_deref().is_some_and(|own| own != release.namespace) {
            continue;
        }
        let spec = &template["spec"];
        for section in ["initContainers", "containers"] {
            let containers = spec[section].as_array().into_iter().flatten();
            images.extend(containers.filter_map(|container| container["image"].as_str().map(str::to_owned)));
        }
        pull_secrets.extend(spec["imagePullSecrets"].as_array().cloned().unwrap_or_default());
    }
    if images.is_empty() {
        return None;
    }
    let container = |(place, image): (usize, &String)| {
        json!({
            "name": format!("image-{place}"),
            "image": image,
            "imagePullPolicy": "IfNotPresent",
            "command": ["/preflight-starts-nothing"],
            "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] }, "readOnlyRootFilesystem": true,
                                 "runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": { "type": "RuntimeDefault" } },
            "resources": { "requests": { "cpu": "1m", "memory": "4Mi" }, "limits": { "cpu": "10m", "memory": "16Mi" } },
        })
    };
    let pod = json!({
        "metadata": { "generateName": format!("{}-preflight-", release.name), "labels": { "app.kubernetes.io/component": "preflight" } },
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": false,
            "terminationGracePeriodSeconds": 0,
            "imagePullSecrets": pull_secrets,
            "containers": images.iter().enumerate().map(container).collect::<Vec<_>>(),
        },
    });
    serde_json::from_value(pod).ok()
}

async fn watch(api: &Api<Pod>, name: &str, timeout: Duration) -> Result<Vec<Finding>, InstallError> {
    let end = Instant::now() + timeout;
    loop {
        let pod = api.get(name).await.map_err(ClusterError::when(format!("read the Pod {name}")))?;
        let status = pod.status.clone().unwrap_or_default();
        let containers = status.container_statuses.unwrap_or_default();
        let late = Instant::now() > end;
        let pulls: Vec<Pull> = containers.iter().map(pull).collect();
        let settled = !pulls.is_empty() && pulls.iter().all(|one| !matches!(one, Pull::Open));
        if !settled && !late {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        if containers.is_empty() {
            let scheduled = status.conditions.unwrap_or_default().into_iter().find(|one| one.type_ == "PodScheduled");
            let why = scheduled.and_then(|one| one.message).unwrap_or_else(|| "no kubelet took it".into());
            return Ok(vec![Finding::unknown(
                "images",
                format!("the Pod that pulls them did not start: {why}"),
                "look at the nodes",
            )]);
        }
        let one = |(status, pull): (&ContainerStatus, Pull)| match pull {
            Pull::Done => Finding::good("images", format!("{} is there", status.image)),
            Pull::Failed(why) => Finding::bad(
                "images",
                format!("{} cannot be pulled: {why}", status.image),
                "`image push` brings it into a registry, `image load` into the nodes; `global.image.registry` names a mirror",
            ),
            Pull::Open => {
                Finding::unknown("images", format!("{} was not pulled in time", status.image), "give it more --timeout")
            }
        };
        return Ok(containers.iter().zip(pulls).map(one).collect());
    }
}

/// How far the image of a container is.
pub(super) enum Pull {
    Open,
    Done,
    Failed(String),
}

/// A container that could not be started for want of its program has its image.
pub(super) fn pull(status: &ContainerStatus) -> Pull {
    let Some(state) = &status.state else { return Pull::Open };
    if state.terminated.is_some() || state.running.is_some() {
        return Pull::Done;
    }
    let Some(waiting) = &state.waiting else { return Pull::Open };
    let message = waiting.message.clone().unwrap_or_default();
    match waiting.reason.as_deref().unwrap_or_default() {
        "ErrImagePull" | "ImagePullBackOff" | "ErrImageNeverPull" | "InvalidImageName" | "ImageInspectError" => {
            Pull::Failed(message)
        }
        "CreateContainerError" | "RunContainerError" | "CreateContainerConfigError" => Pull::Done,
        _ => Pull::Open,
    }
}
