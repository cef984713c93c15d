//! What is in the way of Pods: scheduling, pulls, crashes and probes, out of their status; and what keeps them from being
//! made at all, out of events.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStatus, Event, Pod};
use kube::api::{ListParams, LogParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::Value;

use crate::render::Object;

/// So much of a log's last line is shown.
const LINE: usize = 240;

/// One thing that is in the way, the worst first; none if nothing is known. Requests that fail only cost the reason.
pub(super) async fn in_the_way(client: &Client, object: &Object, live: Option<&Value>) -> Option<String> {
    let namespace = object.namespace.as_deref()?;
    let live = live?;
    let selector = match object.kind.as_str() {
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => selector(&live["spec"]["selector"]["matchLabels"])?,
        _ => return None,
    };
    let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let pods = api.list(&ListParams::default().labels(&selector)).await.ok()?.items;
    let mut found: Vec<(Trouble, &Pod)> = pods.iter().filter_map(|pod| trouble(pod).map(|one| (one, pod))).collect();
    found.sort_by_key(|(one, _)| one.rank);
    let Some((worst, pod)) = found.into_iter().next() else {
        return match not_all_made(live) {
            None if pods.is_empty() => not_made(client, object, namespace).await,
            known => known,
        };
    };
    let mut text = format!("Pod {}: {}", pod.name_any(), worst.what);
    if worst.rank == RUNS
        && let Some(probe) = last_warning(client, namespace, "Pod", |name| name == pod.name_any()).await
    {
        text = format!("{text}; {probe}");
    }
    let Some(container) = &worst.container else { return Some(text) };
    let log = last_words(&api, &pod.name_any(), container, worst.rank != RUNS).await;
    match log {
        Some(line) if worst.rank != RUNS => text = format!("{text}; its last words: {}", cut(&line)),
        Some(line) => {
            if let Some(said) = complaint(&line) {
                text = format!("{text}; it says: {}", cut(&said));
            }
        }
        None => {}
    }
    Some(text)
}

/// What is wrong with a Pod.
#[derive(Debug, PartialEq, Eq)]
struct Trouble {
    /// Lower is worse.
    rank: u8,
    what: String,
    /// The container whose log says more.
    container: Option<String>,
}

/// The rank of a Pod that runs and is not ready.
const RUNS: u8 = 4;

fn trouble(pod: &Pod) -> Option<Trouble> {
    let plain = |rank, what| Some(Trouble { rank, what, container: None });
    let status = pod.status.as_ref()?;
    let conditions = status.conditions.as_deref().unwrap_or_default();
    let condition = |name: &str| conditions.iter().find(|one| one.type_ == name);
    if pod.metadata.deletion_timestamp.is_some() {
        return plain(5, "is being deleted".into());
    }
    if let Some(one) = condition("PodScheduled").filter(|one| one.status == "False") {
        return plain(0, format!("cannot be scheduled: {}", one.message.as_deref().unwrap_or("nobody says why")));
    }
    let inits = status.init_container_statuses.iter().flatten();
    let containers: Vec<&ContainerStatus> = inits.chain(status.container_statuses.iter().flatten()).collect();
    if let Some(found) = containers.iter().filter_map(|one| stopped(one)).min_by_key(|one| one.rank) {
        return Some(found);
    }
    if condition("Ready").is_some_and(|one| one.status == "True") {
        return None;
    }
    match containers.iter().find(|one| !one.ready) {
        Some(one) if one.state.as_ref().is_some_and(|state| state.running.is_some()) => {
            let what = format!("container {} runs and is not ready", one.name);
            Some(Trouble { rank: RUNS, what, container: Some(one.name.clone()) })
        }
        _ => plain(6, "is starting".into()),
    }
}

/// A container that does not run.
fn stopped(status: &ContainerStatus) -> Option<Trouble> {
    let ContainerState { waiting, terminated, .. } = status.state.as_ref()?;
    let name = &status.name;
    if let Some(waiting) = waiting {
        let reason = waiting.reason.as_deref().unwrap_or_default();
        let message = waiting.message.as_deref().unwrap_or_default();
        let rank = match reason {
            "ContainerCreating" | "PodInitializing" | "" => return None,
            "CrashLoopBackOff" => {
                let last = status.last_state.as_ref().and_then(|state| state.terminated.as_ref());
                let code = last.map_or(String::new(), |last| format!(", last with exit code {}", last.exit_code));
                let what = format!("container {name} crashed {} times{code}", status.restart_count);
                return Some(Trouble { rank: 2, what, container: Some(name.clone()) });
            }
            _ => 1,
        };
        let what = format!("container {name}: {reason}: {message} (image {})", status.image);
        return Some(Trouble { rank, what, container: None });
    }
    let ended = terminated.as_ref().filter(|ended| ended.exit_code != 0)?;
    let reason = ended.reason.as_deref().unwrap_or("Error");
    let what = format!("container {name} ended with exit code {} ({reason})", ended.exit_code);
    Some(Trouble { rank: 3, what, container: Some(name.clone()) })
}

/// The last line that a container wrote, `ended` before it ended.
async fn last_words(api: &Api<Pod>, pod: &str, container: &str, ended: bool) -> Option<String> {
    let logs: &[bool] = if ended { &[true, false] } else { &[false] };
    for previous in logs {
        let log = LogParams {
            container: Some(container.to_owned()),
            previous: *previous,
            tail_lines: Some(3),
            ..LogParams::default()
        };
        let text = api.logs(pod, &log).await.unwrap_or_default();
        if let Some(line) = text.lines().rev().map(str::trim).find(|line| !line.is_empty()) {
            return Some(line.to_owned());
        }
    }
    None
}

fn cut(line: &str) -> String {
    line.chars().take(LINE).collect()
}

/// What a program of ours complains of in a line of its log, in either of its formats.
fn complaint(line: &str) -> Option<String> {
    let Ok(line) = serde_json::from_str::<Value>(line) else {
        return (line.contains(" WARN ") || line.contains(" ERROR ")).then(|| line.to_owned());
    };
    if !matches!(line["level"].as_str()?, "WARN" | "ERROR") {
        return None;
    }
    let message = line["fields"]["message"].as_str()?;
    let why = line["fields"]["reason"].as_str().or(line["fields"]["error"].as_str());
    Some(why.map_or_else(|| message.to_owned(), |why| format!("{message}: {why}")))
}

/// What a Deployment says of Pods that cannot be made, be there others or none.
fn not_all_made(live: &Value) -> Option<String> {
    let conditions = live["status"]["conditions"].as_array()?;
    let failure = conditions.iter().find(|one| one["type"] == "ReplicaFailure" && one["status"] == "True")?;
    Some(format!("{}: {}", failure["reason"].as_str()?, failure["message"].as_str()?))
}

/// Why no Pod was made: a quota, a policy, an account that is missing.
async fn not_made(client: &Client, object: &Object, namespace: &str) -> Option<String> {
    let (kind, name) = match object.kind.as_str() {
        "Deployment" => ("ReplicaSet", format!("{}-", object.name)),
        kind => (kind, object.name.clone()),
    };
    let exact = object.kind != "Deployment";
    last_warning(client, namespace, kind, |found| if exact { found == name } else { found.starts_with(&name) }).await
}

/// The last warning that events hold of such an object.
async fn last_warning(client: &Client, namespace: &str, kind: &str, is: impl Fn(&str) -> bool) -> Option<String> {
    let api: Api<Event> = Api::namespaced(client.clone(), namespace);
    let which = ListParams::default().fields(&format!("type=Warning,involvedObject.kind={kind}"));
    let events = api.list(&which).await.ok()?.items;
    let ours = events.into_iter().filter(|event| event.involved_object.name.as_deref().is_some_and(&is));
    let when =
        |event: &Event| event.last_timestamp.clone().map(|time| time.0).or(event.event_time.clone().map(|time| time.0));
    let last = ours.max_by_key(when)?;
    last.message.map(|message| format!("{}: {message}", last.reason.unwrap_or_default()))
}

fn selector(labels: &Value) -> Option<String> {
    let labels = labels.as_object().filter(|labels| !labels.is_empty())?;
    let pair = |(key, value): (&String, &Value)| format!("{key}={}", value.as_str().unwrap_or_default());
    Some(labels.iter().map(pair).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(status: &Value) -> Option<Trouble> {
        trouble(&serde_json::from_value(json!({ "metadata": {}, "status": status })).unwrap())
    }

    fn container(state: &Value) -> Value {
        json!({ "containerStatuses": [{ "name": "host", "image": "a:1", "imageID": "", "ready": false, "restartCount": 3,
            "state": state, "lastState": { "terminated": { "exitCode": 2 } } }] })
    }

    #[test]
    fn pods_that_cannot_be_made_are_told_beside_those_that_are() {
        let failure = json!({ "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota" });
        let live = |conditions: Value| json!({ "status": { "replicas": 1, "conditions": conditions } });
        assert_eq!(not_all_made(&live(json!([failure]))).as_deref(), Some("FailedCreate: exceeded quota"));
        assert_eq!(not_all_made(&live(json!([{ "type": "Available", "status": "False" }]))), None);
    }

    #[test]
    fn a_program_that_runs_and_is_not_ready_says_why() {
        let line = |level: &str| {
            let fields = json!({ "message": "cannot connect to NATS", "reason": "tls://nats:4222: unknown authority" });
            json!({ "level": level, "fields": fields }).to_string()
        };
        let said = complaint(&line("WARN"));
        assert_eq!(said.as_deref(), Some("cannot connect to NATS: tls://nats:4222: unknown authority"));
        assert_eq!(complaint(&line("INFO")), None);
        assert!(complaint("2026-01-01T00:00:00Z  WARN nats: cannot connect").is_some());
        assert_eq!(complaint("[1] [INF] Server is ready"), None);
    }

    #[test]
    fn what_keeps_a_pod_is_named() {
        let unschedulable =
            of(&json!({ "conditions": [{ "type": "PodScheduled", "status": "False", "message": "0/1 nodes" }] }));
        assert_eq!(unschedulable.unwrap().what, "cannot be scheduled: 0/1 nodes");
        let pull = of(&container(&json!({ "waiting": { "reason": "ErrImagePull", "message": "not found" } }))).unwrap();
        assert_eq!((pull.rank, pull.what.as_str()), (1, "container host: ErrImagePull: not found (image a:1)"));
        let crash = of(&container(&json!({ "waiting": { "reason": "CrashLoopBackOff" } }))).unwrap();
        assert_eq!(crash.what, "container host crashed 3 times, last with exit code 2");
        assert_eq!(crash.container.as_deref(), Some("host"));
        let slow = of(&container(&json!({ "running": {} }))).unwrap();
        assert_eq!((slow.rank, slow.what.as_str()), (RUNS, "container host runs and is not ready"));
        assert_eq!(of(&json!({ "conditions": [{ "type": "Ready", "status": "True" }] })), None);
    }
}
