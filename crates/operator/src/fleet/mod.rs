//! The hosts, as far as they were heard of, and what they have to do.
//!
//! Nothing here waits or asks: it is what the operator knows at this moment. Heartbeats and polls tell it
//! ([`heartbeats`], [`watchdog`]), placement and the controllers ask it.

pub(crate) mod heartbeats;
pub(crate) mod intake;
pub(crate) mod watchdog;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chartwright_contract::control::HostHeartbeat;
use chartwright_contract::crds::WorkloadSpec;

use crate::placement::{self, Candidate, Policy, Refusal};
use intake::Intake;

/// Label of hosts: the release they belong to, as Helm calls it.
pub const RELEASE: &str = "app.kubernetes.io/instance";
/// Label of hosts: their zone, as nodes have it.
const ZONE: &str = "topology.kubernetes.io/zone";

/// How a host stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is heard of.
    Live,
    /// It takes nothing new and is about to end.
    Draining,
    /// Not heard of for too long to be given more, not long enough to be given up.
    Silent,
    /// Not heard of yet, since we began to listen.
    Unknown,
    /// Given up, or never there.
    Lost,
}

/// Whether a host is heard, and whose silence it is if not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reporting {
    /// It is.
    Heard,
    /// It says nothing, and we listen.
    Silent,
    /// We are not connected ourselves, or not for long enough to have heard it again.
    Away,
}

/// A host that was heard of.
#[derive(Clone, Debug)]
pub struct Member {
    /// What it last said.
    pub heartbeat: HostHeartbeat,
    /// When.
    pub seen: Instant,
    /// When it was first heard of.
    pub joined: Instant,
    /// Whether it is one of ours; unknown until it was asked.
    pub ours: Option<bool>,
    /// Its Pod is being deleted, or it said so itself.
    pub draining: bool,
    /// Polls without an answer since it was last heard.
    pub unanswered: u32,
}

/// Where a workload is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Assigned {
    host: String,
    owner: String,
}

#[derive(Default)]
struct State {
    members: BTreeMap<String, Member>,
    /// By name and not by id, since it outlives a process; the hosts that are open are not among them.
    intake: HashMap<String, Intake>,
    /// By the uid of the workload.
    assigned: BTreeMap<String, Assigned>,
    /// Where a workload was before it moved off a host that drains: it is served there until that host ends.
    left: HashMap<String, String>,
    counts: HashMap<String, usize>,
    /// When a host was heard again that could not be asked while no other one was heard either.
    resumed: Option<Instant>,
}

/// All of them.
pub struct Fleet {
    state: Mutex<State>,
    began: Instant,
    timeout: Duration,
    policy: Policy,
    pressure: Pressure,
}

/// Above these shares, 0 to 1, a host gets nothing new.
#[derive(Clone, Copy, Debug)]
pub struct Pressure {
    /// Of its processors.
    pub cpu: f64,
    /// Of its memory.
    pub memory: f64,
}

/// What a heartbeat changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Nothing.
    Known,
    /// A host that was not there; the id of one that went by the same name before, if there was.
    New(Option<String>),
    /// Two hosts go by one name: this one is the older process, and left out.
    Double(String),
}

impl Fleet {
    /// A fleet that nobody was heard of yet. A host counts as silent after half of `timeout`.
    pub fn new(timeout: Duration, policy: Policy, pressure: Pressure) -> Self {
        Self { state: Mutex::default(), began: Instant::now(), timeout, policy, pressure }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a heartbeat in. Ids change with each process, names need not: a newer process takes the older one's place.
    pub(crate) fn heard(&self, heartbeat: HostHeartbeat) -> Heard {
        let mut state = self.lock();
        let now = Instant::now();
        if state.members.get(&heartbeat.id).is_some_and(|member| self.resumes(&state, member, now)) {
            state.resumed = Some(now);
        }
        if let Some(member) = state.members.get_mut(&heartbeat.id) {
            member.seen = now;
            member.unanswered = 0;
            member.heartbeat = heartbeat;
            return Heard::Known;
        }
        let same = |(id, member): (&String, &Member)| {
            (member.heartbeat.friendly_name == heartbeat.friendly_name)
                .then(|| (id.clone(), member.heartbeat.started_at))
        };
        let before = state.members.iter().find_map(same);
        if let Some((id, started)) = &before
            && heartbeat.started_at.is_some()
            && *started > heartbeat.started_at
        {
            return Heard::Double(id.clone());
        }
        let before = before.map(|(id, _)| id);
        if let Some(member) = before.as_ref().and_then(|id| state.members.remove(id))
            && self.resumes(&state, &member, now)
        {
            state.resumed = Some(now);
        }
        let id = heartbeat.id.clone();
        let member = Member { heartbeat, seen: now, joined: now, ours: None, draining: false, unanswered: 0 };
        state.members.insert(id, member);
        Heard::New(before)
    }

    /// Whether the way to hosts was cut until now, that this one is heard again, and not just it alone busy: it could not be asked, and
    /// of those that were there with it none was heard. Once in each `timeout`: a host that is busy again and again puts nothing off for ever.
    fn resumes(&self, state: &State, member: &Member, now: Instant) -> bool {
        let silent = |one: &Member| now.duration_since(one.seen.max(self.began)) >= self.timeout / 2;
        let lately = state.resumed.is_some_and(|resumed| now.duration_since(resumed) < self.timeout);
        let others = || state.members.values().filter(|one| one.joined <= member.seen);
        !lately && member.unanswered > 0 && silent(member) && others().all(silent)
    }

    /// A host that the cluster knew before we began: it counts as heard when we began.
    pub(crate) fn expect(&self, heartbeat: HostHeartbeat) {
        let member =
            Member { heartbeat, seen: self.began, joined: self.began, ours: None, draining: false, unanswered: 0 };
        self.lock().members.entry(member.heartbeat.id.clone()).or_insert(member);
    }

    /// Says whether a host is one of ours.
    pub(crate) fn settle_ours(&self, id: &str, ours: bool) {
        if let Some(member) = self.lock().members.get_mut(id) {
            member.ours = Some(ours);
        }
    }

    /// A host takes nothing new. Returns whether that is news.
    pub(crate) fn drains(&self, id: &str) -> bool {
        let mut state = self.lock();
        let member = state.members.get_mut(id);
        member.is_some_and(|member| !std::mem::replace(&mut member.draining, true))
    }

    /// Whether a host, by its name, gets anything new. Returns whether that is news.
    pub(crate) fn takes(&self, name: &str, intake: Intake) -> bool {
        let mut state = self.lock();
        let before = match intake {
            Intake::Open => state.intake.remove(name),
            _ => state.intake.insert(name.to_owned(), intake),
        };
        before.unwrap_or_default() != intake
    }

    /// Whether what a host runs is to move elsewhere, though it goes on.
    pub(crate) fn is_emptied(&self, id: &str) -> bool {
        let state = self.lock();
        let name = state.members.get(id).map(|member| member.heartbeat.friendly_name.as_str());
        name.and_then(|name| state.intake.get(name)) == Some(&Intake::Drained)
    }

    /// A poll got no answer.
    pub(crate) fn unanswered(&self, id: &str) -> u32 {
        self.lock().members.get_mut(id).map_or(0, |member| {
            member.unanswered += 1;
            member.unanswered
        })
    }

    /// Gives a host up.
    pub(crate) fn remove(&self, id: &str) -> Option<Member> {
        let mut state = self.lock();
        state.left.retain(|_, host| host != id);
        state.members.remove(id)
    }

    /// One host.
    pub fn member(&self, id: &str) -> Option<Member> {
        self.lock().members.get(id).cloned()
    }

    /// All hosts.
    pub fn members(&self) -> Vec<Member> {
        self.lock().members.values().cloned().collect()
    }

    /// How a host stands. `since` is when our own connection came to stand: silence before that says nothing.
    pub fn standing(&self, id: &str, since: Option<Instant>) -> Standing {
        let state = self.lock();
        let Some(member) = state.members.get(id) else {
            return if self.listened(since) < self.timeout { Standing::Unknown } else { Standing::Lost };
        };
        if member.draining {
            Standing::Draining
        } else if since.is_none() || self.silence(member, since) < self.timeout / 2 {
            Standing::Live
        } else {
            Standing::Silent
        }
    }

    /// For how long we have been listening without a break.
    pub(crate) fn listened(&self, since: Option<Instant>) -> Duration {
        since.map_or(Duration::ZERO, |since| since.max(self.began).elapsed())
    }

    /// For how long a host could have been heard and was not.
    pub(crate) fn silence(&self, member: &Member, since: Option<Instant>) -> Duration {
        since.map_or(Duration::ZERO, |since| since.max(member.seen).max(self.began).elapsed())
    }

    /// For how long a host has been silent while the way to hosts was open. It was cut while none of them was heard, for
    /// instance at a leaf node, and they come back one by one: the first does not make the others lost. A host with a name that was
    /// not there before says nothing of the way; so what ran on the only host moves to the next one without a wait.
    pub(crate) fn missed(&self, member: &Member, since: Instant) -> Duration {
        let resumed = self.lock().resumed;
        self.silence(member, Some(resumed.map_or(since, |resumed| resumed.max(since))))
    }

    /// Whether a host is heard. One missed heartbeat is no sign, whoever missed it: a short absence of ours changes nothing.
    pub(crate) fn reporting(&self, member: &Member, since: Option<Instant>) -> Reporting {
        if member.seen.elapsed() < self.timeout / 2 {
            Reporting::Heard
        } else if self.silence(member, since) < self.timeout / 2 {
            Reporting::Away
        } else {
            Reporting::Silent
        }
    }

    /// After which silence a host is asked, and after which it is given up.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Notes where a workload is.
    pub(crate) fn assign(&self, workload: &str, host: &str, owner: &str) {
        let mut state = self.lock();
        let assigned = Assigned { host: host.to_owned(), owner: owner.to_owned() };
        let before = state.assigned.insert(workload.to_owned(), assigned);
        if before.as_ref().is_some_and(|before| before.host == host) {
            return;
        }
        if let Some(before) = before {
            state.less(&before.host);
        }
        *state.counts.entry(host.to_owned()).or_default() += 1;
    }

    /// Notes that a workload is nowhere any more.
    pub(crate) fn release(&self, workload: &str) {
        let mut state = self.lock();
        state.left.remove(workload);
        if let Some(before) = state.assigned.remove(workload) {
            state.less(&before.host);
        }
    }

    /// Where workloads are, by uid.
    pub(crate) fn assigned(&self) -> BTreeMap<String, String> {
        let state = self.lock();
        state.assigned.iter().map(|(workload, assigned)| (workload.clone(), assigned.host.clone())).collect()
    }

    /// Whether a workload was placed there.
    pub(crate) fn is_assigned(&self, workload: &str, host: &str) -> bool {
        self.lock().assigned.get(workload).is_some_and(|assigned| assigned.host == host)
    }

    /// Notes that a workload moved off a host which goes on serving it until it ends.
    pub(crate) fn leaves(&self, workload: &str, host: &str) {
        self.lock().left.insert(workload.to_owned(), host.to_owned());
    }

    /// Where else a workload is still served.
    pub(crate) fn left(&self, workload: &str) -> Option<String> {
        self.lock().left.get(workload).cloned()
    }

    /// Chooses a host, and notes the choice, so that the next one sees it. `but` is a host to be left out.
    pub(crate) fn place(
        &self,
        spec: &WorkloadSpec,
        namespace: &str,
        workload: &str,
        owner: &str,
        but: Option<&str>,
        since: Option<Instant>,
    ) -> Result<Member, Refusal> {
        let mut state = self.lock();
        let mut siblings = HashMap::<&str, usize>::new();
        for (uid, assigned) in &state.assigned {
            if assigned.owner == owner && uid != workload {
                *siblings.entry(assigned.host.as_str()).or_default() += 1;
            }
        }
        let candidates =
            state.members.values().filter(|member| but != Some(member.heartbeat.id.as_str())).map(|member| {
                let beat = &member.heartbeat;
                let total = beat.system_memory_total;
                let used = total.saturating_sub(beat.system_memory_free);
                #[expect(clippy::cast_precision_loss, reason = "a share, for a comparison")]
                let memory = if total == 0 { 0.0 } else { used as f64 / total as f64 };
                Candidate {
                    id: beat.id.clone(),
                    environment: beat.environment.clone(),
                    labels: beat.labels.clone(),
                    ready: !member.draining && self.silence(member, since) < self.timeout / 2,
                    cordoned: state.intake.contains_key(&beat.friendly_name),
                    workloads: state.counts.get(&beat.id).copied().unwrap_or_default(),
                    siblings: siblings.get(beat.id.as_str()).copied().unwrap_or_default(),
                    zone: beat.labels.get(ZONE).cloned(),
                    memory,
                    cpu: f64::from(beat.system_cpu_usage) / 100.0,
                }
            });
        let candidates: Vec<_> = candidates.collect();
        // All of it is no limit.
        let limit = |share: f64| (share < 1.0).then_some(share);
        let policy =
            Policy { most_memory: limit(self.pressure.memory), most_cpu: limit(self.pressure.cpu), ..self.policy };
        let id = placement::choose(spec, namespace, &candidates, &policy)?.id.clone();
        let member = state.members.get(&id).cloned().ok_or_else(|| Refusal::None("the host went".into()))?;
        drop(candidates);
        let assigned = Assigned { host: id.clone(), owner: owner.to_owned() };
        if let Some(before) = state.assigned.insert(workload.to_owned(), assigned) {
            state.less(&before.host);
        }
        *state.counts.entry(id).or_default() += 1;
        Ok(member)
    }
}

impl State {
    fn less(&mut self, host: &str) {
        if let Some(count) = self.counts.get_mut(host) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.counts.remove(host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chartwright_contract::control::Timestamp;

    use super::*;

    fn fleet(timeout: Duration) -> Fleet {
        Fleet::new(timeout, Policy::default(), Pressure { cpu: 0.8, memory: 0.8 })
    }

    fn beat(id: &str, name: &str, started: i64) -> HostHeartbeat {
        HostHeartbeat {
            id: id.into(),
            friendly_name: name.into(),
            started_at: Timestamp::from_second(started).ok(),
            ..HostHeartbeat::default()
        }
    }

    #[test]
    fn a_newer_process_takes_the_place_of_the_older_and_never_the_other_way() {
        let fleet = fleet(Duration::from_mins(1));
        assert_eq!(fleet.heard(beat("a", "pod", 1)), Heard::New(None));
        assert_eq!(fleet.heard(beat("a", "pod", 1)), Heard::Known);
        assert_eq!(fleet.heard(beat("b", "pod", 2)), Heard::New(Some("a".into())));
        assert_eq!(fleet.heard(beat("a", "pod", 1)), Heard::Double("b".into()));
        assert_eq!(fleet.members().len(), 1);
    }

    #[test]
    fn silence_counts_only_while_we_listen() {
        let fleet = fleet(Duration::from_millis(40));
        fleet.heard(beat("a", "pod", 1));
        let connected = Some(Instant::now());
        let reporting = |since| fleet.reporting(&fleet.member("a").unwrap(), since);
        assert_eq!((reporting(connected), reporting(None)), (Reporting::Heard, Reporting::Heard));
        assert_eq!(fleet.standing("a", connected), Standing::Live);
        assert_eq!(fleet.standing("x", connected), Standing::Unknown, "we have just begun");
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(fleet.standing("a", connected), Standing::Silent);
        assert_eq!(fleet.standing("x", connected), Standing::Lost);
        assert_eq!(fleet.standing("a", None), Standing::Live, "without a connection nobody is heard");
        assert_eq!(fleet.standing("a", Some(Instant::now())), Standing::Live, "nor just after it came back");
        assert_eq!(reporting(connected), Reporting::Silent);
        assert_eq!((reporting(None), reporting(Some(Instant::now()))), (Reporting::Away, Reporting::Away));
    }

    #[test]
    fn the_first_that_is_heard_again_makes_no_other_one_lost() {
        let fleet = fleet(Duration::from_millis(40));
        for id in ["a", "b"] {
            fleet.heard(beat(id, id, 1));
        }
        let connected = Instant::now();
        let missed = || fleet.missed(&fleet.member("b").unwrap(), connected);
        std::thread::sleep(Duration::from_millis(50));
        fleet.heard(beat("c", "c", 2));
        assert!(missed() >= Duration::from_millis(50), "a new host is no sign that the way was cut");
        fleet.remove("c");
        fleet.heard(beat("a", "a", 1));
        assert!(missed() >= Duration::from_millis(50), "it was slow, and answers");
        std::thread::sleep(Duration::from_millis(50));
        fleet.unanswered("a");
        fleet.heard(beat("c", "c", 2));
        let resumed = Instant::now();
        fleet.heard(beat("a", "a", 1));
        assert!(missed() <= resumed.elapsed(), "whoever came meanwhile does not count");
        assert_eq!(fleet.standing("b", Some(connected)), Standing::Silent, "it gets nothing new before it is heard");
        std::thread::sleep(Duration::from_millis(50));
        fleet.unanswered("a");
        let resumed = Instant::now();
        fleet.heard(beat("next", "a", 3));
        assert!(missed() <= resumed.elapsed(), "the next process of a host is that host");
    }

    #[test]
    fn a_cordon_holds_for_the_name_and_so_for_the_next_process() {
        let fleet = fleet(Duration::from_mins(1));
        fleet.heard(beat("a", "pod", 1));
        assert!(fleet.takes("pod", Intake::Cordoned) && !fleet.takes("pod", Intake::Cordoned));
        let place = || fleet.place(&WorkloadSpec::default(), "shop", "w", "rs", None, Some(Instant::now()));
        assert_eq!(place().unwrap_err().to_string(), "no host fits: 1 cordoned");
        fleet.heard(beat("b", "pod", 2));
        assert!(place().is_err() && !fleet.is_emptied("b"));
        assert!(fleet.takes("pod", Intake::Drained) && fleet.is_emptied("b") && !fleet.is_emptied("a"));
        assert!(fleet.takes("pod", Intake::Open) && place().is_ok());
    }

    #[test]
    fn choices_are_seen_by_the_next_one() {
        let fleet = fleet(Duration::from_mins(1));
        for id in ["a", "b", "c"] {
            fleet.heard(beat(id, id, 1));
        }
        let spec = WorkloadSpec::default();
        let place = |workload: &str| {
            let member = fleet.place(&spec, "shop", workload, "rs", None, Some(Instant::now())).unwrap();
            member.heartbeat.id
        };
        let mut hosts: Vec<_> = (0..6).map(|n| place(&format!("w{n}"))).collect();
        hosts.sort();
        assert_eq!(hosts, ["a", "a", "b", "b", "c", "c"]);
        fleet.release("w0");
        assert_eq!(place("w6"), "a", "there is room again");
    }
}
