//! A Workload: placed on a host, started there, asked how it is, moved when its host goes, and stopped in the end.
//!
//! Where it is stands in its status before the host is told, so that an operator that ends in between starts nothing twice:
//! the next one asks that host first.

mod draft;
mod prepare;
mod start;
pub(crate) mod stop;

use std::sync::Arc;
use std::time::Duration;

use chartwright_contract::control::WorkloadState;
use chartwright_contract::crds::names::{OLD_FINALIZERS, WORKLOAD_FINALIZER};
use chartwright_contract::crds::{Workload, WorkloadReplicaSet};
use kube::ResourceExt as _;

use super::Failure;
use super::queue::Next;
use crate::bus::Unanswered;
use crate::cluster::Key;
use crate::conditions::{Outcome, holds};
use crate::fleet::Standing;
use crate::operator::{Operator, owner, uid};
use crate::placement::Refusal;
use draft::Draft;

/// How often a workload that runs is asked.
const POLL: Duration = Duration::from_secs(30);
/// How soon one that starts is asked again.
const SOON: Duration = Duration::from_secs(2);
/// How long it is waited for what should come by itself.
const WAIT: Duration = Duration::from_secs(30);
/// Questions about a start without an answer, from a host that is otherwise heard.
const DEAF: u32 = 3;

/// The words of conditions.
pub(crate) mod reason {
    pub(crate) const NO_HOST: &str = "NoHost";
    pub(crate) const FOREIGN: &str = "CrossEnvironmentSchedulingDenied";
    pub(crate) const STARTING: &str = "Starting";
    pub(crate) const START_FAILED: &str = "StartFailed";
    pub(crate) const REFERENCES: &str = "InvalidReferences";
    pub(crate) const OUTDATED: &str = "Outdated";
    pub(crate) const NOT_RUNNING: &str = "NotRunning";
}

/// Takes a look.
pub(crate) async fn look(operator: Arc<Operator>, key: Key) -> Result<Next, Failure> {
    let Some(workload) = operator.cluster.workloads.get(&key) else { return Ok(Next::Wait) };
    if workload.metadata.deletion_timestamp.is_some() {
        return stop::look(&operator, &workload).await;
    }
    let workload = operator.held(workload, &[WORKLOAD_FINALIZER, OLD_FINALIZERS[0], OLD_FINALIZERS[1]]).await?;
    let id = uid(&*workload);
    if operator.starts.is_under_way(&id) {
        // Its end is a look of its own.
        return Ok(Next::Wait);
    }
    let Some(host) = workload.status.as_ref().and_then(|status| status.host_id.clone()) else {
        return place(&operator, &workload, From::Nowhere).await;
    };
    operator.fleet.assign(&id, &host, &group(&workload));
    let pinned = workload.spec.host_id.as_deref() == Some(host.as_str());
    match operator.fleet.standing(&host, operator.bus.connected_since()) {
        Standing::Lost if !pinned => place(&operator, &workload, From::Lost(&host)).await,
        Standing::Draining if !pinned => place(&operator, &workload, From::Draining(&host)).await,
        Standing::Unknown => Ok(Next::After(SOON)),
        _ => on_host(&operator, &workload, &host).await,
    }
}

/// Workloads that are spread over hosts together.
fn group(workload: &Workload) -> String {
    let set = owner::<WorkloadReplicaSet>(workload);
    set.map_or_else(|| uid(workload), |set| Key::new(workload.namespace().unwrap_or_default(), set).to_string())
}

/// Where a workload was before it is placed.
#[derive(Clone, Copy)]
enum From<'h> {
    Nowhere,
    /// On a host that is no more.
    Lost(&'h str),
    /// On a host that serves it until it ends.
    Draining(&'h str),
    /// On a host where it did not start, or failed.
    Failed(&'h str),
}

/// Chooses a host, writes it down, and begins the start.
async fn place(operator: &Arc<Operator>, workload: &Arc<Workload>, from: From<'_>) -> Result<Next, Failure> {
    let id = uid(&**workload);
    let mut draft = Draft::of(workload);
    if !matches!(from, From::Draining(_))
        && let Err(faults) = prepare::request(operator, workload).await?
    {
        return refused(operator, workload, draft, "Config", reason::REFERENCES, faults.to_string()).await;
    }
    let spec = &workload.spec;
    let (namespace, group) = (workload.namespace().unwrap_or_default(), group(workload));
    let but = match from {
        From::Nowhere => None,
        From::Lost(host) | From::Draining(host) | From::Failed(host) => Some(host),
    };
    let (host, member) = if let Some(host) = &spec.host_id {
        operator.fleet.assign(&id, host, &group);
        (host.clone(), operator.fleet.member(host))
    } else {
        match operator.fleet.place(spec, &namespace, &id, &group, but, operator.bus.connected_since()) {
            Ok(member) => (member.heartbeat.id.clone(), Some(member)),
            // There is no other place for it.
            Err(_) if matches!(from, From::Draining(_)) => return Ok(Next::After(WAIT)),
            Err(_) if matches!(from, From::Failed(_)) => {
                return Ok(start::begin(operator, workload, but.unwrap_or_default()));
            }
            Err(refusal) => {
                operator.metrics.placed("refused");
                operator.fleet.release(&id);
                let word = match refusal {
                    Refusal::Foreign { .. } => reason::FOREIGN,
                    Refusal::None(_) => reason::NO_HOST,
                };
                if but.is_some() {
                    draft.leave();
                }
                draft.set("Config", &Outcome::True);
                return refused(operator, workload, draft, "HostSelection", word, refusal.to_string()).await;
            }
        }
    };
    operator.metrics.placed("placed");
    let name = member.as_ref().map_or_else(|| host.clone(), |member| member.heartbeat.friendly_name.clone());
    let starting = format!("the host {name} is starting it");
    draft.place(&host, member.map(|member| member.heartbeat.environment));
    draft.set_config(prepare::revision(operator, workload).as_deref());
    draft.set("HostSelection", &Outcome::True);
    draft.set("Placement", &Outcome::Unknown(reason::STARTING, starting.clone()));
    if let From::Draining(from) = from {
        // It is ready as before, where it was.
        operator.fleet.leaves(&id, from);
    } else {
        draft.set("Sync", &Outcome::Unknown(reason::STARTING, starting));
        draft.ready();
    }
    draft.write(operator, workload).await?;
    match operator.cluster.workloads.get(&Key::of(&**workload)) {
        Some(workload) => Ok(start::begin(operator, &workload, &host)),
        None => Ok(Next::Wait),
    }
}

/// A workload that a host was chosen for.
async fn on_host(operator: &Arc<Operator>, workload: &Arc<Workload>, host: &str) -> Result<Next, Failure> {
    let id = uid(&**workload);
    let conditions = workload.status.as_ref().map(|status| status.conditions.clone()).unwrap_or_default();
    let placement = conditions.iter().find(|condition| condition.type_ == "Placement");
    if placement.is_some_and(|placement| placement.reason.as_deref() == Some(reason::START_FAILED)) {
        if let Some(pause) = operator.starts.pause(&id) {
            return Ok(Next::After(pause));
        }
        return again(operator, workload, host).await;
    }
    match operator.bus.status(host, &id).await {
        Ok(status) => match status.workload_state {
            WorkloadState::Running | WorkloadState::Completed => {
                operator.starts.settled(&id);
                let mut draft = Draft::of(workload);
                draft.runs(&id, &status.message);
                prepare::compare(operator, workload, &mut draft);
                let outdated = draft.is_outdated();
                draft.write(operator, workload).await?;
                // Nobody else would replace it.
                let alone = owner::<WorkloadReplicaSet>(&**workload).is_none();
                if alone && (outdated || finds_another_place(operator, workload, host)) {
                    return again(operator, workload, host).await;
                }
                Ok(Next::After(POLL))
            }
            WorkloadState::Starting | WorkloadState::Stopping => Ok(Next::After(SOON)),
            WorkloadState::Error => start::failed(operator, workload, host, &status.message).await,
            WorkloadState::NotFound | WorkloadState::Unspecified => Ok(start::begin(operator, workload, host)),
        },
        // We are the ones who are away, and nothing is touched.
        Err(Unanswered::Away) => Ok(Next::After(SOON)),
        Err(_) if holds(&conditions, "Placement") => Ok(Next::After(SOON * 5)),
        Err(why) => {
            // It was to be started there and nobody knows whether it was.
            if operator.starts.unanswered(&id) < DEAF {
                return Ok(Next::After(SOON));
            }
            start::failed(operator, workload, host, &why.to_string()).await
        }
    }
}

/// Whether a workload is on a host that somebody empties, and another one has room for it, which is kept for it from then on.
fn finds_another_place(operator: &Operator, workload: &Workload, host: &str) -> bool {
    let emptied = workload.spec.host_id.is_none() && operator.fleet.is_emptied(host);
    emptied && {
        let namespace = workload.namespace().unwrap_or_default();
        let since = operator.bus.connected_since();
        operator.fleet.place(&workload.spec, &namespace, &uid(workload), &group(workload), Some(host), since).is_ok()
    }
}

/// Ends what is left of a workload on its host, and places it anew: elsewhere, if there is an elsewhere.
async fn again(operator: &Arc<Operator>, workload: &Arc<Workload>, host: &str) -> Result<Next, Failure> {
    // Whoever hears this late still hears it behind the start it belongs to.
    let (bus, at, id) = (operator.bus.clone(), host.to_owned(), uid(&**workload));
    let stopping = tokio::spawn(async move { bus.stop(&at, &id).await });
    _ = tokio::time::timeout(SOON, stopping).await;
    place(operator, workload, From::Failed(host)).await
}

/// What cannot be placed: said in the status and as an event, and looked at again when something changes.
async fn refused(
    operator: &Operator,
    workload: &Workload,
    mut draft: Draft,
    condition: &'static str,
    word: &'static str,
    why: String,
) -> Result<Next, Failure> {
    let news = draft.set(condition, &Outcome::False(word, why.clone()));
    draft.ready();
    draft.write(operator, workload).await?;
    if news {
        tracing::info!(workload = %Key::of(workload), why, "a workload cannot be placed");
        operator.cluster.say(workload, true, word, "Reject", &why).await;
    }
    Ok(Next::After(WAIT))
}
