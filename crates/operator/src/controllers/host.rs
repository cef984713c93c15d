//! A Host: what the cluster is told of a host that was heard of, under the name it gives itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use chartwright_contract::control::HostHeartbeat;
use chartwright_contract::crds::names::{HOST_DRAINING, HOST_FINALIZER, HOST_NATS_AWAY, OLD_FINALIZERS, SCHEDULABLE};
use chartwright_contract::crds::{Host, HostData, HostStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::queue::Next;
use super::{Failure, now};
use crate::cluster::Key;
use crate::conditions::{self, Outcome};
use crate::fleet::intake::Intake;
use crate::fleet::{Member, Reporting};
use crate::operator::Operator;

/// Takes a look at the host with this id.
pub(crate) async fn look(operator: Arc<Operator>, id: String) -> Result<Next, Failure> {
    let namespace = operator.cluster.own_namespace.clone();
    let Some(member) = operator.fleet.member(&id) else {
        operator.starts.host_gone(&id);
        // Another process may go by its name now, and then the object is that one's.
        for host in operator.cluster.hosts.within(&namespace) {
            if host.spec.host_id == id {
                operator.cluster.delete(&*host).await?;
                release(&operator, &host).await?;
            }
        }
        return Ok(Next::Wait);
    };
    let key = Key::new(&namespace, &member.heartbeat.friendly_name);
    let known = operator.cluster.hosts.get(&key);
    if let Some(host) = known.as_ref().filter(|host| host.metadata.deletion_timestamp.is_some()) {
        // Whoever deleted it: the next heartbeat makes it anew.
        release(&operator, host).await?;
        return Ok(Next::Wait);
    }
    let wanted = object(&namespace, &member.heartbeat);
    let host = match known {
        Some(known) if known.spec == wanted.spec && covers(&known, &wanted) => known,
        _ => operator.cluster.apply(&wanted).await?,
    };
    let reporting = operator.fleet.reporting(&member, operator.bus.connected_since());
    let seen = Timestamp::now() - SignedDuration::try_from(member.seen.elapsed()).unwrap_or_default();
    let status = status(&host, &member, reporting, Time(seen));
    operator.cluster.status(&*host, host.status.as_ref(), &status).await?;
    operator.routes_of(&id);
    // When its heartbeats are missing, its condition changes without one.
    Ok(Next::After(operator.fleet.timeout() / 2))
}

async fn release(operator: &Operator, host: &Host) -> Result<(), Failure> {
    let host = operator.cluster.hosts.get(&Key::of(host));
    if let Some(host) = host {
        operator.cluster.release(&*host, &[HOST_FINALIZER, OLD_FINALIZERS[0], OLD_FINALIZERS[1]]).await?;
    }
    Ok(())
}

/// The object without its status.
fn object(namespace: &str, beat: &HostHeartbeat) -> Host {
    let fine = |(key, value): &(&String, &String)| is_label(key, value);
    let labels: BTreeMap<_, _> =
        beat.labels.iter().filter(fine).map(|(key, value)| (key.clone(), value.clone())).collect();
    let mut host = Host::new(
        &beat.friendly_name,
        HostData {
            host_id: beat.id.clone(),
            hostname: Some(beat.hostname.clone()).filter(|name| !name.is_empty()),
            http_port: i32::try_from(beat.http_port).ok().filter(|port| *port != 0),
            environment: Some(beat.environment.clone()).filter(|environment| !environment.is_empty()),
        },
    );
    host.metadata = ObjectMeta {
        name: Some(beat.friendly_name.clone()),
        namespace: Some(namespace.to_owned()),
        labels: Some(labels),
        ..ObjectMeta::default()
    };
    host
}

/// Whether an object has all labels of another.
fn covers(host: &Host, wanted: &Host) -> bool {
    let has = host.metadata.labels.clone().unwrap_or_default();
    wanted.metadata.labels.iter().flatten().all(|(key, value)| has.get(key) == Some(value))
}

/// A label that the API server takes: one that it does not would keep the whole host out.
fn is_label(key: &str, value: &str) -> bool {
    let word = |text: &str| {
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        text.len() <= 63
            && edge(text.chars().next())
            && edge(text.chars().last())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let domain = |text: &str| {
        text.len() <= 253
            && !text.is_empty()
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'))
    };
    word(name) && prefix.is_none_or(domain) && (value.is_empty() || word(value))
}

fn status(host: &Host, member: &Member, reporting: Reporting, seen: Time) -> HostStatus {
    let beat = &member.heartbeat;
    let mut conditions = host.status.as_ref().map(|status| status.conditions.clone()).unwrap_or_default();
    let reports = match reporting {
        Reporting::Heard => Outcome::True,
        Reporting::Silent => Outcome::Unknown("Reconcile", "status unknown: no heartbeat for too long".into()),
        Reporting::Away => {
            let why = "status unknown: not heard since the operator's own connection to NATS was away";
            Outcome::Unknown(HOST_NATS_AWAY, why.into())
        }
    };
    let ready = if member.draining {
        Some(Outcome::False(HOST_DRAINING, "it takes nothing new and is about to end".into()))
    } else if reporting == Reporting::Away {
        // That we are away says nothing about the host: it stays as ready as it was.
        conditions.iter().all(|condition| condition.type_ != "Ready").then_some(Outcome::True)
    } else {
        Some(reports.clone())
    };
    conditions::set(&mut conditions, "Reporting", &reports, &now());
    if let Some(ready) = ready {
        conditions::set(&mut conditions, "Ready", &ready, &now());
    }
    let intake = Intake::of(host);
    if intake != Intake::Open || conditions.iter().any(|condition| condition.type_ == SCHEDULABLE) {
        conditions::set(&mut conditions, SCHEDULABLE, &intake.outcome(), &now());
    }
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let text = |text: &str| if text.is_empty() { "unknown".to_owned() } else { text.to_owned() };
    HostStatus {
        conditions,
        version: text(&beat.version),
        os_name: text(&beat.os_name),
        os_arch: text(&beat.os_arch),
        os_kernel: text(&beat.os_kernel),
        system_cpu_usage: format!("{:.1}", beat.system_cpu_usage),
        system_memory_total: number(beat.system_memory_total),
        system_memory_free: number(beat.system_memory_free),
        component_count: Some(number(beat.component_count)),
        workload_count: Some(number(beat.workload_count)),
        last_seen: Some(seen),
    }
}

/// What a Host that another operator left says, as if it had just been heard.
pub(crate) fn remembered(host: &Host) -> HostHeartbeat {
    let status = host.status.clone().unwrap_or_default();
    let bytes = |number: i64| u64::try_from(number).unwrap_or_default();
    HostHeartbeat {
        id: host.spec.host_id.clone(),
        friendly_name: host.metadata.name.clone().unwrap_or_default(),
        hostname: host.spec.hostname.clone().unwrap_or_default(),
        environment: host.spec.environment.clone().unwrap_or_default(),
        http_port: host.spec.http_port.and_then(|port| u32::try_from(port).ok()).unwrap_or_default(),
        labels: host.metadata.labels.clone().unwrap_or_default(),
        version: status.version,
        os_name: status.os_name,
        os_arch: status.os_arch,
        os_kernel: status.os_kernel,
        system_cpu_usage: status.system_cpu_usage.parse().unwrap_or_default(),
        system_memory_total: bytes(status.system_memory_total),
        system_memory_free: bytes(status.system_memory_free),
        ..HostHeartbeat::default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn that_the_operator_is_away_makes_no_host_less_ready() {
        let member = |draining| Member {
            heartbeat: HostHeartbeat { friendly_name: "pod-1".into(), ..HostHeartbeat::default() },
            seen: Instant::now(),
            joined: Instant::now(),
            ours: None,
            draining,
            unanswered: 0,
        };
        let mut host = object("wasmcloud", &member(false).heartbeat);
        let mut after = |draining, reporting| {
            let status = status(&host, &member(draining), reporting, now());
            let said = ["Reporting", "Ready"].map(|type_| {
                let found = status.conditions.iter().find(|condition| condition.type_ == type_).unwrap();
                format!("{} {}", found.status, found.reason.as_deref().unwrap_or_default())
            });
            host.status = Some(status);
            said
        };
        assert_eq!(after(false, Reporting::Away), ["Unknown NatsAway", "True Available"]);
        assert_eq!(after(false, Reporting::Heard), ["True Available", "True Available"]);
        assert_eq!(after(false, Reporting::Away), ["Unknown NatsAway", "True Available"]);
        assert_eq!(after(false, Reporting::Silent), ["Unknown Reconcile", "Unknown Reconcile"]);
        assert_eq!(after(false, Reporting::Away), ["Unknown NatsAway", "Unknown Reconcile"]);
        assert_eq!(after(true, Reporting::Away), ["Unknown NatsAway", "False Draining"]);
    }

    #[test]
    fn labels_that_kubernetes_refuses_are_left_out() {
        assert!(is_label("hostgroup", "edge") && is_label("topology.kubernetes.io/zone", "a") && is_label("x", ""));
        for (key, value) in [("a b", "x"), ("", "x"), ("Upper.Host/x", "y"), ("x", "-y"), ("x", "a/b"), ("/x", "y")] {
            assert!(!is_label(key, value), "{key}={value}");
        }
    }

    #[test]
    fn a_host_is_remembered_as_it_was_described() {
        let beat = HostHeartbeat {
            id: "h1".into(),
            friendly_name: "pod-1".into(),
            hostname: "10.0.0.1".into(),
            http_port: 9191,
            labels: BTreeMap::from([("hostgroup".into(), "edge".into()), ("bad key".into(), "x".into())]),
            ..HostHeartbeat::default()
        };
        let host = object("wasmcloud", &beat);
        let again = remembered(&host);
        assert_eq!((again.id, again.hostname, again.http_port), ("h1".into(), "10.0.0.1".into(), 9191));
        assert_eq!(again.labels.len(), 1);
    }
}
