//! Whether one object works, by its status alone. The rules are those of kstatus, which Helm follows too.

use serde_json::Value;

/// Whether it works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It does.
    Ready,
    /// Not yet: what is missing.
    Waiting(String),
    /// Never without somebody's help: why.
    Failed(String),
}

use Readiness::{Failed, Ready, Waiting};

/// Judges what is there. With `jobs`, Jobs count when they are complete, else when they began.
pub(super) fn judge(live: Option<&Value>, jobs: bool) -> Readiness {
    let Some(live) = live else { return Waiting("is not there".into()) };
    if !live["metadata"]["deletionTimestamp"].is_null() {
        return Waiting("is being deleted".into());
    }
    let seen = live["status"]["observedGeneration"].as_i64();
    if seen.is_some_and(|seen| seen < live["metadata"]["generation"].as_i64().unwrap_or_default()) {
        return Waiting("its controller has not seen the change yet".into());
    }
    match live["kind"].as_str().unwrap_or_default() {
        "Deployment" => deployment(live),
        "StatefulSet" => stateful_set(live),
        "DaemonSet" => daemon_set(live),
        "Job" => job(live, jobs),
        "Pod" => pod(live),
        "PersistentVolumeClaim" => match live["status"]["phase"].as_str() {
            Some("Bound") => Ready,
            phase => Waiting(format!("is {}", phase.unwrap_or("not bound"))),
        },
        "Service" => service(live),
        "CustomResourceDefinition" => by_condition(live, "Established"),
        "APIService" => by_condition(live, "Available"),
        // Its controller writes the condition a moment after the object is there.
        "WorkloadDeployment" | "WorkloadReplicaSet" | "Workload" => by_condition(live, "Ready"),
        _ => other(live),
    }
}

/// What was scaled to none by hand is ready by its own status, and yet not what the release wants.
pub(super) fn as_wanted(manifest: &Value, live: Option<&Value>) -> Option<Readiness> {
    let wanted = number(manifest, "spec", "replicas").filter(|wanted| *wanted > 0)?;
    (number(live?, "spec", "replicas") == Some(0))
        .then(|| Waiting(format!("was scaled to none, and the release has {wanted}: `upgrade` brings them back")))
}

fn number(live: &Value, section: &str, key: &str) -> Option<i64> {
    live[section][key].as_i64()
}

fn condition<'v>(live: &'v Value, name: &str) -> Option<&'v Value> {
    live["status"]["conditions"].as_array()?.iter().find(|one| one["type"] == name)
}

fn deployment(live: &Value) -> Readiness {
    if live["spec"]["paused"] == true {
        return Ready;
    }
    let progress = condition(live, "Progressing");
    if let Some(stuck) = progress.filter(|one| one["reason"] == "ProgressDeadlineExceeded") {
        return Failed(stuck["message"].as_str().unwrap_or("makes no progress").to_owned());
    }
    let wanted = number(live, "spec", "replicas").unwrap_or(1);
    let status = |key| number(live, "status", key).unwrap_or_default();
    if live["status"]["observedGeneration"].is_null() {
        return Waiting("its controller has not seen it yet".into());
    }
    if status("updatedReplicas") < wanted {
        return Waiting(format!("{} of {wanted} pods are of the new template", status("updatedReplicas")));
    }
    if status("replicas") > status("updatedReplicas") {
        return Waiting(format!("{} old pods are to go", status("replicas") - status("updatedReplicas")));
    }
    if status("availableReplicas") < wanted {
        return Waiting(format!("{} of {wanted} pods are available", status("availableReplicas")));
    }
    Ready
}

fn stateful_set(live: &Value) -> Readiness {
    let wanted = number(live, "spec", "replicas").unwrap_or(1);
    let status = |key| number(live, "status", key).unwrap_or_default();
    if live["status"]["observedGeneration"].is_null() {
        return Waiting("its controller has not seen it yet".into());
    }
    if status("readyReplicas") < wanted {
        return Waiting(format!("{} of {wanted} pods are ready", status("readyReplicas")));
    }
    if live["spec"]["updateStrategy"]["type"] == "OnDelete" {
        return Ready;
    }
    let kept = live["spec"]["updateStrategy"]["rollingUpdate"]["partition"].as_i64().unwrap_or_default();
    if kept == 0 && live["status"]["currentRevision"] != live["status"]["updateRevision"]
        || status("updatedReplicas") < wanted - kept
    {
        return Waiting(format!("{} of {} pods are of the new template", status("updatedReplicas"), wanted - kept));
    }
    Ready
}

fn daemon_set(live: &Value) -> Readiness {
    let status = |key| number(live, "status", key).unwrap_or_default();
    if live["status"]["observedGeneration"].is_null() {
        return Waiting("its controller has not seen it yet".into());
    }
    let wanted = status("desiredNumberScheduled");
    let updates = live["spec"]["updateStrategy"]["type"] != "OnDelete";
    if updates && status("updatedNumberScheduled") < wanted {
        return Waiting(format!("{} of {wanted} pods are of the new template", status("updatedNumberScheduled")));
    }
    if status("numberAvailable") < wanted {
        return Waiting(format!("{} of {wanted} pods are available", status("numberAvailable")));
    }
    Ready
}

fn job(live: &Value, complete: bool) -> Readiness {
    let is = |name: &str| condition(live, name).filter(|one| one["status"] == "True");
    if let Some(failed) = is("Failed") {
        return Failed(format!("failed: {}", failed["message"].as_str().unwrap_or("nobody says why")));
    }
    if !complete || is("Complete").is_some() { Ready } else { Waiting("is not complete".into()) }
}

fn pod(live: &Value) -> Readiness {
    match live["status"]["phase"].as_str() {
        Some("Succeeded") => Ready,
        Some("Failed") => Failed("failed".into()),
        _ => by_condition(live, "Ready"),
    }
}

fn service(live: &Value) -> Readiness {
    let outside = live["spec"]["type"] == "LoadBalancer" && live["spec"]["externalIPs"].is_null();
    let addresses = live["status"]["loadBalancer"]["ingress"].as_array().is_some_and(|all| !all.is_empty());
    if outside && !addresses { Waiting("nobody has given it an address outside the cluster".into()) } else { Ready }
}

fn by_condition(live: &Value, name: &str) -> Readiness {
    match condition(live, name) {
        Some(one) if one["status"] == "True" => Ready,
        Some(one) => Waiting(
            one["message"]
                .as_str()
                .filter(|text| !text.is_empty())
                .map_or_else(|| format!("is not {}", name.to_lowercase()), str::to_owned),
        ),
        None => Waiting(format!("is not {}", name.to_lowercase())),
    }
}

/// Of a kind nobody here knows, its own condition decides; without one, to be there is enough.
fn other(live: &Value) -> Readiness {
    if let Some(stalled) = condition(live, "Stalled").filter(|one| one["status"] == "True") {
        return Failed(stalled["message"].as_str().unwrap_or("is stalled").to_owned());
    }
    match condition(live, "Ready") {
        Some(_) => by_condition(live, "Ready"),
        None => Ready,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn waits(live: &Value, for_what: &str) {
        match judge(Some(live), true) {
            Waiting(text) => assert!(text.contains(for_what), "{text}"),
            other => panic!("{other:?}: {live}"),
        }
    }

    #[test]
    fn what_was_scaled_to_none_by_hand_is_not_what_the_release_wants() {
        let of = |replicas: u32| json!({ "kind": "StatefulSet", "spec": { "replicas": replicas } });
        let waiting = as_wanted(&of(3), Some(&of(0)));
        assert!(matches!(waiting, Some(Waiting(text)) if text.contains("scaled to none, and the release has 3")));
        assert_eq!(as_wanted(&of(3), Some(&of(1))), None);
        assert_eq!(as_wanted(&of(0), Some(&of(0))), None);
        // Whoever leaves the number to an autoscaler has none in the manifest.
        assert_eq!(as_wanted(&json!({ "spec": {} }), Some(&of(0))), None);
    }

    #[test]
    fn a_deployment_is_ready_when_all_its_pods_are_new_and_available() {
        let mut live =
            json!({ "kind": "Deployment", "metadata": { "generation": 2 }, "spec": { "replicas": 2 }, "status": {} });
        waits(&live, "has not seen it yet");
        live["status"] = json!({ "observedGeneration": 1 });
        waits(&live, "has not seen the change yet");
        live["status"] = json!({ "observedGeneration": 2, "updatedReplicas": 1, "replicas": 2 });
        waits(&live, "1 of 2 pods are of the new template");
        live["status"] = json!({ "observedGeneration": 2, "updatedReplicas": 2, "replicas": 3 });
        waits(&live, "1 old pods are to go");
        live["status"] =
            json!({ "observedGeneration": 2, "updatedReplicas": 2, "replicas": 2, "availableReplicas": 1 });
        waits(&live, "1 of 2 pods are available");
        live["status"]["availableReplicas"] = 2.into();
        assert_eq!(judge(Some(&live), true), Ready);
        live["status"]["conditions"] = json!([{ "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "stuck" }]);
        assert_eq!(judge(Some(&live), true), Failed("stuck".into()));
    }

    #[test]
    fn a_set_waits_for_its_revision() {
        let mut live = json!({ "kind": "StatefulSet", "metadata": { "generation": 1 }, "spec": { "replicas": 3 },
            "status": { "observedGeneration": 1, "readyReplicas": 3, "updatedReplicas": 1, "currentRevision": "a", "updateRevision": "b" } });
        waits(&live, "1 of 3 pods are of the new template");
        live["status"]["currentRevision"] = "b".into();
        live["status"]["updatedReplicas"] = 3.into();
        assert_eq!(judge(Some(&live), true), Ready);
        let set = json!({ "kind": "DaemonSet", "metadata": {}, "spec": {},
            "status": { "observedGeneration": 1, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 1 } });
        waits(&set, "1 of 2 pods are available");
    }

    #[test]
    fn other_kinds_have_their_own_ways_to_be_ready() {
        waits(&json!({ "kind": "Service", "spec": { "type": "LoadBalancer" } }), "address outside");
        assert_eq!(judge(Some(&json!({ "kind": "Service", "spec": { "type": "ClusterIP" } })), true), Ready);
        let job = json!({ "kind": "Job", "status": { "conditions": [{ "type": "Failed", "status": "True", "message": "no" }] } });
        assert_eq!(judge(Some(&job), true), Failed("failed: no".into()));
        waits(&json!({ "kind": "Job", "status": {} }), "not complete");
        assert_eq!(judge(Some(&json!({ "kind": "Job", "status": {} })), false), Ready);
        waits(
            &json!({ "kind": "Certificate", "status": { "conditions": [{ "type": "Ready", "status": "False", "message": "soon" }] } }),
            "soon",
        );
        assert_eq!(judge(Some(&json!({ "kind": "ConfigMap" })), true), Ready);
        waits(&json!({ "kind": "ConfigMap", "metadata": { "deletionTimestamp": "now" } }), "being deleted");
        assert_eq!(judge(None, true), Waiting("is not there".into()));
    }
}
