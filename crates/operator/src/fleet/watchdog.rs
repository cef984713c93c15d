//! Hosts that are not heard of: asked, and given up in the end; and hosts of ours, asked what they have.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::{Member, RELEASE, heartbeats};
use crate::bus::Unanswered;
use crate::operator::Operator;

/// How often somebody looks.
const TICK: Duration = Duration::from_millis(500);
/// Polls in a row without an answer, before a host that is connected but says nothing is given up: upstream's hosts answer
/// nothing while they pull.
const UNANSWERED: u32 = 3;

/// Hosts, and workloads on them that nobody knew at one look.
type Strangers = Arc<Mutex<HashSet<(String, String)>>>;

/// What is known about a silent host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Silence {
    /// For how long.
    lasted: Duration,
    /// The server says that nobody listens under its id.
    nobody: bool,
    /// Polls without an answer.
    unanswered: u32,
    /// Whether any other host was heard meanwhile: if none was, the bus is what is missing, and there is no other host to
    /// move anything to.
    others: bool,
}

/// Whether a silent host is given up.
fn is_lost(silence: Silence, timeout: Duration) -> bool {
    let certain = silence.nobody && silence.lasted >= timeout / 2;
    let likely = silence.unanswered >= UNANSWERED && silence.lasted >= timeout;
    silence.others && (certain || likely)
}

/// Looks for ever. Whoever does not see all `workloads` knows of none that it is one too many.
pub(crate) async fn watch(operator: Arc<Operator>, sees_all: bool) {
    let mut asked = HashMap::<String, Instant>::new();
    let mut counted = HashMap::<String, Instant>::new();
    let strangers = Strangers::default();
    let mut polls = JoinSet::new();
    let mut clock = tokio::time::interval(TICK);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        while polls.try_join_next().is_some() {}
        let members = operator.fleet.members();
        let state = operator.bus.connection().state();
        operator.metrics.nats(state.borrow().is_connected(), state.borrow().reconnects);
        asked.retain(|id, _| members.iter().any(|member| member.heartbeat.id == *id));
        counted.retain(|id, _| members.iter().any(|member| member.heartbeat.id == *id));
        let Some(since) = operator.bus.connected_since() else { continue };
        let timeout = operator.fleet.timeout();
        let mut silent = 0;
        for member in &members {
            let id = member.heartbeat.id.clone();
            let due = |times: &HashMap<String, Instant>, pause: Duration| {
                times.get(&id).is_none_or(|last| last.elapsed() >= pause)
            };
            if operator.fleet.silence(member, Some(since)) >= timeout / 2 {
                silent += 1;
                if due(&asked, (timeout / 12).max(TICK)) {
                    asked.insert(id.clone(), Instant::now());
                    polls.spawn(poll(Arc::clone(&operator), id));
                }
            } else if member.ours != Some(false) && due(&counted, timeout / 2) {
                counted.insert(id.clone(), Instant::now());
                polls.spawn(count(Arc::clone(&operator), id, sees_all, Arc::clone(&strangers)));
            }
        }
        operator.metrics.hosts("silent", silent);
        operator.metrics.hosts("draining", members.iter().filter(|member| member.draining).count());
        operator.metrics.hosts("live", members.len() - silent);
    }
}

/// Asks a silent host, and gives it up if that is what the silence means.
pub(crate) async fn poll(operator: Arc<Operator>, id: String) {
    let answer = operator.bus.heartbeat(&id).await;
    let nobody = match answer {
        Ok(heartbeat) => return heartbeats::hear(&operator, heartbeat),
        Err(Unanswered::Away) => return,
        Err(Unanswered::Nobody) => true,
        Err(_) => false,
    };
    let unanswered = operator.fleet.unanswered(&id);
    let Some(since) = operator.bus.connected_since() else { return };
    let Some(member) = operator.fleet.member(&id) else { return };
    let timeout = operator.fleet.timeout();
    let heard = |other: &Member| other.heartbeat.id != id && operator.fleet.silence(other, Some(since)) < timeout / 2;
    let silence = Silence {
        lasted: operator.fleet.missed(&member, since),
        nobody,
        unanswered,
        others: operator.fleet.members().iter().any(heard),
    };
    if is_lost(silence, timeout) {
        let why = if nobody { "nobody listens under its id" } else { "it answers nothing" };
        let name = &member.heartbeat.friendly_name;
        if member.draining {
            tracing::info!(host = name, id, why, "a host that was about to end is gone");
        } else {
            tracing::warn!(host = name, id, silent = ?member.seen.elapsed(), why, "a host is given up");
        }
        operator.host_lost(&id, why).await;
    }
}

/// Asks a host what it has. Who answers is ours; what nobody knows twice in a row is stopped.
async fn count(operator: Arc<Operator>, id: String, sees_all: bool, strangers: Strangers) {
    let workloads = match operator.bus.workloads(&id).await {
        Ok(workloads) => workloads,
        Err(Unanswered::Nobody | Unanswered::Silent(_)) => return operator.fleet.settle_ours(&id, false),
        Err(_) => return,
    };
    operator.fleet.settle_ours(&id, true);
    // Only hosts of our own release: what others run on theirs is theirs.
    let Some(member) = operator.fleet.member(&id) else { return };
    if !sees_all
        || operator.settings.release.is_none()
        || member.heartbeat.labels.get(RELEASE) != operator.settings.release.as_ref()
    {
        return;
    }
    for workload in workloads {
        let pair = (id.clone(), workload);
        let known = operator.belongs(&pair.1, &id);
        if known || !twice(&strangers, &pair) {
            if known {
                strangers.lock().unwrap_or_else(PoisonError::into_inner).remove(&pair);
            }
            continue;
        }
        tracing::warn!(host = member.heartbeat.friendly_name, workload = pair.1, "a host runs what nobody knows");
        if operator.bus.stop(&id, &pair.1).await.is_ok() {
            operator.metrics.stopped_unknown();
        }
    }
}

/// Whether this was seen before; the second time it is forgotten again.
fn twice(strangers: &Strangers, pair: &(String, String)) -> bool {
    let mut seen = strangers.lock().unwrap_or_else(PoisonError::into_inner);
    seen.remove(pair) || !seen.insert(pair.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_given_up_for_a_reason() {
        let timeout = Duration::from_mins(1);
        let silence = Silence { lasted: Duration::from_secs(35), nobody: true, unanswered: 1, others: true };
        assert!(is_lost(silence, timeout), "two heartbeats missed, and the poll finds nobody");
        assert!(!is_lost(Silence { nobody: false, ..silence }, timeout), "it may be busy with a pull");
        let long = Silence { lasted: Duration::from_secs(61), nobody: false, unanswered: 3, ..silence };
        assert!(is_lost(long, timeout));
        assert!(!is_lost(Silence { unanswered: 2, ..long }, timeout));
        assert!(!is_lost(Silence { others: false, ..silence }, timeout), "the bus may be what is missing");
        assert!(!is_lost(Silence { others: false, lasted: Duration::from_mins(10), ..long }, timeout));
        assert!(!is_lost(Silence { lasted: Duration::from_secs(16), ..silence }, timeout), "one heartbeat is no sign");
    }
}
