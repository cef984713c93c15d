//! A WorkloadReplicaSet: so many equal Workloads, each under a name that is made of a number.
//!
//! Numbers and not random letters: whoever makes one twice, because it did not see yet that it was made, is told by the API
//! server that it is there.

use std::collections::BTreeSet;
use std::sync::Arc;

use chartwright_contract::crds::names::{DEPLOYMENT, GENERATION, WORKLOAD_FINALIZER};
use chartwright_contract::crds::{Condition, ReplicaCounts, Workload, WorkloadReplicaSet, WorkloadReplicaSetStatus};
use futures::StreamExt as _;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::ResourceExt as _;

use super::queue::Next;
use super::rollout::Count;
use super::workload::reason;
use super::{Failure, now};
use crate::cluster::Key;
use crate::conditions::{self, Outcome, holds};
use crate::operator::{Operator, uid};
use crate::template;

/// Writes of one ReplicaSet at a time.
const AT_A_TIME: usize = 16;

/// The Workloads of a ReplicaSet.
pub(crate) fn members(operator: &Operator, set: &WorkloadReplicaSet) -> Vec<Arc<Workload>> {
    let owner = set.metadata.uid.as_deref().unwrap_or_default();
    let mut all = operator.cluster.workloads.within(&set.namespace().unwrap_or_default());
    all.retain(|workload| {
        workload.owner_references().iter().any(|one| one.controller == Some(true) && one.uid == owner)
    });
    all
}

/// How many it has. One on its way out is there, and serves nobody.
pub(crate) fn count(set: &WorkloadReplicaSet, members: &[Arc<Workload>]) -> Count {
    Count {
        wanted: set.spec.replicas().max(0),
        there: int(members.len()),
        ready: int(members.iter().filter(|one| is_live(one) && is_ready(one)).count()),
    }
}

/// Why some of them do not run, in the words of the first: `; web-x4k2p: host a: ...`. One that is starting has no reason yet.
pub(crate) fn hindrance(members: &[Arc<Workload>]) -> String {
    let reason = |workload: &Arc<Workload>| {
        let failed = conditions_of(workload).iter().filter(|condition| condition.status == "False");
        let order = ["Config", "HostSelection", "Placement", "Sync"];
        let first = order.iter().find_map(|type_| failed.clone().find(|condition| condition.type_ == *type_))?;
        Some(format!("; {}: {}", workload.name_any(), first.message.as_deref()?))
    };
    members.iter().filter(|one| is_live(one) && !is_ready(one)).find_map(reason).unwrap_or_default()
}

fn int(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn is_live(workload: &Workload) -> bool {
    workload.metadata.deletion_timestamp.is_none()
}

fn conditions_of(workload: &Workload) -> &[Condition] {
    workload.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default()
}

fn is_ready(workload: &Workload) -> bool {
    holds(conditions_of(workload), "Ready")
}

/// Whether one is of another template, or was started with what has changed since.
fn is_outdated(workload: &Workload, hash: &str) -> bool {
    let of = workload.annotations().get(GENERATION).is_some_and(|other| other != hash);
    let config = conditions_of(workload).iter().find(|condition| condition.type_ == "Config");
    of || config.is_some_and(|config| config.reason.as_deref() == Some(reason::OUTDATED))
}

/// Whether one is on a host that somebody empties. One that is pinned there has no other place.
fn is_unwanted(operator: &Operator, workload: &Workload) -> bool {
    let host = workload.status.as_ref().and_then(|status| status.host_id.as_deref());
    workload.spec.host_id.is_none() && host.is_some_and(|host| operator.fleet.is_emptied(host))
}

/// Takes a look.
pub(crate) async fn look(operator: Arc<Operator>, key: Key) -> Result<Next, Failure> {
    let Some(set) = operator.cluster.replica_sets.get(&key) else { return Ok(Next::Wait) };
    if set.metadata.deletion_timestamp.is_some() {
        // The cluster collects what it owns.
        return Ok(Next::Wait);
    }
    let hash = template::hash(&set.spec.template);
    let all = members(&operator, &set);
    let live: Vec<_> = all.iter().filter(|one| is_live(one)).cloned().collect();
    let wanted = usize::try_from(set.spec.replicas()).unwrap_or_default();
    let outdated = |one: &Workload| is_outdated(one, &hash) || is_unwanted(&operator, one);
    let plan = plan(&live, outdated, wanted);

    let taken: BTreeSet<String> = all.iter().map(|one| one.name_any()).collect();
    let free = (0_u32..).map(|number| format!("{}-{number}", set.name_any())).filter(|name| !taken.contains(name));
    let made: Vec<_> =
        free.take(plan.create).map(|name| workload(&set, name, &hash, operator.settings.holds)).collect();
    let creating = futures::stream::iter(made).map(|workload| {
        let operator = Arc::clone(&operator);
        async move {
            match operator.cluster.create(&workload).await {
                Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
                result => result.map(drop),
            }
        }
    });
    let created: Vec<_> = creating.buffer_unordered(AT_A_TIME).collect().await;
    let deleting = futures::stream::iter(plan.delete).map(|workload| {
        let operator = Arc::clone(&operator);
        async move { operator.retire(&workload).await }
    });
    let deleted: Vec<_> = deleting.buffer_unordered(AT_A_TIME).collect().await;

    let failed = |results: &[Result<(), kube::Error>]| {
        let first = results.iter().find_map(|result| result.as_ref().err());
        first.map_or(Outcome::True, |err| Outcome::False("Reconcile", err.to_string()))
    };
    let outcomes = [("ScaleUp", failed(&created)), ("ScaleDown", failed(&deleted))];
    write_status(&operator, &set, outcomes).await?;
    for result in created.into_iter().chain(deleted) {
        result?;
    }
    Ok(Next::Wait)
}

/// What to do.
struct Plan {
    create: usize,
    delete: Vec<Arc<Workload>>,
}

/// Those of another template, with outdated settings, or where they should not be, are replaced: first a new one comes, then one
/// of them goes.
fn plan(live: &[Arc<Workload>], outdated: impl Fn(&Workload) -> bool, wanted: usize) -> Plan {
    let (mut stale, mut fresh): (Vec<_>, Vec<_>) = live.iter().cloned().partition(|one| outdated(one));
    let surge = if stale.is_empty() { 0 } else { (wanted / 4).max(1) };
    let create = wanted.saturating_sub(fresh.len()).min((wanted + surge).saturating_sub(live.len()));
    let ready = live.iter().filter(|one| is_ready(one)).count();
    let mut delete = Vec::new();
    // What does not run goes first, then the last that came.
    let order = |one: &Arc<Workload>| (is_ready(one), std::cmp::Reverse(number(one)));
    stale.sort_by_key(order);
    fresh.sort_by_key(order);
    let mut spare = ready.saturating_sub(wanted);
    for one in stale {
        if !is_ready(&one) {
            delete.push(one);
        } else if spare > 0 {
            spare -= 1;
            delete.push(one);
        }
    }
    let surplus = fresh.len().saturating_sub(wanted);
    delete.extend(fresh.into_iter().take(surplus));
    Plan { create, delete }
}

/// The number at the end of a name.
fn number(workload: &Workload) -> u32 {
    let name = workload.name_any();
    name.rsplit('-').next().and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn workload(set: &WorkloadReplicaSet, name: String, hash: &str, holds: bool) -> Workload {
    let template = &set.spec.template;
    let mut labels = template.labels.clone();
    if let Some(deployment) = set.labels().get(DEPLOYMENT) {
        labels.insert(DEPLOYMENT.to_owned(), deployment.clone());
    }
    let mut annotations = template.annotations.clone();
    annotations.insert(GENERATION.to_owned(), hash.to_owned());
    let mut workload = Workload::new(&name, template.spec.clone());
    workload.metadata = ObjectMeta {
        name: Some(name),
        namespace: set.namespace(),
        labels: Some(labels).filter(|labels| !labels.is_empty()),
        annotations: Some(annotations),
        // At once: it saves a write, and none is ever without.
        finalizers: holds.then(|| vec![WORKLOAD_FINALIZER.to_owned()]),
        owner_references: Some(vec![owner_reference(set)]),
        ..ObjectMeta::default()
    };
    workload
}

/// The mark of what an object controls.
pub(crate) fn owner_reference<K: kube::Resource<DynamicType = ()>>(object: &K) -> OwnerReference {
    OwnerReference {
        api_version: K::api_version(&()).into_owned(),
        kind: K::kind(&()).into_owned(),
        name: object.meta().name.clone().unwrap_or_default(),
        uid: uid(object),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

async fn write_status(
    operator: &Operator,
    set: &WorkloadReplicaSet,
    outcomes: [(&str, Outcome); 2],
) -> Result<(), Failure> {
    let members = members(operator, set);
    let count = count(set, &members);
    let mut status = set.status.clone().unwrap_or_default();
    for (type_, outcome) in outcomes {
        conditions::set(&mut status.conditions, type_, &outcome, &now());
    }
    let ready = if count.ready == count.wanted {
        Outcome::True
    } else {
        Outcome::False("Reconcile", format!("{} of {} run{}", count.ready, count.wanted, hindrance(&members)))
    };
    conditions::set(&mut status.conditions, "Ready", &ready, &now());
    status.replicas = Some(ReplicaCounts {
        expected: count.wanted,
        current: count.there,
        ready: count.ready,
        unavailable: (count.there - count.ready).max(0),
    });
    let before: Option<&WorkloadReplicaSetStatus> = set.status.as_ref();
    Ok(operator.cluster.status(set, before, &status).await?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// By the template alone.
    fn plan(live: &[Arc<Workload>], hash: &str, wanted: usize) -> Plan {
        super::plan(live, |one| is_outdated(one, hash), wanted)
    }

    fn one(number: u32, hash: &str, ready: bool, config: Option<&str>) -> Arc<Workload> {
        let mut conditions = vec![json!({ "type": "Ready", "status": if ready { "True" } else { "False" } })];
        if let Some(reason) = config {
            conditions.push(json!({ "type": "Config", "status": "False", "reason": reason }));
        }
        let value = json!({
            "metadata": { "name": format!("web-{number}"), "annotations": { GENERATION: hash } },
            "spec": {}, "status": { "conditions": conditions },
        });
        Arc::new(serde_json::from_value(value).unwrap())
    }

    fn names(plan: &Plan) -> Vec<String> {
        plan.delete.iter().map(|one| one.name_any()).collect()
    }

    #[test]
    fn what_does_not_run_goes_first_and_then_the_last_that_came() {
        let live =
            [one(0, "a", true, None), one(1, "a", true, None), one(2, "a", false, None), one(3, "a", true, None)];
        let down = plan(&live, "a", 2);
        assert_eq!((down.create, names(&down)), (0, vec!["web-2".into(), "web-3".into()]));
        assert_eq!(plan(&live, "a", 6).create, 2);
        assert_eq!(plan(&live, "a", 0).delete.len(), 4);
    }

    #[test]
    fn those_with_outdated_settings_are_replaced_one_after_the_other() {
        let mut live = vec![one(0, "a", true, Some("Outdated")), one(1, "a", true, Some("Outdated"))];
        let first = plan(&live, "a", 2);
        assert_eq!((first.create, names(&first)), (1, vec![]), "first one comes");
        live.push(one(2, "a", false, None));
        let waiting = plan(&live, "a", 2);
        assert_eq!((waiting.create, names(&waiting)), (0, vec![]), "it does not run yet");
        live[2] = one(2, "a", true, None);
        let second = plan(&live, "a", 2);
        assert_eq!((second.create, second.delete.len()), (0, 1), "then one goes");
    }

    #[test]
    fn one_of_another_template_is_outdated_and_one_without_a_mark_is_not() {
        assert!(is_outdated(&one(0, "old", true, None), "new"));
        let unmarked = Arc::new(Workload::new("x", chartwright_contract::crds::WorkloadSpec::default()));
        assert!(!is_outdated(&unmarked, "new"));
    }
}
