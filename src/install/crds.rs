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

use super::conflicts::{self, Sides};
use super::{Action, InstallError, Step, apply};

/// A manager of their own: they belong to no release, and outlive each.
const MANAGER: &str = "chartwright-crds";

/// Who may have written definitions before us: Helm, out of `crds/` of any chart, and ourselves.
const KNOWN: [&str; 2] = ["helm", MANAGER];

/// How long the API server has to serve new kinds.
const PATIENCE: Duration = Duration::from_mins(1);

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
    // A hook Job has nobody to ask: what others wrote is taken over.
    let steps = plan(client, &crds, true).await?;
    carry_out(client, &steps, true, Instant::now() + PATIENCE).await?;
    Ok(crds.into_iter().map(|crd| crd.name).collect())
}

/// What it takes to have these definitions.
pub(super) async fn plan(client: &Client, crds: &[Object], force: bool) -> Result<Vec<Step>, InstallError> {
    let kind = kind();
    let mut steps = Vec::new();
    for crd in crds {
        let before = apply::get(client, &kind, crd).await?;
        if let Some(live) = &before {
            check_stored(crd, live)?;
        }
        let after = match &before {
            Some(_) => Some(send(client, crd, true, force).await?),
            None => None,
        };
        let action = match (&before, &after) {
            (Some(before), Some(after)) if apply::settled(before) == apply::settled(after) => Action::Same,
            (Some(_), _) => Action::Change,
            (None, _) => Action::Create,
        };
        steps.push(Step { action, object: crd.clone(), before, after, taken: None, kind: kind.clone() });
    }
    Ok(steps)
}

/// Applies what differs, and waits until the API server serves all of it.
pub(super) async fn carry_out(client: &Client, steps: &[Step], force: bool, end: Instant) -> Result<(), InstallError> {
    let changed: Vec<_> = steps.iter().filter(|step| step.action != Action::Same).collect();
    for step in &changed {
        patiently(end, async || send(client, &step.object, false, force).await).await?;
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

async fn send(client: &Client, crd: &Object, dry_run: bool, force: bool) -> Result<Value, InstallError> {
    let api = kind().api(client, "");
    let parameters = |force| PatchParams { dry_run, force, ..PatchParams::apply(MANAGER) };
    let mut sent = api.patch(&crd.name, &parameters(force), &Patch::Apply(&crd.value)).await;
    if let Err(kube::Error::Api(status)) = &sent
        && conflicts::is_conflict(status)
    {
        if !conflicts::managers(status).iter().all(|manager| KNOWN.contains(&manager.as_str())) {
            let object = format!("CustomResourceDefinition {}", crd.name);
            return Err(InstallError::Conflict { object, fields: conflicts::told(status, Sides::default(), |_| true) });
        }
        sent = api.patch(&crd.name, &parameters(true), &Patch::Apply(&crd.value)).await;
    }
    let sent = sent.map_err(ClusterError::when(format!("apply the CustomResourceDefinition {}", crd.name)))?;
    Ok(serde_json::to_value(sent).unwrap_or_default())
}

/// Where definitions stay as they are, they must know every field of this version: the API server would silently drop the others,
/// and a limit that is dropped is no limit.
pub(super) async fn check_installed(client: &Client, crds: &[Object]) -> Result<(), InstallError> {
    let mut faults = Vec::new();
    for crd in crds {
        let Some(live) = apply::get(client, &kind(), crd).await? else {
            faults.push(format!("{} is not there", crd.name));
            continue;
        };
        let lacking = lacking(crd, &live);
        if !lacking.is_empty() {
            faults.push(format!("{} lacks {}", crd.name, lacking.join(", ")));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(InstallError::OldDefinitions(faults)) }
}

/// Fields of the definition that the live one has not, as paths.
fn lacking(crd: &Object, live: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    for version in crd.value["spec"]["versions"].as_array().into_iter().flatten() {
        let known =
            live["spec"]["versions"].as_array().into_iter().flatten().find(|one| one["name"] == version["name"]);
        let schema = |version: &Value| version["schema"]["openAPIV3Schema"].clone();
        let known = known.map(schema).unwrap_or_default();
        compare(&schema(version), &known, "", &mut paths);
    }
    paths
}

fn compare(wanted: &Value, known: &Value, path: &str, paths: &mut Vec<String>) {
    if known["x-kubernetes-preserve-unknown-fields"] == true {
        return;
    }
    for (name, schema) in wanted["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        match known["properties"].get(name) {
            None => paths.push(path),
            Some(known) => compare(schema, known, &path, paths),
        }
    }
    for inner in ["items", "additionalProperties"] {
        if wanted[inner].is_object() {
            compare(&wanted[inner], &known[inner], &format!("{path}[]"), paths);
        }
    }
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

    #[test]
    fn fields_that_an_old_definition_lacks_are_named() {
        let crds = export::crds(&serde_json::Map::new()).unwrap();
        let crd = crds.iter().find(|crd| crd.name.starts_with("workloaddeployments")).unwrap();
        assert_eq!(lacking(crd, &crd.value), Vec::<String>::new());
        let mut old = crd.value.clone();
        let spec = &mut old["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"];
        spec.as_object_mut().unwrap().remove("replicas").unwrap();
        assert_eq!(lacking(crd, &old), [".spec.replicas"]);
    }
}
