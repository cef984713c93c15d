//! Before an uninstall: nothing of ours keeps anything from going once the operator is gone.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::{Duration, Instant};

use chartwright_contract::crds::names::{
    ARTIFACT_FINALIZER, HOST_FINALIZER, HOST_POD, HOST_POD_FINALIZER, OLD_FINALIZERS, WORKLOAD_FINALIZER,
};
use chartwright_contract::crds::{Artifact, Host, Workload};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::cluster::ClusterError;

use super::InstallError;

/// How long the operator has to end.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long its Pods have, once they are asked to end.
const ENDING: Duration = Duration::from_secs(45);

/// Every finalizer that an operator of ours or upstream's, or an old gateway, may have left.
const ALL: [&str; 6] =
    [ARTIFACT_FINALIZER, HOST_FINALIZER, HOST_POD_FINALIZER, WORKLOAD_FINALIZER, OLD_FINALIZERS[0], OLD_FINALIZERS[1]];

/// Label of a Host: the release it belongs to.
pub(super) const INSTANCE: &str = "app.kubernetes.io/instance";

/// Which release.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its name.
    pub release: String,
    /// Where the operator and Hosts are.
    pub namespace: String,
    /// Where Pods of hosts are besides.
    pub host_namespaces: Vec<String>,
    /// Where the workloads are that the operator looked after; none of them: everywhere.
    pub watch_namespaces: Vec<String>,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Freed {
    /// So many objects.
    pub objects: usize,
    /// Namespaces that may not be looked into, and are not known to be there: the Role went with them.
    pub unseen: BTreeSet<String>,
}

/// Ends the operator of a release, which would take them again, and takes our finalizers from everything it looked after.
/// The objects themselves stay; what runs on hosts of other releases is held on by theirs.
pub async fn release(client: &Client, place: &Place) -> Result<Freed, InstallError> {
    end_operator(client, place).await?;
    let mut freed = 0;
    let mut unseen = BTreeSet::new();
    let all = ListParams::default();
    let foreign = |host: &Host| {
        let release = host.labels().get(INSTANCE);
        host.namespace().as_ref() != Some(&place.namespace) || release.is_some_and(|other| *other != place.release)
    };
    freed += free::<Host>(client, Some(&place.namespace), &all, |host| !foreign(host)).await?;
    // A Role lets us see one namespace, a ClusterRole all of them: what we may not see was none of its business.
    let (hosts, reach) = match list_all::<Host>(client, None, &all).await {
        Err(ClusterError::Refused { status, .. }) if status.code == 403 => {
            let own = Some(place.namespace.as_str());
            (list_all::<Host>(client, own, &all).await?, own)
        }
        hosts => (hosts?, None),
    };
    let others: Vec<String> = hosts.into_iter().filter(foreign).map(|host| host.spec.host_id).collect();
    let ours = |workload: &Workload| {
        let host = workload.status.as_ref().and_then(|status| status.host_id.as_ref());
        host.is_none_or(|host| !others.contains(host))
    };
    let mut watched: Vec<Option<&str>> = place.watch_namespaces.iter().map(|name| Some(name.as_str())).collect();
    if watched.is_empty() {
        watched.push(reach);
    }
    for namespace in watched {
        let done = async {
            let workloads = free::<Workload>(client, namespace, &all, ours).await?;
            Ok::<_, ClusterError>(workloads + free::<Artifact>(client, namespace, &all, |_| true).await?)
        };
        freed += unless_gone(client, place, namespace, done.await, &mut unseen).await?;
    }
    let marked = ListParams::default().labels(HOST_POD);
    let mut namespaces = place.host_namespaces.clone();
    namespaces.push(place.namespace.clone());
    namespaces.sort();
    namespaces.dedup();
    for namespace in &namespaces {
        let done = free::<Pod>(client, Some(namespace), &marked, |_| true).await;
        freed += unless_gone(client, place, Some(namespace), done, &mut unseen).await?;
    }
    Ok(Freed { objects: freed, unseen })
}

/// A namespace that was deleted took the Role along that let us see it: whoever is refused there, and may not see whether it is
/// there, goes on with the others.
async fn unless_gone(
    client: &Client,
    place: &Place,
    namespace: Option<&str>,
    done: Result<usize, ClusterError>,
    unseen: &mut BTreeSet<String>,
) -> Result<usize, ClusterError> {
    let (Err(ClusterError::Refused { status, .. }), Some(name)) = (&done, namespace) else { return done };
    if status.code != 403 || name == place.namespace {
        return done;
    }
    match Api::<Namespace>::all(client.clone()).get_opt(name).await {
        Ok(Some(_)) => done,
        Ok(None) => Ok(0),
        Err(kube::Error::Api(status)) if status.code == 403 => {
            unseen.insert(name.to_owned());
            Ok(0)
        }
        Err(err) => Err(ClusterError::when(format!("look whether there is a namespace {name}"))(err)),
    }
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
    let (end, lost) = (Instant::now() + PATIENCE, Instant::now() + ENDING);
    loop {
        let there = list().await?.items;
        let runs = |one: &Deployment| one.status.as_ref().and_then(|status| status.replicas).unwrap_or_default() > 0;
        // A Deployment does not count Pods that are about to end: until they have, the operator takes what was freed again.
        // One of a node that is lost stays for ever.
        if !there.iter().any(runs)
            && (Instant::now() > lost || list_all::<Pod>(client, Some(&place.namespace), &ours).await?.is_empty())
        {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(InstallError::Late(format!("the operator in {} does not end", place.namespace)));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn list_all<K>(client: &Client, namespace: Option<&str>, which: &ListParams) -> Result<Vec<K>, ClusterError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let api: Api<K> = match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    };
    match api.list(which).await {
        // The definition is gone, and took every object of it along.
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(Vec::new()),
        found => Ok(found.map_err(ClusterError::when(format!("list {}", K::plural(&()))))?.items),
    }
}

/// Frees those of which `ours` is true.
async fn free<K>(
    client: &Client,
    namespace: Option<&str>,
    which: &ListParams,
    ours: impl Fn(&K) -> bool,
) -> Result<usize, ClusterError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let mut freed = 0;
    for object in list_all::<K>(client, namespace, which).await?.into_iter().filter(ours) {
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
