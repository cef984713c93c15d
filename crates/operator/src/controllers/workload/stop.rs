//! The end of a workload: its host is told, and where we hold a finalizer, only then the object goes.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chartwright_contract::crds::Workload;
use chartwright_contract::crds::names::{OLD_FINALIZERS, WORKLOAD_FINALIZER};
use k8s_openapi::jiff::Timestamp;
use tokio::task::JoinSet;

use super::super::Failure;
use super::super::queue::Next;
use crate::bus::Unanswered;
use crate::operator::{Operator, service_of, uid};

/// How long nodes have to follow an EndpointSlice that no longer leads to a workload, before it stops: who asked them meanwhile is
/// still answered. Times of Kubernetes are whole seconds, so it is up to one less.
const LED_AWAY: Duration = Duration::from_secs(3);

/// How long a host that is there may leave a stop unanswered, and how long the connection may be away, before the object goes
/// all the same. A host of ours is told later then, when it is asked what it has.
const SILENT: Duration = Duration::from_mins(2);
const AWAY: Duration = Duration::from_mins(5);

/// How often somebody looks for what went without a word.
const TICK: Duration = Duration::from_millis(500);

pub(super) async fn look(operator: &Operator, workload: &Workload) -> Result<Next, Failure> {
    let id = uid(workload);
    operator.starts.cancel(&id);
    let host = workload.status.as_ref().and_then(|status| status.host_id.clone());
    if let Some(host) = host {
        let passed = waited(workload);
        if service_of(workload).is_some() && passed < LED_AWAY && operator.fleet.member(&host).is_some() {
            return Ok(Next::After(LED_AWAY.saturating_sub(passed)));
        }
        if !tell(operator, &id, &host, || waited(workload)).await {
            return Ok(Next::Failed);
        }
    }
    operator.fleet.release(&id);
    operator.starts.settled(&id);
    let all = [WORKLOAD_FINALIZER, OLD_FINALIZERS[0], OLD_FINALIZERS[1]];
    operator.cluster.release(workload, &all).await?;
    Ok(Next::Wait)
}

/// Tells a host to stop a workload. `false`: it has not heard it, and may hear it later; `waited` is how long that has been so.
async fn tell(operator: &Operator, id: &str, host: &str, waited: impl Fn() -> Duration) -> bool {
    let why = match operator.bus.stop(host, id).await {
        Ok(_) | Err(Unanswered::Nobody) => return true,
        Err(why) => why,
    };
    let limit = if why == Unanswered::Away { AWAY } else { SILENT };
    let there = why == Unanswered::Away || operator.fleet.member(host).is_some();
    if there && waited() < limit {
        return false;
    }
    tracing::warn!(workload = id, host, why = %why, "a workload goes without its host having been told");
    true
}

/// Looks for ever after workloads whose object is gone before their host was told: one that we hold no finalizer of, or of which
/// somebody took it.
pub(crate) async fn watch(operator: Arc<Operator>) {
    let mut clock = tokio::time::interval(TICK);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut farewells = JoinSet::new();
    let mut begun = HashSet::<String>::new();
    loop {
        tokio::select! {
            _ = clock.tick() => {}
            Some(ended) = farewells.join_next() => {
                begun.remove(&ended.unwrap_or_default());
                continue;
            }
        }
        for (id, host) in gone(&operator) {
            if begun.insert(id.clone()) {
                farewells.spawn(farewell(Arc::clone(&operator), id, host));
            }
        }
    }
}

/// The same once, for an operator that ends: at once, since the next one may not know of them.
pub(crate) async fn end(operator: &Operator) {
    let stops = gone(operator).into_iter().map(async |(id, host)| operator.bus.stop(&host, &id).await);
    futures::future::join_all(stops).await;
}

/// Workloads without an object, by uid, and their hosts. In this order: what is assigned has been in the store before.
fn gone(operator: &Operator) -> BTreeMap<String, String> {
    let mut assigned = operator.fleet.assigned();
    for workload in operator.cluster.workloads.all() {
        assigned.remove(&uid(&*workload));
    }
    assigned
}

/// The Services that led there do so no more; nodes have the same time to follow as ever. Returns the workload.
async fn farewell(operator: Arc<Operator>, id: String, host: String) -> String {
    let since = Instant::now();
    loop {
        tokio::time::sleep(LED_AWAY).await;
        // A list that was older than our own write took it out for a moment.
        if operator.cluster.workloads.all().iter().any(|workload| uid(&**workload) == id) {
            return id;
        }
        operator.starts.cancel(&id);
        if tell(&operator, &id, &host, || since.elapsed()).await {
            operator.fleet.release(&id);
            operator.starts.settled(&id);
            return id;
        }
    }
}

/// Since it was asked to go.
fn waited(workload: &Workload) -> Duration {
    let asked = workload.metadata.deletion_timestamp.as_ref().map(|time| time.0);
    let passed = asked.map(|asked| Timestamp::now().duration_since(asked));
    passed.and_then(|passed| passed.try_into().ok()).unwrap_or_default()
}
