//! What is written.

use serde_json::{Value, json};

use super::super::{
    Component, HostHeartbeat, Message, WorkloadStartRequest, WorkloadStartResponse, WorkloadState, WorkloadStatus,
    WorkloadStatusRequest, WorkloadStatusResponse, WorkloadStopRequest, WorkloadStopResponse, strict,
};
use super::{heartbeat, start};

/// The message as JSON, once upstream's readers took it and it was read back unchanged.
fn written<M: Message + PartialEq + std::fmt::Debug>(message: &M) -> Value {
    let payload = message.to_json();
    strict::check(M::NAME, &payload).unwrap();
    assert_eq!(&M::from_json(&payload).unwrap(), message);
    serde_json::from_slice(&payload).unwrap()
}

#[test]
fn a_heartbeat_has_every_field_under_upstreams_name() {
    assert_eq!(
        written(&heartbeat()),
        json!({
            "id": "9be1f0a2-7c44-4f0e-8d55-1f6a0b3c2d4e", "hostname": "10.244.3.8", "friendlyName": "wasm-host-7d9c",
            "version": "2.7.0", "labels": {"hostgroup": "blue"}, "startedAt": "2026-10-03T14:30:09.125Z",
            "osArch": "x86_64", "osName": "linux", "osKernel": "unix", "systemCpuUsage": 12.25,
            "systemMemoryTotal": "16658735104", "systemMemoryFree": "9007199254740993",
            "componentCount": "5", "workloadCount": "4",
            "imports": [{"namespace": "wasi", "package": "blobstore", "version": "0.2.0-draft",
                "interfaces": ["blobstore", "container"]}],
            "exports": [{"namespace": "wasmcloud", "package": "messaging", "version": "0.2.0",
                "interfaces": ["handler"]}],
            "httpPort": 8000, "environment": "harbour",
        })
    );
}

#[test]
fn a_start_request_has_every_field_under_upstreams_name() {
    assert_eq!(
        written(&start()),
        json!({
            "workloadId": "4f7a9c10-3b2d-4e6f-9a8b-7c6d5e4f3a2b",
            "workload": {
                "namespace": "harbour", "name": "berths-5f6d8-x2k4p",
                "annotations": {"runtime.wasmcloud.dev/generation": "9c1b"},
                "service": {"image": "reg.example/harbour/clock:0.9", "localResources": {}, "maxRestarts": "7",
                    "imagePullPolicy": "IMAGE_PULL_POLICY_IF_NOT_PRESENT"},
                "witWorld": {
                    "components": [{
                        "image": "reg.example/harbour/berths:2.1", "name": "berths", "poolSize": 3,
                        "maxInvocations": 500, "maxConcurrency": 4, "imagePullPolicy": "IMAGE_PULL_POLICY_ALWAYS",
                        "imagePullSecret": {"username": "crane", "password": "planted-pull-password"},
                        "localResources": {
                            "memoryLimitMb": 64, "cpuLimit": 2,
                            "config": {"subscriptions": "ships.in,ships.out"},
                            "environment": {"TZ": "Europe/Berlin"},
                            "volumeMounts": [{"name": "logbook", "mountPath": "/log", "readOnly": true}],
                            "allowedHosts": ["https://*.example.org"],
                            "allowedIpNameLookups": ["db.harbour.svc"],
                            "allowedHostLoopbackPorts": ["6379/tcp"],
                        },
                    }],
                    "hostInterfaces": [{"namespace": "wasi", "package": "keyvalue", "version": "0.2.0-draft",
                        "interfaces": ["store"], "name": "crews",
                        "config": {"url": "redis://:planted-redis-password@r:6379"}}],
                },
                "volumes": [{"name": "logbook", "emptyDir": {}},
                    {"name": "charts", "hostPath": {"localPath": "/srv/charts"}}],
            },
        })
    );
}

#[test]
fn responses_and_the_small_requests_are_upstreams() {
    let id = || "4f7a9c10".to_owned();
    assert_eq!(written(&WorkloadStatusRequest { workload_id: id() }), json!({"workloadId": "4f7a9c10"}));
    assert_eq!(written(&WorkloadStopRequest { workload_id: id() }), json!({"workloadId": "4f7a9c10"}));
    let status = WorkloadStatus {
        workload_id: id(),
        workload_state: WorkloadState::Error,
        message: "berths: the registry says 401".to_owned(),
    };
    let expected = json!({"workloadStatus": {"workloadId": "4f7a9c10", "workloadState": "WORKLOAD_STATE_ERROR",
        "message": "berths: the registry says 401"}});
    assert_eq!(written(&WorkloadStartResponse::from(status.clone())), expected);
    assert_eq!(written(&WorkloadStatusResponse::from(status.clone())), expected);
    assert_eq!(written(&WorkloadStopResponse::from(status)), expected);
}

#[test]
fn every_state_has_upstreams_name() {
    for (state, name) in [
        (WorkloadState::Starting, "WORKLOAD_STATE_STARTING"),
        (WorkloadState::Running, "WORKLOAD_STATE_RUNNING"),
        (WorkloadState::Completed, "WORKLOAD_STATE_COMPLETED"),
        (WorkloadState::Stopping, "WORKLOAD_STATE_STOPPING"),
        (WorkloadState::Error, "WORKLOAD_STATE_ERROR"),
        (WorkloadState::NotFound, "WORKLOAD_STATE_NOT_FOUND"),
    ] {
        let status = WorkloadStatus { workload_state: state, ..WorkloadStatus::default() };
        assert_eq!(written(&WorkloadStatusResponse::from(status)), json!({"workloadStatus": {"workloadState": name}}));
    }
}

#[test]
fn defaults_are_left_out_but_messages_that_were_set_are_kept() {
    assert_eq!(written(&HostHeartbeat::default()), json!({}));
    assert_eq!(written(&WorkloadStartRequest::default()), json!({}));
    assert_eq!(written(&WorkloadStatusResponse::from(WorkloadStatus::default())), json!({"workloadStatus": {}}));
    let mut request = start();
    request.workload.as_mut().unwrap().wit_world.as_mut().unwrap().components =
        vec![Component { local_resources: Some(super::LocalResources::default()), ..Component::default() }];
    assert_eq!(written(&request)["workload"]["witWorld"]["components"], json!([{"localResources": {}}]));
}

#[test]
fn a_cpu_usage_that_is_no_number_is_still_json() {
    let payload = HostHeartbeat { system_cpu_usage: f32::NAN, ..HostHeartbeat::default() }.to_json();
    strict::check("HostHeartbeat", &payload).unwrap();
    assert!(HostHeartbeat::from_json(&payload).unwrap().system_cpu_usage.is_nan());
}

#[test]
fn what_a_host_before_2_9_does_not_know_can_be_taken_out() {
    let mut request = start();
    let component = &mut request.workload.as_mut().unwrap().wit_world.as_mut().unwrap().components[0];
    component.reclaim_window_seconds = Some(30);
    component.reclaim_min_instances = Some(0);
    let payload = request.to_json();
    assert!(strict::check("WorkloadStartRequest", &payload).unwrap_err().contains("reclaim"));
    assert_eq!(WorkloadStartRequest::from_json(&payload).unwrap(), request);
    assert_eq!(request.without_reclaim(), start());
}

#[test]
fn the_strict_reader_refuses_what_upstreams_refuses() {
    for (payload, why) in [
        (json!({"id": "h", "zone": "a"}), "unknown field zone"),
        (json!({"friendly_name": "h"}), "unknown field friendly_name"),
        (json!({"httpPort": "80"}), "not the right kind"),
        (json!({"workloadCount": 4}), "not the right kind"),
        (json!({"imports": [{"wit": "x"}]}), "unknown field wit"),
        (json!({"environment": ""}), "should have been left out"),
    ] {
        let said = strict::check("HostHeartbeat", payload.to_string().as_bytes()).unwrap_err();
        assert!(said.contains(why), "{said}");
    }
}
