//! The custom resource definitions, as objects and as files of the chart.

use chartwright_contract::crds;
use serde_json::{Map, Value as Json};

use crate::render::{Object, to_yaml};

/// The five definitions as they are applied: `crds.labels` and `crds.annotations` of the values are added.
pub fn crds(values: &Map<String, Json>) -> serde_json::Result<Vec<Object>> {
    let section = values.get("crds");
    let mut objects = Vec::new();
    for crd in crds::all() {
        let mut value = serde_json::to_value(&crd)?;
        for (from, to) in [("labels", "labels"), ("annotations", "annotations")] {
            let Some(more) = section.and_then(|section| section.get(from)).and_then(Json::as_object) else { continue };
            let more: Map<String, Json> = more
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            if let (false, Some(metadata)) = (more.is_empty(), value.get_mut("metadata").and_then(Json::as_object_mut))
            {
                metadata.insert(to.into(), more.into());
            }
        }
        let name = crd.metadata.name.unwrap_or_default();
        objects.push(Object {
            api_version: "apiextensions.k8s.io/v1".into(),
            kind: "CustomResourceDefinition".into(),
            namespace: None,
            template: format!("crds/{name}.yaml"),
            name,
            value,
            hook: false,
        });
    }
    Ok(objects)
}

/// Their files below `crds/`: Helm installs them, and never upgrades or deletes them.
pub fn crd_files() -> serde_json::Result<Vec<(String, String)>> {
    Ok(crds(&Map::new())?.into_iter().map(|object| (format!("{}.yaml", object.name), to_yaml(&object.value))).collect())
}
