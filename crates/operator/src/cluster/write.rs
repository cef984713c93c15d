//! Writes: each is counted, and what the API server answers is known here at once.

use std::fmt::Debug;
use std::sync::Arc;

use chartwright_contract::crds::{Artifact, Host, Workload, WorkloadDeployment, WorkloadReplicaSet};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use kube::{Api, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{Cluster, Key, MANAGER, Store};

/// A kind of which the cluster's objects are kept here.
pub(crate) trait Kept:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// Where.
    fn store(cluster: &Cluster) -> &Arc<Store<Self>>;
}

macro_rules! kept {
    ($($kind:ty: $field:ident),+) => {
        $(impl Kept for $kind {
            fn store(cluster: &Cluster) -> &Arc<Store<Self>> {
                &cluster.$field
            }
        })+
    };
}
kept!(
    Workload: workloads,
    WorkloadReplicaSet: replica_sets,
    WorkloadDeployment: deployments,
    Artifact: artifacts,
    Host: hosts,
    EndpointSlice: slices,
    Pod: pods
);

impl Cluster {
    pub(crate) fn api<K: Kept>(&self, namespace: &str) -> Api<K> {
        Api::namespaced(self.client.clone(), namespace)
    }

    fn kept<K: Kept>(&self, mut object: K) -> Arc<K> {
        object.meta_mut().managed_fields = None;
        K::store(self).put(object)
    }

    fn counted<K: Kept>(&self) {
        self.metrics.write(&K::plural(&()));
    }

    /// Makes an object.
    pub(crate) async fn create<K: Kept>(&self, object: &K) -> kube::Result<Arc<K>> {
        self.counted::<K>();
        let parameters = PostParams { field_manager: Some(MANAGER.into()), ..PostParams::default() };
        Ok(self.kept(self.api::<K>(&Key::of(object).namespace).create(&parameters, object).await?))
    }

    /// Makes an object, or makes it so: our fields are as given, others stay.
    pub(crate) async fn apply<K: Kept>(&self, object: &K) -> kube::Result<Arc<K>> {
        self.counted::<K>();
        let Key { namespace, name } = Key::of(object);
        let mut value = serde_json::to_value(object).map_err(kube::Error::SerdeError)?;
        if let Some(fields) = value.as_object_mut() {
            fields.insert("apiVersion".into(), K::api_version(&()).into());
            fields.insert("kind".into(), K::kind(&()).into());
            fields.remove("status");
        }
        let parameters = PatchParams::apply(MANAGER).force();
        Ok(self.kept(self.api::<K>(&namespace).patch(&name, &parameters, &Patch::Apply(value)).await?))
    }

    /// Changes some fields; `null` takes one away.
    pub(crate) async fn merge<K: Kept>(&self, object: &K, fields: Value) -> kube::Result<Arc<K>> {
        self.counted::<K>();
        let Key { namespace, name } = Key::of(object);
        let parameters = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
        Ok(self.kept(self.api::<K>(&namespace).patch(&name, &parameters, &Patch::Merge(fields)).await?))
    }

    /// Writes a status, if it is another one than the object has.
    pub(crate) async fn status<K: Kept, S: Serialize>(
        &self,
        object: &K,
        before: Option<&S>,
        after: &S,
    ) -> kube::Result<()> {
        let value = |status: &S| serde_json::to_value(status).map_err(kube::Error::SerdeError);
        let before = before.map(value).transpose()?.unwrap_or(Value::Null);
        let Some(change) = difference(&before, &value(after)?) else { return Ok(()) };
        self.counted::<K>();
        let Key { namespace, name } = Key::of(object);
        // Another object of that name is none of our business.
        let body = json!({ "metadata": { "uid": object.meta().uid }, "status": change });
        let parameters = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
        let answer = self.api::<K>(&namespace).patch_status(&name, &parameters, &Patch::Merge(body)).await?;
        self.kept(answer);
        Ok(())
    }

    /// Deletes an object, if it is still that one. One that is gone already is no error.
    pub(crate) async fn delete<K: Kept>(&self, object: &K) -> kube::Result<()> {
        self.counted::<K>();
        let Key { namespace, name } = Key::of(object);
        let parameters = DeleteParams {
            preconditions: Some(Preconditions { uid: object.meta().uid.clone(), resource_version: None }),
            ..DeleteParams::background()
        };
        match self.api::<K>(&namespace).delete(&name, &parameters).await {
            Ok(either) => {
                if let Some(object) = either.left() {
                    if object.meta().finalizers.as_ref().is_none_or(Vec::is_empty) {
                        K::store(self).remove(&object);
                    } else {
                        self.kept(object);
                    }
                } else {
                    K::store(self).remove(object);
                }
                Ok(())
            }
            Err(err) if is_gone(&err) => {
                K::store(self).remove(object);
                Ok(())
            }
            Err(err) => Err(err),
        }
    }

    /// Takes finalizers away.
    pub(crate) async fn release<K: Kept>(&self, object: &K, finalizers: &[&str]) -> kube::Result<()> {
        let there = object.meta().finalizers.clone().unwrap_or_default();
        let left: Vec<_> = there.iter().filter(|one| !finalizers.contains(&one.as_str())).cloned().collect();
        if left.len() == there.len() {
            return Ok(());
        }
        // The version keeps finalizers that others add at this moment.
        let meta = json!({ "finalizers": left, "resourceVersion": object.meta().resource_version });
        match self.merge(object, json!({ "metadata": meta })).await {
            Ok(object) if object.meta().finalizers.as_ref().is_none_or(Vec::is_empty) => {
                if object.meta().deletion_timestamp.is_some() {
                    K::store(self).remove(&object);
                }
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(err) if is_gone(&err) => {
                K::store(self).remove(object);
                Ok(())
            }
            Err(err) => Err(err),
        }
    }

    /// Adds a finalizer, unless it is there.
    pub(crate) async fn hold<K: Kept>(&self, object: &Arc<K>, finalizer: &str) -> kube::Result<Arc<K>> {
        let mut finalizers = object.meta().finalizers.clone().unwrap_or_default();
        if finalizers.iter().any(|one| one == finalizer) {
            return Ok(Arc::clone(object));
        }
        finalizers.push(finalizer.to_owned());
        let meta = json!({ "finalizers": finalizers, "resourceVersion": object.meta().resource_version });
        self.merge(&**object, json!({ "metadata": meta })).await
    }
}

/// Whether an object is not there any more, or is another one now.
pub(crate) fn is_gone(err: &kube::Error) -> bool {
    matches!(err, kube::Error::Api(status) if status.code == 404)
        || matches!(err, kube::Error::Api(status) if status.code == 409 && status.message.contains("UID"))
}

/// The merge patch that makes one value of another; `None` if they are equal.
fn difference(before: &Value, after: &Value) -> Option<Value> {
    if before == after {
        return None;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else { return Some(after.clone()) };
    let mut change = Map::new();
    for (key, value) in new {
        if let Some(part) = difference(old.get(key).unwrap_or(&Value::Null), value) {
            change.insert(key.clone(), part);
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        change.insert(key.clone(), Value::Null);
    }
    Some(Value::Object(change))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_holds_what_changed_and_nulls_for_what_went() {
        let before = json!({ "hostId": "a", "list": [1, 2], "same": { "x": 1, "y": 2 } });
        let after = json!({ "list": [2], "same": { "x": 1, "y": 3 }, "new": true });
        assert_eq!(
            difference(&before, &after),
            Some(json!({ "hostId": null, "list": [2], "same": { "y": 3 }, "new": true }))
        );
        assert_eq!(difference(&after, &after), None);
        assert_eq!(difference(&Value::Null, &json!({ "a": 1 })), Some(json!({ "a": 1 })));
    }
}
