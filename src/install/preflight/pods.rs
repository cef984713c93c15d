//! Whether Pods of the release would be admitted, and whether their images and NATS servers are within reach of a Pod.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::api::{DeleteParams, PostParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use crate::cluster::ClusterError;
use crate::render::Release;

use super::super::{Action, InstallError, Plan, Step};
use super::Finding;
use super::places::{LATER, Places};

/// What RBAC says where it is not the Pod that is refused, but who makes it.
const NO_RIGHT: &str = "cannot create resource \"pods\"";

const PAUSE: Duration = Duration::from_millis(500);

/// Kinds with a template of Pods.
const OWNERS: [&str; 4] = ["Deployment", "StatefulSet", "DaemonSet", "Job"];

/// The templates of Pods that the release will have, each with what it is of.
pub(super) fn templates(plan: &Plan) -> impl Iterator<Item = (&Step, &Value)> {
    let stays = plan.steps.iter().filter(|step| !matches!(step.action, Action::Delete | Action::Keep));
    stays.filter_map(|step| {
        let spec = &step.object.value["spec"];
        match step.object.kind.as_str() {
            "CronJob" => Some((step, &spec["jobTemplate"]["spec"]["template"])),
            kind => OWNERS.contains(&kind).then(|| (step, &spec["template"])),
        }
    })
}

/// Where the Pods of an object are.
fn place<'p>(step: &'p Step, release: &'p Release) -> &'p str {
    step.object.namespace.as_deref().unwrap_or(&release.namespace)
}

/// Has the API server try a Pod of each template: pod security, quotas and webhooks speak up here, and not in a crash loop.
pub(super) async fn admitted(
    client: &Client,
    plan: &Plan,
    release: &Release,
    places: &Places,
) -> Result<Vec<Finding>, InstallError> {
    let (mut found, mut untried) = (Vec::new(), BTreeSet::new());
    for (step, template) in templates(plan) {
        let own = place(step, release);
        if places.is_missing(own) {
            untried.insert(own);
            continue;
        }
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
                found.push(refused(&step.title(), &status.message));
            }
            answer => drop(answer.map_err(ClusterError::when(format!("try a Pod of the {}", step.title())))?),
        }
    }
    if found.is_empty() && untried.is_empty() {
        let level = places.enforced();
        found.push(Finding::good(
            "admission",
            format!("Pods of all templates are admitted (pod security enforces {level})"),
        ));
    }
    for place in untried {
        let seen = format!("no Pod could be tried in the namespace {place}, which is not there yet");
        found.push(Finding::unknown("admission", seen, LATER));
    }
    Ok(found)
}

/// A Pod that was not taken: for what it is, or for who made it.
fn refused(title: &str, why: &str) -> Finding {
    if why.contains(NO_RIGHT) {
        let seen = format!("a Pod of the {title} could not be tried: {why}");
        // Controllers make the Pods of an install.
        return Finding::unknown("admission", seen, "ask for the right, or what pod security and quotas there are");
    }
    let hint = "use the profile `restricted`, or ask for an exception of the namespace";
    Finding::bad("admission", format!("a Pod of the {title} is refused: {why}"), hint)
}

/// Makes a Pod in each namespace with a container for each image of its Pods, and sees which of them were pulled.
pub(super) async fn probed(
    client: &Client,
    plan: &Plan,
    release: &Release,
    places: &Places,
    timeout: Duration,
) -> Result<Vec<Finding>, InstallError> {
    let all: BTreeSet<&str> = templates(plan).map(|(step, _)| place(step, release)).collect();
    let mut found = Vec::new();
    for own in all {
        if places.is_missing(own) {
            let seen = format!("the images of Pods in {own} were not pulled: the namespace is not there yet");
            found.push(Finding::unknown("images", seen, LATER));
            continue;
        }
        let Some(pod) = probe(plan, release, own) else { continue };
        let api: Api<Pod> = Api::namespaced(client.clone(), own);
        let name = match api.create(&PostParams::default(), &pod).await {
            Ok(created) => created.name_any(),
            Err(kube::Error::Api(status)) if status.code == 403 => {
                let seen = format!("the Pod that pulls them was refused in {own}: {}", status.message);
                found.push(Finding::unknown("images", seen, "ask for the right, or leave it with --no-pod"));
                continue;
            }
            Err(err) => return Err(ClusterError::when("make a Pod that pulls the images")(err).into()),
        };
        let seen = watch(&api, &name, timeout).await;
        _ = api.delete(&name, &DeleteParams::default().grace_period(0)).await;
        // Nodes may differ, and so do the Secrets with which images are pulled.
        let elsewhere = |one: Finding| Finding { seen: format!("{} (in {own})", one.seen), ..one };
        if own == release.namespace {
            found.extend(seen?);
        } else {
            found.extend(seen?.into_iter().map(elsewhere));
        }
    }
    Ok(found)
}

/// A Pod that pulls all images. What it runs of them does not exist, so it starts nothing.
fn probe(plan: &Plan, release: &Release, own: &str) -> Option<Pod> {
    let mut images: BTreeSet<String> = BTreeSet::new();
    let mut pull_secrets = Vec::new();
    for (_, template) in templates(plan).filter(|(step, _)| place(step, release) == own) {
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

#[cfg(test)]
mod tests {
    use super::super::{Verdict, sample};
    use super::*;

    #[test]
    fn who_may_make_no_pods_is_not_told_that_they_are_wrong() {
        let right =
            r#"pods is forbidden: User "me" cannot create resource "pods" in API group "" in the namespace "shop""#;
        assert_eq!(refused("Deployment shop/web", right).verdict, Verdict::Unknown);
        let security = r#"pods "preflight-1" is forbidden: violates PodSecurity "restricted:latest""#;
        assert_eq!(refused("Deployment shop/web", security).verdict, Verdict::Bad);
    }

    #[test]
    fn templates_are_those_that_the_release_will_have_of_every_kind() {
        let template = |image: &str| json!({ "spec": { "containers": [{ "name": "a", "image": image }] } });
        let nightly = json!({ "spec": { "jobTemplate": { "spec": { "template": template("nightly:1") } } } });
        let owner = |image: &str| json!({ "spec": { "template": template(image) } });
        let mut plan = Plan {
            steps: vec![
                sample::step("CronJob", "nightly", "shop", nightly),
                sample::step("Deployment", "web", "shop", owner("web:1")),
                sample::step("Deployment", "tenant", "elsewhere", owner("tenant:1")),
                sample::step("Deployment", "old", "shop", owner("old:1")),
                sample::step("ConfigMap", "map", "shop", json!({})),
            ],
            ..Plan::default()
        };
        plan.steps[3].action = Action::Delete;
        let names: Vec<&str> = templates(&plan).map(|(step, _)| step.object.name.as_str()).collect();
        assert_eq!(names, ["nightly", "web", "tenant"]);
        let release = Release { name: "web".into(), namespace: "shop".into() };
        let images = |own: &str| -> Vec<String> {
            let spec = probe(&plan, &release, own).unwrap().spec.unwrap();
            spec.containers.into_iter().filter_map(|container| container.image).collect()
        };
        assert_eq!(images("shop"), ["nightly:1", "web:1"]);
        assert_eq!(images("elsewhere"), ["tenant:1"]);
        assert!(probe(&plan, &release, "nowhere").is_none());
    }
}
