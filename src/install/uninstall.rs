//! An uninstall: objects go in the reverse of Helm's order, nothing is left in Terminating, and what stays is named.

use std::collections::BTreeSet;

use chartwright_contract::crds::GROUP;
use futures_util::{StreamExt as _, stream};
use kube::api::{DeleteParams, ListParams};
use kube::{Client, ResourceExt as _};
use tokio::time::{Duration, Instant};

use crate::cluster::{ClusterError, Kinds, patiently};
use crate::release::{History, Revision, Status, now};
use crate::render::{Object, Release, install_rank};

use super::change::{in_place, signal};
use super::finalizers::INSTANCE;
use super::{Action, Content, InstallError, Place, Reporter, Step, apply, finalizers, hooks, marks};

/// Between two looks at what is going.
const PAUSE: Duration = Duration::from_millis(300);
const AT_ONCE: usize = 8;

/// How it is done.
#[derive(Clone, Debug)]
pub struct Removal {
    /// The record stays, and a rollback brings the release back.
    pub keep_history: bool,
    /// Takes what else belongs to it too: custom resources, volumes, Secrets that the operator made, definitions.
    pub purge: bool,
    /// Leaves hooks out.
    pub no_hooks: bool,
    /// Ends when objects are marked to go, not when they are gone.
    pub no_wait: bool,
    /// For all of it together.
    pub timeout: Duration,
}

impl Default for Removal {
    fn default() -> Self {
        Self { keep_history: false, purge: false, no_hooks: false, no_wait: false, timeout: Duration::from_mins(5) }
    }
}

/// Something that stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// `PersistentVolumeClaim shop/data-nats-0`.
    pub what: String,
    /// Why.
    pub why: &'static str,
}

/// Takes a release away. Returns what stays.
pub async fn uninstall(
    client: &Client,
    release: &Release,
    mut revisions: Vec<Revision>,
    removal: &Removal,
    reporter: &mut dyn Reporter,
) -> Result<Vec<Left>, InstallError> {
    let end = Instant::now() + removal.timeout;
    let history = History::new(client.clone(), &release.namespace, &release.name)?;
    let objects = in_place(&revisions)?;
    let Some(last) = revisions.last_mut() else {
        return Err(InstallError::Missing { release: release.name.clone(), namespace: release.namespace.clone() });
    };
    let mut content = Content::recorded(&last.record)?;
    last.record.info.status = Status::Uninstalling;
    last.record.info.deleted = now();
    last.record.info.description = "Deletion in progress (or silently failed)".into();
    patiently(end, async || history.update(last).await).await?;

    tokio::select! {
        done = work(client, release, &objects, &mut content, removal, end, reporter) => done?,
        () = signal() => return Err(InstallError::Signal),
    }

    if removal.keep_history {
        for old in revisions.iter_mut().filter(|one| one.record.info.status == Status::Deployed) {
            old.record.info.status = Status::Superseded;
            patiently(end, async || history.update(old).await).await?;
        }
        if let Some(last) = revisions.last_mut() {
            last.record.info.status = Status::Uninstalled;
            last.record.info.description = "Uninstallation complete".into();
            patiently(end, async || history.update(last).await).await?;
        }
    } else {
        for one in &revisions {
            patiently(end, async || history.delete(one).await).await?;
        }
    }
    let kept: Vec<Left> = objects
        .iter()
        .filter(|object| marks::is_kept(&object.value))
        .map(|object| Left { what: super::plan::title(object), why: "it is marked to stay" })
        .collect();
    let mut left = leftovers(client, release, &objects, removal.purge, reporter).await?;
    left.extend(kept);
    Ok(left)
}

async fn work(
    client: &Client,
    release: &Release,
    objects: &[Object],
    content: &mut Content,
    removal: &Removal,
    end: Instant,
    reporter: &mut dyn Reporter,
) -> Result<(), InstallError> {
    let kinds = Kinds::new(client.clone());
    // What the chart's own pre-delete Job does is done right here: no image has to be pulled for it.
    content.hooks.retain(|hook| hook.object.value["metadata"]["labels"]["app.kubernetes.io/component"] != "pre-delete");
    if !removal.no_hooks {
        hooks::run(client, &kinds, content, "pre-delete", end, reporter).await?;
    }
    let place = Place {
        release: release.name.clone(),
        namespace: release.namespace.clone(),
        host_namespaces: namespaces(release, objects),
    };
    let freed = patiently(end, async || finalizers::release(client, &place).await).await?;
    if freed > 0 {
        reporter.step(&format!("freed {freed} objects of the operator's finalizers"));
    }
    let mut order: Vec<&Object> = objects.iter().filter(|object| !marks::is_kept(&object.value)).collect();
    order.sort_by(|a, b| install_rank(&b.kind).cmp(&install_rank(&a.kind)));
    let mut going = Vec::new();
    for object in order {
        let Some(step) = patiently(end, async || step(client, &kinds, object, release).await).await? else { continue };
        patiently(end, async || apply::delete(client, &step, DeleteParams::foreground()).await).await?;
        reporter.step(&format!("deleted {}", step.title()));
        going.push(step);
    }
    if !removal.no_wait {
        until_gone(client, going, end).await?;
    }
    forget_hosts(client, &kinds, release).await?;
    if !removal.no_hooks {
        hooks::run(client, &kinds, content, "post-delete", end, reporter).await?;
    }
    Ok(())
}

/// Hosts are what the operator saw of Pods that are gone now.
async fn forget_hosts(client: &Client, kinds: &Kinds, release: &Release) -> Result<(), InstallError> {
    let Ok(kind) = kinds.find(&format!("{GROUP}/v1alpha1"), "Host").await else { return Ok(()) };
    let ours = ListParams::default().labels(&format!("{INSTANCE}={}", release.name));
    let api = kind.api(client, &release.namespace);
    let hosts = api.list(&ours).await.map_err(ClusterError::when(format!("list Hosts in {}", release.namespace)))?;
    for host in hosts {
        let name = host.metadata.name.unwrap_or_default();
        match api.delete(&name, &DeleteParams::background()).await {
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            done => drop(done.map_err(ClusterError::when(format!("delete the Host {name}")))?),
        }
    }
    Ok(())
}

/// What there is of an object, if it is the release's.
async fn step(
    client: &Client,
    kinds: &Kinds,
    object: &Object,
    release: &Release,
) -> Result<Option<Step>, InstallError> {
    let kind = match kinds.find(&object.api_version, &object.kind).await {
        Ok(kind) => kind,
        Err(ClusterError::NoKind { .. }) => return Ok(None),
        Err(err) => return Err(err.into()),
    };
    let mut object = object.clone();
    if kind.namespaced {
        object.namespace.get_or_insert_with(|| release.namespace.clone());
    }
    let live = apply::get(client, &kind, &object).await?.filter(|live| marks::is_of(live, release));
    Ok(live.map(|live| Step { action: Action::Delete, object, before: Some(live), after: None, taken: None, kind }))
}

async fn until_gone(client: &Client, mut going: Vec<Step>, end: Instant) -> Result<(), InstallError> {
    loop {
        let looked: Vec<Option<Step>> = stream::iter(going)
            .map(|step| async move {
                let live = apply::get(client, &step.kind, &step.object).await.ok().flatten();
                let same = |live: &serde_json::Value| {
                    step.before.as_ref().is_none_or(|before| before["metadata"]["uid"] == live["metadata"]["uid"])
                };
                live.filter(same).map(|live| Step { before: Some(live), ..step })
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        going = looked.into_iter().flatten().collect();
        if going.is_empty() {
            return Ok(());
        }
        if Instant::now() > end {
            let line = |step: &Step| {
                let finalizers = step.before.as_ref().map(|live| live["metadata"]["finalizers"].to_string());
                format!("{} does not go: its finalizers are {}", step.title(), finalizers.unwrap_or_default())
            };
            return Err(InstallError::Late(going.iter().map(line).collect::<Vec<_>>().join("\n")));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Every namespace that the release has objects in.
pub(super) fn namespaces(release: &Release, objects: &[Object]) -> Vec<String> {
    let named = objects.iter().filter_map(|object| object.namespace.clone());
    let all: BTreeSet<String> = named.chain([release.namespace.clone()]).collect();
    all.into_iter().collect()
}

/// What belongs to the release and is not in its manifest; taken away with `purge`, else named.
async fn leftovers(
    client: &Client,
    release: &Release,
    objects: &[Object],
    purge: bool,
    reporter: &mut dyn Reporter,
) -> Result<Vec<Left>, InstallError> {
    let kinds = Kinds::new(client.clone());
    let version = format!("{GROUP}/v1alpha1");
    let mut left = Vec::new();
    let certificates = "app.kubernetes.io/managed-by=chartwright-operator";
    let volumes = format!("{INSTANCE}={}", release.name);
    // (version, kind, labels, why it stays)
    let mut wanted: Vec<(&str, &str, &str, &'static str)> = vec![
        ("v1", "PersistentVolumeClaim", &volumes, "volumes hold data; with --purge it would have gone"),
        ("v1", "Secret", certificates, "the operator made it; with --purge it would have gone"),
    ];
    for kind in ["WorkloadDeployment", "WorkloadReplicaSet", "Workload", "Artifact", "Host"] {
        wanted.push((&version, kind, "", "it is a user's; with --purge it would have gone"));
    }
    for (api_version, name, labels, why) in wanted {
        let Ok(kind) = kinds.find(api_version, name).await else { continue };
        for namespace in &namespaces(release, objects) {
            let api = kind.api(client, namespace);
            let list = api.list(&ListParams::default().labels(labels)).await;
            let list = list.map_err(ClusterError::when(format!("list {name}s in {namespace}")))?;
            for object in list {
                // Two releases may share a namespace: a Host says whose it is.
                if name == "Host" && object.labels().get(INSTANCE).is_some_and(|other| *other != release.name) {
                    continue;
                }
                let own = object.metadata.name.unwrap_or_default();
                // A certificate is of the one whose objects speak of it.
                if name == "Secret" && !objects.iter().any(|object| object.value.to_string().contains(&own)) {
                    continue;
                }
                let what = format!("{name} {namespace}/{own}");
                if !purge {
                    left.push(Left { what, why });
                    continue;
                }
                match api.delete(&own, &DeleteParams::background()).await {
                    Err(kube::Error::Api(status)) if status.code == 404 => {}
                    done => drop(done.map_err(ClusterError::when(format!("delete the {what}")))?),
                }
                reporter.step(&format!("purged {what}"));
            }
        }
    }
    definitions(client, &kinds, purge, &mut left, reporter).await?;
    Ok(left)
}

/// The definitions: with them every object of theirs on the cluster would go, so they stay while there is any.
async fn definitions(
    client: &Client,
    kinds: &Kinds,
    purge: bool,
    left: &mut Vec<Left>,
    reporter: &mut dyn Reporter,
) -> Result<(), InstallError> {
    let definition = kinds.find("apiextensions.k8s.io/v1", "CustomResourceDefinition").await?;
    for crd in crate::export::crds(&serde_json::Map::new()).map_err(|err| InstallError::Chart(err.to_string()))? {
        let what = format!("CustomResourceDefinition {}", crd.name);
        if apply::get(client, &definition, &crd).await?.is_none() {
            continue;
        }
        if !purge {
            left.push(Left {
                what,
                why: "all objects of it would go with it; with --purge it would have gone if there were none",
            });
            continue;
        }
        let spec = &crd.value["spec"];
        let version = format!("{GROUP}/{}", spec["versions"][0]["name"].as_str().unwrap_or_default());
        let kind = kinds.find(&version, spec["names"]["kind"].as_str().unwrap_or_default()).await?;
        let all: kube::Api<kube::api::DynamicObject> = kube::Api::all_with(client.clone(), &kind.resource);
        let others = all
            .list(&ListParams::default())
            .await
            .map_err(ClusterError::when(format!("list objects of {}", crd.name)))?;
        let others = others.into_iter().filter(|one| one.metadata.deletion_timestamp.is_none());
        if others.count() > 0 {
            left.push(Left { what, why: "other namespaces have objects of it" });
            continue;
        }
        let api = definition.api(client, "");
        match api.delete(&crd.name, &DeleteParams::background()).await {
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            done => drop(done.map_err(ClusterError::when(format!("delete the {what}")))?),
        }
        reporter.step(&format!("purged {what}"));
    }
    Ok(())
}
