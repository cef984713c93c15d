//! Which workload a request is for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use tokio::sync::Semaphore;
use wasmtime_wasi_http::handler::ProxyHandler;

use super::HostNames;
use crate::metrics::RequestMeters;
use crate::workload::{Handler, Part};

/// What serves a name.
pub struct Target {
    /// The component in its workload.
    pub part: Arc<Part>,
    /// Where requests go.
    pub handler: ProxyHandler<Handler>,
    /// How many at a time.
    pub in_flight: Arc<Semaphore>,
    /// What is counted of it.
    pub meters: RequestMeters,
    /// Spreads requests over workloads of one name.
    pub(super) turn: AtomicUsize,
    /// What it was added under.
    names: OnceLock<HostNames>,
}

impl Target {
    /// A target that takes so many requests at a time.
    pub fn new(part: Arc<Part>, handler: ProxyHandler<Handler>, in_flight: usize, meters: RequestMeters) -> Arc<Self> {
        Arc::new(Self {
            part,
            handler,
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

type Table = HashMap<String, Vec<Arc<Target>>>;

/// The table of names. Changes touch the names of one workload, so that ten thousand start as fast as ten.
#[derive(Default)]
pub struct Router {
    table: RwLock<Table>,
}

impl Router {
    /// Adds a workload under its names. One namespace's workloads may share a name, as replicas do; two may not.
    pub fn add(&self, names: &HostNames, target: &Arc<Target>) -> Result<(), Conflict> {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        for name in &names.0 {
            let foreign = |other: &&Arc<Target>| other.part.namespace != target.part.namespace;
            if let Some(other) = table.get(name).and_then(|targets| targets.iter().find(foreign)) {
                return Err(Conflict {
                    name: name.clone(),
                    namespace: other.part.namespace.clone(),
                    workload: other.part.workload.clone(),
                });
            }
        }
        _ = target.names.set(names.clone());
        for name in &names.0 {
            table.entry(name.clone()).or_default().push(Arc::clone(target));
        }
        Ok(())
    }

    /// Takes a workload out; requests under way go on.
    pub fn remove(&self, target: &Arc<Target>) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        for name in target.names.get().iter().flat_map(|names| &names.0) {
            if let Some(targets) = table.get_mut(name) {
                targets.retain(|one| !Arc::ptr_eq(one, target));
                if targets.is_empty() {
                    table.remove(name);
                }
            }
        }
    }

    /// The workload for a name; in turns where several have it.
    pub(super) fn find(&self, name: &str) -> Option<Arc<Target>> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let targets = table.get(name)?;
        let first = targets.first()?;
        let turn = first.turn.fetch_add(1, Ordering::Relaxed) % targets.len();
        targets.get(turn).cloned()
    }
}
