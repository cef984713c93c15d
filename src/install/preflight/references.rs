//! Whether the Secrets and ConfigMaps are there that Pods of the release refer to and the release does not bring.

use std::collections::BTreeMap;

use chartwright_contract::crds::names;
use k8s_openapi::api::core::v1::{ConfigMap, PodSpec, Secret};
use kube::{Api, Client};

use crate::cluster::{ClusterError, needed};
use crate::render::Release;

use super::super::Plan;
use super::Finding;
use super::pods::templates;

/// Kind, namespace and name, and the parts that refer to it.
type References = BTreeMap<(&'static str, String, String), Vec<String>>;

pub(super) async fn check(client: &Client, plan: &Plan, release: &Release) -> Result<Vec<Finding>, ClusterError> {
    let (mut start, mut pull) = (References::new(), References::new());
    for (step, template) in templates(plan) {
        let Ok(spec) = serde_json::from_value::<PodSpec>(template["spec"].clone()) else { continue };
        let namespace = step.object.namespace.as_ref().unwrap_or(&release.namespace);
        let add = |list: &mut References, kind, name: String| {
            list.entry((kind, namespace.clone(), name)).or_default().push(step.title());
        };
        let needed = needed(&spec);
        needed.secrets.into_iter().for_each(|name| add(&mut start, "Secret", name));
        needed.config_maps.into_iter().for_each(|name| add(&mut start, "ConfigMap", name));
        let secrets = spec.image_pull_secrets.into_iter().flatten();
        secrets.for_each(|one| add(&mut pull, "Secret", one.name));
    }
    let count = start.len() + pull.len();
    let mut found = Vec::new();
    for (place, by) in missing(client, plan, start).await? {
        let seen = format!("{place}, which {by} cannot start without, is not there");
        found.push(Finding::bad("references", seen, "make it first, or take it out of the values"));
    }
    for (place, by) in missing(client, plan, pull).await? {
        let seen = format!("{place}, with which {by} pulls its images, is not there");
        found.push(Finding::warning("references", seen, "make it first, unless the images need no credentials"));
    }
    if found.is_empty() {
        found.push(Finding::good(
            "references",
            format!("all {count} Secrets and ConfigMaps are there, or will be made"),
        ));
    }
    Ok(found)
}

/// Those that are not there and that nothing of the release makes; whose they are.
async fn missing(client: &Client, plan: &Plan, references: References) -> Result<Vec<(String, String)>, ClusterError> {
    let mut missing = Vec::new();
    for ((kind, namespace, name), by) in references {
        if is_made(plan, kind, &namespace, &name) {
            continue;
        }
        // Who may not look cannot tell; `rights` says so.
        if is_there(client, kind, &namespace, &name).await? == Some(false) {
            missing.push((format!("the {kind} {namespace}/{name}"), format!("the {}", by.join(" and the "))));
        }
    }
    Ok(missing)
}

/// Whether a Secret or ConfigMap is there; none: we may not look.
pub(super) async fn is_there(
    client: &Client,
    kind: &str,
    namespace: &str,
    name: &str,
) -> Result<Option<bool>, ClusterError> {
    let there = match kind {
        "Secret" => {
            Api::<Secret>::namespaced(client.clone(), namespace).get_metadata_opt(name).await.map(|one| one.is_some())
        }
        _ => Api::<ConfigMap>::namespaced(client.clone(), namespace)
            .get_metadata_opt(name)
            .await
            .map(|one| one.is_some()),
    };
    match there {
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(None),
        there => there.map(Some).map_err(ClusterError::when(format!("look for the {kind} {namespace}/{name}"))),
    }
}

/// Whether the release brings it, or has somebody make it: the operator or a Job from their list, or cert-manager.
fn is_made(plan: &Plan, kind: &str, namespace: &str, name: &str) -> bool {
    plan.steps.iter().any(|step| {
        let (object, value) = (&step.object, &step.object.value);
        let here = object.namespace.as_deref() == Some(namespace);
        match object.kind.as_str() {
            "ConfigMap" if kind == "Secret" => {
                value["data"][names::CERTIFICATES].as_str().is_some_and(|list| list.contains(&format!("\"{name}\"")))
            }
            "Certificate" => here && kind == "Secret" && value["spec"]["secretName"] == *name,
            own => here && own == kind && object.name == name,
        }
    })
}
