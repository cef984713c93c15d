//! An uninstall: objects go in the reverse of Helm's order, nothing is left in Terminating, and what stays is named.

use std::collections::BTreeSet;

use chartwright_contract::crds::GROUP;
use futures_util::{StreamExt as _, stream};
use kube::Client;
use kube::api::{DeleteParams, ListParams};
use tokio::time::{Duration, Instant, timeout_at};

use crate::cluster::{ClusterError, Kinds, patiently};
use crate::release::{History, Revision, Status, now};
use crate::render::{Object, Release, install_rank};

use super::change::{in_place, signal};
use super::finalizers::INSTANCE;
use super::leftovers::Leftovers;
use super::others::{Watched, is_operator};
use super::{Action, Content, InstallError, Place, Reporter, Step, apply, finalizers, hooks, marks};

/// Between two looks at what is going.
const PAUSE: Duration = Duration::from_millis(300);
const AT_ONCE: usize = 8;

/// What is late has so long to say what it waited for.
const GRACE: Duration = Duration::from_secs(5);

/// How it is done.
#[derive(Clone, Debug)]
pub struct Removal {
    /// The record stays, and a rollback brings the release back.
    pub keep_history: bool,
    /// Takes what else is its own, and nobody else's, too: custom resources, volumes, Secrets that the operator made, definitions.
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
    pub why: String,
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
    let recorded = in_place(&revisions)?;
    let Some(last) = revisions.last_mut() else {
        return Err(InstallError::Missing { release: release.name.clone(), namespace: release.namespace.clone() });
    };
    let mut content = Content::recorded(&last.record)?;
    last.record.info.status = Status::Uninstalling;
    last.record.info.deleted = now();
    last.record.info.description = "Deletion in progress (or silently failed)".into();
    patiently(end, async || history.update(last).await).await?;

    // Boxed: whoever waits for it would carry all of it along.
    let removed = Box::pin(async {
        let own = Own::of(client, release, recorded, end).await?;
        work(client, release, &own, &mut content, removal, end, reporter).await?;
        // While there is a record, a purge that was interrupted can be asked for again.
        let left = Leftovers::new(client, release, &own, removal.purge, end, reporter).await?.settle().await?;
        close(&history, &mut revisions, removal.keep_history, end).await?;
        Ok::<_, InstallError>(left)
    });
    tokio::select! {
        done = timeout_at(end + GRACE, removed) => {
            let late = InstallError::TimedOut { doing: "the uninstall".into(), seconds: removal.timeout.as_secs() };
            done.unwrap_or(Err(late))
        }
        () = signal() => Err(InstallError::Signal),
    }
}

/// What of a record is the release's own.
pub(super) struct Own {
    /// Each with its namespace, if its kind has them.
    pub(super) objects: Vec<Object>,
    /// Namespaces of the operator, and so of the Hosts.
    pub(super) homes: Vec<String>,
}

impl Own {
    /// What another release has taken over since is that one's, with all that hangs on it.
    async fn of(client: &Client, release: &Release, recorded: Vec<Object>, end: Instant) -> Result<Self, InstallError> {
        let kinds = Kinds::new(client.clone());
        let had_operator = recorded.iter().any(is_operator);
        let mut objects = Vec::new();
        for mut object in recorded {
            let kind = match patiently(end, async || kinds.find(&object.api_version, &object.kind).await).await {
                Ok(kind) => kind,
                // A kind that is gone took its objects along.
                Err(ClusterError::NoKind { .. }) => {
                    objects.push(object);
                    continue;
                }
                Err(err) => return Err(err.into()),
            };
            if kind.namespaced {
                object.namespace.get_or_insert_with(|| release.namespace.clone());
            }
            let live = match patiently(end, async || apply::get(client, &kind, &object).await).await {
                // Whoever may not read it is told so when it is to be deleted.
                Err(err) if err.code() == Some(403) => None,
                live => live?,
            };
            if live.is_none_or(|live| marks::is_of(&live, release)) {
                objects.push(object);
            }
        }
        let operators = objects.iter().filter(|object| is_operator(object));
        let mut homes: Vec<String> = operators.filter_map(|operator| operator.namespace.clone()).collect();
        // With an operator that was taken over went its Hosts.
        if !had_operator {
            homes.push(release.namespace.clone());
        }
        homes.sort();
        homes.dedup();
        Ok(Self { objects, homes })
    }
}

/// The record says that the release is gone; or it goes, too.
async fn close(
    history: &History,
    revisions: &mut [Revision],
    keep_history: bool,
    end: Instant,
) -> Result<(), InstallError> {
    if keep_history {
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
        for one in &*revisions {
            patiently(end, async || history.delete(one).await).await?;
        }
    }
    Ok(())
}

async fn work(
    client: &Client,
    release: &Release,
    own: &Own,
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
    for home in &own.homes {
        let place = Place {
            release: release.name.clone(),
            namespace: home.clone(),
            host_namespaces: namespaces(release, &own.objects),
            watch_namespaces: Watched::by(&own.objects).names(),
        };
        let freed = patiently(end, async || finalizers::release(client, &place).await).await?;
        if freed.objects > 0 {
            reporter.step(&format!("freed {} objects of the operator's finalizers", freed.objects));
        }
        for namespace in freed.unseen {
            reporter.step(&format!("passed over {namespace}: it is gone, or may not be looked into"));
        }
    }
    let mut order: Vec<&Object> = own.objects.iter().filter(|object| !marks::is_kept(&object.value)).collect();
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
    for home in &own.homes {
        forget_hosts(client, &kinds, release, home).await?;
    }
    if !removal.no_hooks {
        hooks::run(client, &kinds, content, "post-delete", end, reporter).await?;
    }
    Ok(())
}

/// Hosts are what the operator saw of Pods that are gone now.
async fn forget_hosts(client: &Client, kinds: &Kinds, release: &Release, home: &str) -> Result<(), InstallError> {
    let Ok(kind) = kinds.find(&format!("{GROUP}/v1alpha1"), "Host").await else { return Ok(()) };
    let ours = ListParams::default().labels(&format!("{INSTANCE}={}", release.name));
    let api = kind.api(client, home);
    let hosts = match api.list(&ours).await {
        // Their definition is on its way out.
        Err(kube::Error::Api(status)) if status.code == 404 => return Ok(()),
        hosts => hosts.map_err(ClusterError::when(format!("list Hosts in {home}")))?,
    };
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
