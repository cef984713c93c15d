//! Removing what a run made, in the order in which it depends on each other.

use std::time::Duration;

use kube::api::{DeleteParams, ListParams, Preconditions};
use tokio::time::Instant;

use super::Scene;
use crate::cluster::ClusterError;

/// What the checks make, workloads first: their hosts are told while everything is still there.
const KINDS: [(&str, &str); 8] = [
    ("runtime.wasmcloud.dev/v1alpha1", "WorkloadDeployment"),
    ("runtime.wasmcloud.dev/v1alpha1", "WorkloadReplicaSet"),
    ("runtime.wasmcloud.dev/v1alpha1", "Workload"),
    ("v1", "Pod"),
    ("v1", "Service"),
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
    ("v1", "Namespace"),
];

impl Scene {
    /// Removes all that this run made.
    pub(in crate::conformance) async fn clear(&self) -> Result<(), ClusterError> {
        all(self, &self.mark()).await
    }
}

/// Removes what a selector selects, in every namespace that the run used.
pub(super) async fn all(scene: &Scene, selector: &str) -> Result<(), ClusterError> {
    let selected = ListParams::default().labels(selector);
    let mut namespaces = vec![scene.namespace.clone()];
    let own = scene.kinds.find("v1", "Namespace").await?;
    match own.api(&scene.client, "").list_metadata(&selected).await {
        Ok(listed) => namespaces.extend(listed.items.into_iter().filter_map(|one| one.metadata.name)),
        Err(kube::Error::Api(status)) if status.code == 403 => {}
        Err(err) => return Err(ClusterError::when("list namespaces")(err)),
    }
    for namespace in &namespaces {
        for (api_version, name) in KINDS {
            let kind = match scene.kinds.find(api_version, name).await {
                // Without its definitions there are no objects.
                Err(ClusterError::NoKind { .. }) => continue,
                kind => kind?,
            };
            let api = kind.api(&scene.client, namespace);
            let listed = api.list_metadata(&selected).await;
            let listed = match listed {
                Err(kube::Error::Api(status)) if status.code == 403 => continue,
                listed => listed.map_err(ClusterError::when(format!("list {name}s in {namespace}")))?,
            };
            let mut left = Vec::new();
            for object in listed.items {
                let Some(object_name) = object.metadata.name else { continue };
                let exactly = Preconditions { uid: object.metadata.uid, resource_version: None };
                let params = DeleteParams { preconditions: Some(exactly), ..DeleteParams::background() };
                match api.delete(&object_name, &params).await {
                    Ok(_) => left.push(object_name),
                    // It went meanwhile, or is another one by now.
                    Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => {}
                    Err(err) => {
                        return Err(ClusterError::when(format!("remove the {name} {namespace}/{object_name}"))(err));
                    }
                }
            }
            // Hosts must be told before the rest goes; nothing else is waited for.
            let end = Instant::now() + Duration::from_secs(if api_version == "v1" { 0 } else { 15 });
            while !left.is_empty() && Instant::now() < end {
                let there = api.list_metadata(&selected).await.map_err(ClusterError::when("see what is left"))?;
                left.retain(|name| there.items.iter().any(|one| one.metadata.name.as_ref() == Some(name)));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    Ok(())
}
