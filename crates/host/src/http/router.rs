//! Which workload a request is for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use http::Uri;
use tokio::sync::Semaphore;
use tokio_util::sync::DropGuard;

use super::answer::Miss;
use super::names::requested;
use super::{HostNames, LocalRoute};
use crate::metrics::RequestMeters;
use crate::workload::{Caller, Handler, Part};

/// What serves a name.
pub struct Target {
    /// The component in its workload.
    pub part: Arc<Part>,
    /// Where requests go.
    pub caller: Caller,
    /// How many at a time.
    pub in_flight: Arc<Semaphore>,
    /// What is counted of it.
    pub meters: RequestMeters,
    /// Spreads requests over workloads of one name.
    pub(super) turn: AtomicUsize,
    /// What it was added under.
    names: OnceLock<HostNames>,
    /// Its warm instances end with it.
    _over: DropGuard,
}

impl Target {
    /// A target that takes so many requests at a time.
    pub fn new(part: Arc<Part>, handler: Handler, in_flight: usize, meters: RequestMeters) -> Arc<Self> {
        Arc::new(Self {
            part,
            _over: handler.over().drop_guard(),
            caller: Caller::new(handler),
            in_flight: Arc::new(Semaphore::new(in_flight)),
            meters,
            turn: AtomicUsize::new(0),
            names: OnceLock::new(),
        })
    }
}

/// A name that someone else's workload serves.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the host name `{name}` is served by workload `{workload}` of namespace `{namespace}` already")]
pub struct Conflict {
    /// The name.
    pub name: String,
    /// Whose it is.
    pub namespace: String,
    /// Which.
    pub workload: String,
}

#[derive(Default)]
struct Table {
    /// By name, for everybody. All workloads of a name are of one namespace.
    names: HashMap<String, Vec<Arc<Target>>>,
    /// By bare name, of any namespaces.
    bare: HashMap<String, Vec<Arc<Target>>>,
    /// By name, for workloads of this host.
    local: HashMap<String, Vec<(LocalRoute, Arc<Target>)>>,
}

/// The table of names. Changes touch the names of one workload, so that ten thousand start as fast as ten.
#[derive(Default)]
pub struct Router {
    table: RwLock<Table>,
}

impl Router {
    /// Adds a workload under its names. One namespace's workloads may share a name, as replicas do; two may share a bare one.
    pub fn add(&self, names: &HostNames, target: &Arc<Target>) -> Result<(), Conflict> {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        for name in &names.names {
            let foreign = |other: &&Arc<Target>| other.part.namespace != target.part.namespace;
            if let Some(other) = table.names.get(name).and_then(|targets| targets.iter().find(foreign)) {
                return Err(Conflict {
                    name: name.clone(),
                    namespace: other.part.namespace.clone(),
                    workload: other.part.workload.clone(),
                });
            }
        }
        _ = target.names.set(names.clone());
        for name in &names.names {
            table.names.entry(name.clone()).or_default().push(Arc::clone(target));
        }
        for name in &names.bare {
            table.bare.entry(name.clone()).or_default().push(Arc::clone(target));
        }
        for route in &names.local {
            table.local.entry(route.host.clone()).or_default().push((route.clone(), Arc::clone(target)));
        }
        Ok(())
    }

    /// Takes a workload out; requests under way go on.
    pub fn remove(&self, target: &Arc<Target>) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let Some(added) = target.names.get() else { return };
        for name in &added.names {
            take(&mut table.names, name, |one| Arc::ptr_eq(one, target));
        }
        for name in &added.bare {
            take(&mut table.bare, name, |one| Arc::ptr_eq(one, target));
        }
        for route in &added.local {
            take(&mut table.local, &route.host, |(_, one)| Arc::ptr_eq(one, target));
        }
    }

    /// The workload for a name; in turns where several have it. Who asks by a bare name from outside is not known to be of
    /// a namespace: one that several have leads to none of them, so that nobody gets the requests of another.
    pub(super) fn find(&self, name: String) -> Result<Arc<Target>, Miss> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(target) = table.names.get(&name).and_then(|targets| in_turn(targets)) {
            return Ok(target);
        }
        let bare = table.bare.get(&name).map(Vec::as_slice).unwrap_or_default();
        if bare.iter().any(|target| Some(&target.part.namespace) != bare.first().map(|first| &first.part.namespace)) {
            return Err(Miss::AmbiguousHost(name));
        }
        in_turn(bare).ok_or(Miss::UnknownHost(name))
    }

    /// The workload for a request of a neighbour: by the longest local path, else by a name that everybody has, if that
    /// is asked for at its usual port. A name alone proves nothing: only those of the same namespace count.
    pub(super) fn neighbour(&self, namespace: &str, uri: &Uri) -> Option<Arc<Target>> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let name = requested(uri.host()?);
        let ours = |target: &Target| target.part.namespace == namespace;
        let local = table.local.get(&name).into_iter().flatten();
        let local: Vec<_> = local.filter(|(route, target)| ours(target) && route.covers(uri.path())).collect();
        if let Some(longest) = local.iter().map(|(route, _)| route.prefix.len()).max() {
            let best = local.into_iter().filter(|(route, _)| route.prefix.len() == longest);
            return in_turn(&best.map(|(_, target)| Arc::clone(target)).collect::<Vec<_>>());
        }
        if !matches!(uri.port_u16(), None | Some(80 | 443)) {
            return None;
        }
        let named = [&table.names, &table.bare].into_iter().filter_map(|names| names.get(&name)).flatten();
        in_turn(&named.filter(|target| ours(target)).map(Arc::clone).collect::<Vec<_>>())
    }
}

/// Takes what is meant out of the list of a name, and the list when nothing is left.
fn take<T>(lists: &mut HashMap<String, Vec<T>>, name: &str, meant: impl Fn(&T) -> bool) {
    if let Some(list) = lists.get_mut(name) {
        list.retain(|one| !meant(one));
        if list.is_empty() {
            lists.remove(name);
        }
    }
}

fn in_turn(targets: &[Arc<Target>]) -> Option<Arc<Target>> {
    let turn = targets.first()?.turn.fetch_add(1, Ordering::Relaxed) % targets.len();
    targets.get(turn).cloned()
}
