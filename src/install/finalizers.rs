//! Before an uninstall: nothing of ours keeps anything from going once the operator is gone.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use chartwright_contract::crds::names::{
    ARTIFACT_FINALIZER, HOST_FINALIZER, HOST_POD, HOST_POD_FINALIZER, OLD_FINALIZERS, WORKLOAD_FINALIZER,
};
use chartwright_contract::crds::{Artifact, Host, Workload};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::cluster::ClusterError;

use super::InstallError;

/// How long the operator has to end.
const PATIENCE: Duration = Duration::from_mins(2);

/// Every finalizer that an operator of ours or upstream's, or an old gateway, may have left.
const ALL: [&str; 6] =
    [ARTIFACT_FINALIZER, HOST_FINALIZER, HOST_POD_FINALIZER, WORKLOAD_FINALIZER, OLD_FINALIZERS[0], OLD_FINALIZERS[1]];

/// Which release.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its name.
    pub release: String,
    /// Where the operator and Hosts are.
    pub namespace: String,
    /// Where Pods of hosts are besides.
    pub host_namespaces: Vec<String>,
}

/// Ends the operator of a release, which would take them again, and takes our finalizers from everything it looked after.
/// Returns how many objects were freed. The objects themselves stay.
pub async fn release(client: &Client, place: &Place) -> Result<usize, InstallError> {
    end_operator(client, place).await?;
    let mut freed = 0;
    freed += free::<Host>(client, Some(&place.namespace), &ListParams::default()).await?;
    // A Role lets us see one namespace, a ClusterRole all of them: what we may not see was none of its business.
    for everywhere in [true, false] {
        let namespace = (!everywhere).then_some(place.namespace.as_str());
        let workloads = free::<Workload>(client, namespace, &ListParams::default()).await;
        match workloads {
            Err(ClusterError::Refused { status, .. }) if everywhere && status.code == 403 => continue,
            workloads => freed += workloads?,
        }
        freed += free::<Artifact>(client, namespace, &ListParams::default()).await?;
        break;
    }
    let marked = ListParams::default().labels(HOST_POD);
    let mut namespaces = place.host_namespaces.clone();
    namespaces.push(place.namespace.clone());
    namespaces.sort();
    namespaces.dedup();
    for namespace in &namespaces {
        freed += free::<Pod>(client, Some(namespace), &marked).await?;
    }
    Ok(freed)
}

async fn end_operator(client: &Client, place: &Place) -> Result<(), InstallError> {
    let api: Api<Deployment> = Api::namespaced(client.clone(), &place.namespace);
    let labels = format!("app.kubernetes.io/instance={},app.kubernetes.io/component=operator", place.release);
    let ours = ListParams::default().labels(&labels);
    let list =
        async || api.list(&ours).await.map_err(ClusterError::when(format!("list Deployments in {}", place.namespace)));
    for deployment in list().await? {
        let name = deployment.name_any();
        let none = Patch::Merge(json!({ "spec": { "replicas": 0 } }));
        let scaled = api.patch(&name, &PatchParams::default(), &none).await;
        scaled.map_err(ClusterError::when(format!("scale the Deployment {}/{name} to none", place.namespace)))?;
    }
    let end = Instant::now() + PATIENCE;
    loop {
        let there = list().await?.items;
        let runs = |one: &Deployment| one.status.as_ref().and_then(|status| status.replicas).unwrap_or_default() > 0;
        if !there.iter().any(runs) {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(InstallError::Late(format!("the operator in {} does not end", place.namespace)));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn free<K>(client: &Client, namespace: Option<&str>, which: &ListParams) -> Result<usize, ClusterError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let api: Api<K> = match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    };
    let list = api.list(which).await.map_err(ClusterError::when(format!("list {}", K::plural(&()))))?;
    let mut freed = 0;
    for object in list {
        let left: Vec<_> = object.finalizers().iter().filter(|one| !ALL.contains(&one.as_str())).cloned().collect();
        if left.len() == object.finalizers().len() {
            continue;
        }
        let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
        let own: Api<K> = Api::namespaced(client.clone(), &namespace);
        let patch = Patch::Merge(json!({ "metadata": { "finalizers": left } }));
        match own.patch(&name, &PatchParams::default(), &patch).await {
            Ok(_) => freed += 1,
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(err) => return Err(ClusterError::when(format!("free the {} {namespace}/{name}", K::kind(&())))(err)),
        }
    }
    Ok(freed)
}
