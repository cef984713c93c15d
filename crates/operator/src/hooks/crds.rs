//! The custom resource definitions, made as this version has them.

use std::collections::BTreeMap;

use chartwright_contract::crds;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};

use super::{HookError, doing};

/// What the definitions are marked with.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// Helm leaves them when the release goes: with them all objects would go.
    pub keep: bool,
}

/// Applies all definitions. Returns their names. One that would drop a version in which objects are stored is refused before
/// any is applied.
pub async fn apply(client: Client, marks: &Marks) -> Result<Vec<String>, HookError> {
    let api: Api<CustomResourceDefinition> = Api::all(client);
    let mut definitions = crds::all();
    for definition in &mut definitions {
        let meta = &mut definition.metadata;
        meta.labels.get_or_insert_default().extend(marks.labels.clone());
        meta.annotations.get_or_insert_default().extend(marks.annotations.clone());
        if marks.keep {
            meta.annotations.get_or_insert_default().insert("helm.sh/resource-policy".into(), "keep".into());
        }
    }
    for definition in &definitions {
        let name = definition.metadata.name.clone().unwrap_or_default();
        let known = api.get_opt(&name).await.map_err(doing(format!("read the CustomResourceDefinition {name}")))?;
        let stored = known.and_then(|known| known.status).and_then(|status| status.stored_versions).unwrap_or_default();
        let served: Vec<_> = definition.spec.versions.iter().map(|version| version.name.clone()).collect();
        if stored.iter().any(|version| !served.contains(version)) {
            return Err(HookError::StoredVersion { name, stored: stored.join(", "), served: served.join(", ") });
        }
    }
    let mut names = Vec::new();
    for definition in &definitions {
        let name = definition.metadata.name.clone().unwrap_or_default();
        // Helm's own name as the owner of these fields: it is what installed them.
        let parameters = PatchParams::apply("helm").force();
        let applied = api.patch(&name, &parameters, &Patch::Apply(definition)).await;
        applied.map_err(doing(format!("apply the CustomResourceDefinition {name}")))?;
        names.push(name);
    }
    Ok(names)
}
