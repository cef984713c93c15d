//! What a workload refers to, fetched when it is needed and kept nowhere.

use std::fmt::Write as _;

use chartwright_contract::control::WorkloadStartRequest;
use chartwright_contract::crds::{Workload, WorkloadDeployment, WorkloadReplicaSet};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{Api, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;

use super::super::Failure;
use super::draft::Draft;
use crate::cluster::{Key, Store};
use crate::operator::{Operator, owner};
use crate::request::{self, Faults, References};
use crate::template::fnv;

/// The request that starts a workload, or what keeps it from being described.
pub(super) async fn request(
    operator: &Operator,
    workload: &Workload,
) -> Result<Result<WorkloadStartRequest, Faults>, Failure> {
    let namespace = workload.namespace().unwrap_or_default();
    let needed = request::needed(&workload.spec);
    let mut references = References::default();
    for name in &needed.config_maps {
        if let Some(map) = fetch::<ConfigMap>(operator, &namespace, name).await? {
            references.config_maps.insert(name.clone(), map);
        }
    }
    for name in &needed.secrets {
        if let Some(secret) = fetch::<Secret>(operator, &namespace, name).await? {
            references.secrets.insert(name.clone(), secret);
        }
    }
    let group = deployment(operator, workload);
    Ok(request::build(workload, group.as_deref(), &references, &operator.settings.cluster_domain))
}

/// The deployment that a workload is a replica of: of one version or the next. A `ReplicaSet` of none stands for itself.
fn deployment(operator: &Operator, workload: &Workload) -> Option<String> {
    let set = owner::<WorkloadReplicaSet>(workload)?;
    let key = Key::new(workload.namespace().unwrap_or_default(), &set);
    let known = operator.cluster.replica_sets.get(&key);
    Some(known.and_then(|known| owner::<WorkloadDeployment>(&*known)).unwrap_or(set))
}

async fn fetch<K>(operator: &Operator, namespace: &str, name: &str) -> Result<Option<K>, Failure>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + std::fmt::Debug + DeserializeOwned,
{
    Ok(Api::<K>::namespaced(operator.cluster.client.clone(), namespace).get_opt(name).await?)
}

/// Which versions of what it refers to there are now: a text to compare, that tells nothing of their content. `None`:
/// it refers to nothing.
pub(super) fn revision(operator: &Operator, workload: &Workload) -> Option<String> {
    let needed = request::needed(&workload.spec);
    if needed.config_maps.is_empty() && needed.secrets.is_empty() {
        return None;
    }
    let namespace = workload.namespace().unwrap_or_default();
    let mut text = String::new();
    for name in &needed.config_maps {
        describe(&mut text, &operator.cluster.config_maps, &namespace, name);
    }
    text.push('/');
    for name in &needed.secrets {
        describe(&mut text, &operator.cluster.secrets, &namespace, name);
    }
    Some(format!("{:08x}", fnv(text.as_bytes())))
}

fn describe<K: Resource<DynamicType = ()>>(text: &mut String, store: &Store<K>, namespace: &str, name: &str) {
    let object = store.get(&Key::new(namespace, name));
    let version = object.as_ref().and_then(|object| object.meta().resource_version.as_deref());
    _ = write!(text, "{name}@{};", version.unwrap_or_default());
}

/// Compares what a workload was started with to what there is now. One that another operator started counts as up to date,
/// because nobody knows.
pub(super) fn compare(operator: &Operator, workload: &Workload, draft: &mut Draft) {
    let present = revision(operator, workload);
    match (draft.revision(), present.as_deref()) {
        _ if draft.is_outdated() => {}
        (Some(before), Some(now)) if before != now => draft.outdated(),
        (None, now) => draft.set_config(now),
        _ => {}
    }
}
