//! Saboteurs: each weakness is seen by its own check alone.

use serde_json::json;

use super::{pods, registries, roles};
use crate::conformance::check::Stop;
use crate::conformance::scene::sample::{self, Judge, Release, release};

const JUDGES: &[Judge] = &[
    ("non-root", pods::non_root),
    ("read-only-root", pods::read_only_root),
    ("no-escalation", pods::no_escalation),
    ("seccomp", pods::seccomp),
    ("host-access", pods::host_access),
    ("tokens", pods::tokens),
    ("literal-secrets", pods::literal_secrets),
    ("registries", registries::mirrored),
];

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
fn a_container_that_runs_as_root() {
    alone("non-root", "runAsNonRoot", |all| {
        all.host["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"] = false.into();
    });
}

#[test]
fn a_container_that_can_write() {
    alone("read-only-root", "wasmcloud-host/host", |all| {
        all.host["spec"]["template"]["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"] =
            false.into();
    });
}

#[test]
fn a_container_that_keeps_capabilities() {
    alone("no-escalation", "keeps capabilities", |all| {
        all.nats["spec"]["template"]["spec"]["containers"][0]["securityContext"]["capabilities"] = json!({});
    });
}

#[test]
fn a_container_without_a_profile() {
    alone("seccomp", "`Unconfined`", |all| {
        all.operator["spec"]["template"]["spec"]["securityContext"]["seccompProfile"] = json!({"type": "Unconfined"});
    });
}

#[test]
fn a_pod_that_mounts_the_node() {
    alone("host-access", "/var/run", |all| {
        all.host["spec"]["template"]["spec"]["volumes"] = json!([{"name": "node", "hostPath": {"path": "/var/run"}}]);
    });
}

#[test]
fn a_host_with_a_token() {
    alone("tokens", "wasmcloud-host-2", |all| {
        all.pods[1]["spec"]["containers"][0]["volumeMounts"] =
            json!([{"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}]);
    });
}

#[test]
fn a_password_in_a_variable() {
    alone("literal-secrets", "NATS_PASSWORD", |all| {
        all.host["spec"]["template"]["spec"]["containers"][0]["env"] =
            json!([{"name": "NATS_PASSWORD", "value": "hunter2"}]);
    });
    alone("literal-secrets", "--nats-url", |all| {
        all.operator["spec"]["template"]["spec"]["containers"][0]["args"] =
            json!(["operator", "--nats-url=nats://me:pw@a:4222"]);
    });
}

#[test]
fn a_role_that_grants_everything() {
    let rule = |verb: &str, resource: &str| {
        vec![serde_json::from_value(json!({"apiGroups": [""], "resources": [resource], "verbs": [verb]})).unwrap()]
    };
    assert!(roles::judge("operator", &rule("get", "secrets")).is_ok());
    assert!(roles::judge("operator", &rule("*", "secrets")).is_err());
    assert!(roles::judge("operator", &rule("get", "*")).is_err());
}

#[test]
fn an_image_that_is_not_from_the_mirror() {
    alone("registries", "wasmcloud-nats/nats runs nats:2", |all| {
        all.nats["spec"]["template"]["spec"]["containers"][0]["image"] = "nats:2".into();
    });
}

#[test]
fn without_a_mirror_public_registries_are_nobodys_fault() {
    let mut objects = release();
    for part in [&mut objects.operator, &mut objects.host] {
        part["spec"]["template"]["spec"]["containers"][0]["image"] = "ghcr.io/chartwright/chartwright:1".into();
    }
    assert!(matches!(registries::mirrored(&objects.snapshot()), Err(Stop::Skipped(_))));
}
