//! The step of the custom resource definitions, which Helm makes once and never again: here they are kept at this version,
//! and none that would lose objects is applied.

use std::collections::BTreeMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ApiResource, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::Value;
use tokio::time::{Duration, Instant};

use crate::cluster::{ClusterError, Kind, patiently};
use crate::export;
use crate::render::Object;

use super::{Action, InstallError, Step, apply};

/// A manager of their own: they belong to no release, and outlive each.
const MANAGER: &str = "chartwright-crds";

/// How long the API server has to serve new kinds.
const PATIENCE: Duration = Duration::from_secs(60);

/// What definitions are marked with by `crds apply`.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// Helm leaves them when the release goes: with them all objects would go.
    pub keep: bool,
}

/// Applies all definitions of this version. Returns their names. One that would drop a version in which objects are stored is
/// refused before any is applied.
pub async fn apply_all(client: &Client, marks: &Marks) -> Result<Vec<String>, InstallError> {
    let mut crds = export::crds(&serde_json::Map::new()).map_err(|err| InstallError::Chart(err.to_string()))?;
    for crd in &mut crds {
        let mut set = |section: &str, key: &str, value: &str| {
            crd.value["metadata"][section][key] = value.into();
        };
        marks.labels.iter().for_each(|(key, value)| set("labels", key, value));
        marks.annotations.iter().for_each(|(key, value)| set("annotations", key, value));
        if marks.keep {
            set("annotations", "helm.sh/resource-policy", "keep");
        }
    }
    let steps = plan(client, &crds).await?;
    carry_out(client, &steps, Instant::now() + PATIENCE).await?;
    Ok(crds.into_iter().map(|crd| crd.name).collect())
}

/// What it takes to have these definitions.
pub(super) async fn plan(client: &Client, crds: &[Object]) -> Result<Vec<Step>, InstallError> {
    let kind = kind();
    let mut steps = Vec::new();
    for crd in crds {
        let before = apply::get(client, &kind, crd).await?;
        if let Some(live) = &before {
            check_stored(crd, live)?;
        }
        let after = match &before {
            Some(_) => Some(send(client, crd, true).await?),
            None => None,
        };
        let action = match (&before, &after) {
            (Some(before), Some(after)) if apply::settled(before) == apply::settled(after) => Action::Same,
            (Some(_), _) => Action::Change,
            (None, _) => Action::Create,
        };
        steps.push(Step { action, object: crd.clone(), before, after, kind: kind.clone() });
    }
    Ok(steps)
}

/// Applies what differs, and waits until the API server serves all of it.
pub(super) async fn carry_out(client: &Client, steps: &[Step], end: Instant) -> Result<(), InstallError> {
    let changed: Vec<_> = steps.iter().filter(|step| step.action != Action::Same).collect();
    for step in &changed {
        patiently(end, async || send(client, &step.object, false).await).await?;
    }
    for step in &changed {
        while !patiently(end, async || is_served(client, step).await).await? {
            if Instant::now() > end {
                return Err(InstallError::Late(format!("the API server does not serve the {}", step.title())));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}

/// The kind of an object whose definition is among those to be applied.
pub(super) fn kind_of(crds: &[Object], object: &Object) -> Option<Kind> {
    let (group, version) = object.api_version.split_once('/')?;
    let spec = crds.iter().map(|crd| &crd.value["spec"]);
    let spec = spec.into_iter().find(|spec| spec["group"] == group && spec["names"]["kind"] == object.kind.as_str())?;
    let plural = spec["names"]["plural"].as_str()?;
    let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, &object.kind), plural);
    Some(Kind { resource, namespaced: spec["scope"] == "Namespaced" })
}

/// Versions in which objects are stored must all be there afterwards.
fn check_stored(crd: &Object, live: &Value) -> Result<(), InstallError> {
    let words = |list: &Value, key: Option<&str>| -> Vec<String> {
        let items = list.as_array().into_iter().flatten();
        items.filter_map(|item| key.map_or(item, |key| &item[key]).as_str().map(str::to_owned)).collect()
    };
    let stored = words(&live["status"]["storedVersions"], None);
    let served = words(&crd.value["spec"]["versions"], Some("name"));
    if stored.iter().all(|version| served.contains(version)) {
        return Ok(());
    }
    Err(InstallError::StoredVersion { name: crd.name.clone(), stored: stored.join(", "), served: served.join(", ") })
}

async fn send(client: &Client, crd: &Object, dry_run: bool) -> Result<Value, InstallError> {
    let parameters = PatchParams { dry_run, ..PatchParams::apply(MANAGER).force() };
    let api = kind().api(client, "");
    let sent = api.patch(&crd.name, &parameters, &Patch::Apply(&crd.value)).await;
    let sent = sent.map_err(ClusterError::when(format!("apply the CustomResourceDefinition {}", crd.name)))?;
    Ok(serde_json::to_value(sent).unwrap_or_default())
}

/// Established, and found by discovery: only then are its objects accepted.
async fn is_served(client: &Client, step: &Step) -> Result<bool, InstallError> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let name = &step.object.name;
    let live =
        api.get_opt(name).await.map_err(ClusterError::when(format!("read the CustomResourceDefinition {name}")))?;
    let conditions = live.and_then(|live| live.status).and_then(|status| status.conditions).unwrap_or_default();
    if !conditions.iter().any(|one| one.type_ == "Established" && one.status == "True") {
        return Ok(false);
    }
    let spec = &step.object.value["spec"];
    let (group, kind) =
        (spec["group"].as_str().unwrap_or_default(), spec["names"]["kind"].as_str().unwrap_or_default());
    let version = spec["versions"][0]["name"].as_str().unwrap_or_default();
    match client.list_api_group_resources(&format!("{group}/{version}")).await {
        Ok(list) => Ok(list.resources.iter().any(|resource| resource.kind == kind)),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(false),
        Err(err) => Err(ClusterError::when("ask which kinds are served")(err).into()),
    }
}

fn kind() -> Kind {
    let gvk = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
    Kind { resource: ApiResource::from_gvk(&gvk), namespaced: false }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_version_with_stored_objects_is_not_dropped() {
        let crd = &export::crds(&serde_json::Map::new()).unwrap()[0];
        let live = |stored: &[&str]| json!({ "status": { "storedVersions": stored } });
        assert!(check_stored(crd, &live(&["v1alpha1"])).is_ok());
        let err = check_stored(crd, &live(&["v1alpha0", "v1alpha1"])).unwrap_err().to_string();
        assert!(err.contains("v1alpha0, v1alpha1") && err.contains("migrate them first"), "{err}");
    }
}
