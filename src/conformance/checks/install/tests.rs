//! Saboteurs: a release that is whole passes all, and each thing that is broken is seen by its own check alone.

use k8s_openapi::jiff::Timestamp;

use super::{available, definitions, hosts, references, services};
use crate::conformance::check::{Outcome, Stop};
use crate::conformance::scene::sample::{Release, release};
use crate::conformance::scene::{Controller, Snapshot};

type Judge = (&'static str, fn(&Snapshot) -> Outcome);

fn fresh(snapshot: &Snapshot) -> Outcome {
    hosts::judge(snapshot, "2026-11-26T05:00:20Z".parse::<Timestamp>().unwrap())
}

const JUDGES: &[Judge] = &[
    ("crds", definitions::served),
    ("crds.stored", definitions::stored),
    ("crds.scale", definitions::scale),
    ("available", available::parts),
    ("nats.available", available::nats),
    ("restarts", available::restarts),
    ("images", available::images),
    ("selectors", services::selectors),
    ("ports", services::ports),
    ("service-accounts", references::accounts),
    ("references", references::objects),
    ("arguments", references::all_arguments),
    ("probes", references::probes),
    ("hosts.registered", hosts::registered),
    ("hosts.ready", fresh),
    ("hosts.environment", hosts::environment),
];

/// Which checks fail once something was broken, and what the first says.
fn failing(break_it: impl FnOnce(&mut Release)) -> (Vec<&'static str>, String) {
    let mut objects = release();
    break_it(&mut objects);
    let snapshot = objects.snapshot();
    let mut seen = String::new();
    let mut names = Vec::new();
    for (name, judge) in JUDGES {
        if let Err(Stop::Failed { seen: said, .. }) = judge(&snapshot) {
            names.push(*name);
            seen = said;
        }
    }
    (names, seen)
}

#[track_caller]
fn alone(name: &str, words: &str, break_it: impl FnOnce(&mut Release)) {
    let (names, seen) = failing(break_it);
    assert_eq!(names, [name], "{seen}");
    assert!(seen.contains(words), "{seen}");
}

#[test]
fn a_whole_release_passes() {
    let (names, seen) = failing(|_| {});
    assert!(names.is_empty(), "{names:?}: {seen}");
    for (name, judge) in JUDGES {
        judge(&release().snapshot()).unwrap_or_else(|stop| panic!("{name}: {stop:?}"));
    }
}

#[test]
fn a_kind_that_is_not_served() {
    alone("crds", "Host is not served", |all| all.definitions[1]["spec"]["versions"][0]["served"] = false.into());
}

#[test]
fn a_version_that_is_still_stored() {
    alone("crds.stored", "v1alpha0", |all| {
        all.definitions[2]["status"]["storedVersions"] = serde_json::json!(["v1alpha0", "v1alpha1"]);
    });
}

#[test]
fn a_scale_without_a_selector() {
    alone("crds.scale", "no selector", |all| {
        all.definitions[3]["spec"]["versions"][0]["subresources"]["scale"]["labelSelectorPath"] =
            serde_json::Value::Null;
    });
}

#[test]
fn a_deployment_that_lacks_a_replica() {
    alone("available", "wasmcloud-operator: 0 of 1", |all| all.operator["status"]["availableReplicas"] = 0.into());
}

#[test]
fn a_deployment_that_nobody_looks_at() {
    alone("available", "nobody has looked", |all| all.operator["status"]["observedGeneration"] = 1.into());
}

#[test]
fn hosts_of_whatever_kind_that_are_not_there() {
    let object = |status: serde_json::Value| {
        let host = release().host;
        serde_json::json!({ "metadata": host["metadata"], "spec": host["spec"], "status": status })
    };
    let judge = |one: Option<Controller>| {
        let mut snapshot = release().snapshot();
        snapshot.controllers[0] = one.unwrap();
        assert_eq!(snapshot.main("host").unwrap().name, "host");
        available::parts(&snapshot)
    };
    let daemons = |available: i32| {
        let status = serde_json::json!({
            "observedGeneration": 2, "desiredNumberScheduled": 3, "numberAvailable": available, "updatedNumberScheduled": 3,
            "currentNumberScheduled": 3, "numberMisscheduled": 0, "numberReady": available,
        });
        judge(Controller::of_daemon_set(&serde_json::from_value(object(status)).unwrap()))
    };
    assert!(daemons(3).is_ok());
    assert!(matches!(daemons(2), Err(Stop::Failed { seen, .. }) if seen.contains("wasmcloud-host: 2 of 3 available")));
    let stateful = |updated: i32| {
        let status = serde_json::json!({ "observedGeneration": 2, "replicas": 2, "availableReplicas": 2, "updatedReplicas": updated });
        judge(Controller::of_stateful_set(&serde_json::from_value(object(status)).unwrap()))
    };
    assert!(stateful(2).is_ok());
    assert!(matches!(stateful(1), Err(Stop::Failed { seen, .. }) if seen.contains("1 of the present version")));
}

#[test]
fn a_server_that_is_not_ready() {
    alone("nats.available", "0 of 1 available", |all| all.nats["status"]["availableReplicas"] = 0.into());
}

#[test]
fn a_container_that_restarted() {
    alone("restarts", "OOMKilled", |all| {
        let container = &mut all.pods[1]["status"]["containerStatuses"][0];
        container["restartCount"] = 2.into();
        container["lastState"] = serde_json::json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}});
    });
}

#[test]
fn pods_of_one_part_that_run_two_images() {
    alone("images", "sha256:bbbb", |all| {
        all.pods[2]["status"]["containerStatuses"][0]["imageID"] = "registry.example/chartwright@sha256:bbbb".into();
    });
}

#[test]
fn a_service_that_selects_nothing() {
    alone("selectors", "selects no Pod", |all| {
        all.services[0]["spec"]["selector"]["wasmcloud.com/hostgroup"] = "other".into();
    });
}

#[test]
fn a_port_that_no_container_has() {
    alone("ports", "`web`", |all| all.services[0]["spec"]["ports"][0]["targetPort"] = "web".into());
}

#[test]
fn an_account_that_is_gone() {
    alone("service-accounts", "wasmcloud-operator", |all| all.accounts.retain(|name| name != "wasmcloud-operator"));
}

#[test]
fn a_secret_that_is_not_there() {
    alone("references", "wasmcloud-host-tls", |all| all.secrets.retain(|name| name != "wasmcloud-host-tls"));
}

#[test]
fn a_flag_that_the_program_lacks() {
    alone("arguments", "--turbo", |all| {
        let arguments = all.host["spec"]["template"]["spec"]["containers"][0]["args"].as_array_mut();
        arguments.unwrap().push("--turbo=on".into());
    });
}

#[test]
fn a_part_without_a_readiness_probe() {
    alone("probes", "no readiness probe", |all| {
        all.host["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = serde_json::Value::Null;
    });
}

#[test]
fn a_host_pod_that_nobody_hears() {
    alone("hosts.registered", "10.0.0.3", |all| _ = all.hosts.remove(1));
}

#[test]
fn a_host_that_is_silent() {
    alone("hosts.ready", "last heard of 320 s ago", |all| {
        all.hosts[0]["status"]["lastSeen"] = "2026-11-26T04:55:00Z".into();
    });
}

#[test]
fn a_host_of_another_environment() {
    alone("hosts.environment", "`edge`", |all| all.hosts[1]["environment"] = "edge".into());
}
