//! Saboteurs: a policy that fits too little is seen by its own check alone.

use serde_json::json;

use super::objects;
use crate::conformance::check::Stop;
use crate::conformance::scene::Snapshot;
use crate::conformance::scene::sample::{self, Judge, Release, release};

const JUDGES: &[Judge] = &[("policies", objects::policies), ("ports", objects::ports)];

#[track_caller]
fn alone(name: &str, words: &str, break_it: impl FnOnce(&mut Release)) {
    sample::alone(JUDGES, name, words, break_it);
}

#[test]
fn a_release_of_ours_passes() {
    for (name, judge) in JUDGES {
        judge(&release().snapshot()).unwrap_or_else(|stop| panic!("{name}: {stop:?}"));
    }
}

#[test]
fn a_pod_that_no_policy_selects() {
    alone("policies", "wasmcloud-host-3", |all| {
        all.pods[2]["metadata"]["labels"]["wasmcloud.com/hostgroup"] = "other".into();
    });
    alone("policies", "wasmcloud-nats-4", |all| _ = all.policies.pop());
    alone("policies", "wasmcloud-operator-1", |all| all.policies[0]["spec"]["policyTypes"] = json!(["Egress"]));
}

#[test]
fn a_port_that_no_policy_lets_in() {
    alone("ports", "9191/TCP of wasmcloud-host-2 (Service wasmcloud-host)", |all| {
        all.policies[1]["spec"]["ingress"][0]["ports"][0]["port"] = 9292.into();
    });
    alone("ports", "8081/TCP of wasmcloud-operator-1 (metrics)", |all| all.policies[0]["spec"]["ingress"] = json!([]));
    alone("ports", "8082/TCP of wasmcloud-host-3 (probes)", |all| {
        all.pods[2]["spec"]["containers"][0]["ports"] = json!([{"name": "probes", "containerPort": 8082}]);
    });
}

#[test]
fn a_port_for_a_few_counts_as_open_and_policies_add_up() {
    let mut objects = release();
    objects.policies[2]["spec"]["ingress"][0]["from"] = json!([{"podSelector": {"matchLabels": {"a": "b"}}}]);
    objects.policies.push(json!({"metadata": {"name": "nobody"}, "spec": {"podSelector": {}}}));
    objects.policies[1]["spec"]["ingress"][0]["ports"] = json!([{"port": "http"}, {"port": 9000, "endPort": 9100}]);
    for (name, judge) in JUDGES {
        judge(&objects.snapshot()).unwrap_or_else(|stop| panic!("{name}: {stop:?}"));
    }
}

#[test]
fn a_release_without_policies_is_not_judged() {
    let mut objects = release();
    objects.policies.clear();
    let mut snapshot = objects.snapshot();
    let said = |snapshot: &Snapshot| match objects::policies(snapshot) {
        Err(Stop::Skipped(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(said(&snapshot).contains("`networkPolicy.enabled` is off"));
    snapshot.cilium = true;
    assert!(said(&snapshot).contains("Cilium"));
    snapshot.policies = None;
    assert!(said(&snapshot).contains("may not be listed"));
}
