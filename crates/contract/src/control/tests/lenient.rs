//! What is read.

use serde_json::{Value, json};

use super::super::{
    HostHeartbeat, ImagePullPolicy, Message, Volume, VolumeSource, WorkloadStartRequest, WorkloadState,
    WorkloadStatusRequest, WorkloadStatusResponse,
};
use super::{heartbeat, start};

fn read<M: Message>(value: &Value) -> Result<M, String> {
    M::from_json(value.to_string().as_bytes()).map_err(|error| error.to_string())
}

/// The same message with all field names in the other spelling. Names in maps stay as they are.
fn snake(value: &Value) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| {
                let mut other = String::new();
                for c in name.chars() {
                    if c.is_ascii_uppercase() {
                        other.push('_');
                    }
                    other.push(c.to_ascii_lowercase());
                }
                match name.as_str() {
                    "labels" | "annotations" | "config" | "environment" => (other, value.clone()),
                    _ => (other, snake(value)),
                }
            })
            .collect(),
        Value::Array(list) => list.iter().map(snake).collect(),
        other => other.clone(),
    }
}

/// The same message with `null` for every field that is not there already.
fn nulls(value: &Value, fields: &[&str]) -> Value {
    let mut value = value.clone();
    for field in fields {
        value.as_object_mut().unwrap().entry(*field).or_insert(Value::Null);
    }
    value
}

#[test]
fn both_spellings_are_read() {
    let value: Value = serde_json::from_slice(&heartbeat().to_json()).unwrap();
    assert_eq!(read::<HostHeartbeat>(&snake(&value)).unwrap(), heartbeat());
    let value: Value = serde_json::from_slice(&start().to_json()).unwrap();
    assert!(snake(&value)["workload"]["wit_world"]["components"][0]["local_resources"]["volume_mounts"].is_array());
    assert_eq!(read::<WorkloadStartRequest>(&snake(&value)).unwrap(), start());
}

#[test]
fn one_field_twice_is_an_error_in_whatever_spelling() {
    for payload in [
        r#"{"workloadId":"a","workload_id":"a"}"#,
        r#"{"workloadId":"a","workloadId":"b"}"#,
        r#"{"workload_id":"a","workloadId":null}"#,
    ] {
        let said = WorkloadStatusRequest::from_json(payload.as_bytes()).unwrap_err().to_string();
        assert!(said.contains("duplicate field"), "{said}");
    }
}

#[test]
fn numbers_are_read_in_quotes_and_without() {
    let read = |value: Value| {
        let host: HostHeartbeat = read(&value).unwrap();
        (host.workload_count, host.http_port, host.system_cpu_usage)
    };
    let expected = (4, 80, 1.5);
    assert_eq!(read(json!({"workloadCount": 4, "httpPort": 80, "systemCpuUsage": 1.5})), expected);
    assert_eq!(read(json!({"workloadCount": "4", "httpPort": "80", "systemCpuUsage": "1.5"})), expected);
    assert_eq!(read(json!({"workloadCount": 4.0, "httpPort": 8e1, "systemCpuUsage": 1.5})), expected);
    assert_eq!(read(json!({"workloadCount": "18446744073709551615"})).0, u64::MAX);
    assert_eq!(read(json!({"workloadCount": 18_446_744_073_709_551_615_u64})).0, u64::MAX);
}

#[test]
fn numbers_that_do_not_fit_are_errors() {
    for value in [
        json!({"httpPort": -1}),
        json!({"httpPort": 4_294_967_296_u64}),
        json!({"workloadCount": "-1"}),
        json!({"workloadCount": 1.5}),
        json!({"workloadCount": "many"}),
        json!({"workloadCount": true}),
        json!({"systemCpuUsage": "warm"}),
        json!({"startedAt": "yesterday"}),
    ] {
        assert!(read::<HostHeartbeat>(&value).is_err(), "{value}");
    }
}

#[test]
fn enumerations_are_read_by_name_and_number() {
    let state = |value: Value| {
        let response: WorkloadStatusResponse = read(&json!({"workloadStatus": {"workloadState": value}}))?;
        Ok::<_, String>(response.workload_status.unwrap().workload_state)
    };
    assert_eq!(state(json!("WORKLOAD_STATE_RUNNING")), Ok(WorkloadState::Running));
    assert_eq!(state(json!(6)), Ok(WorkloadState::NotFound));
    assert_eq!(state(json!(0)), Ok(WorkloadState::Unspecified));
    assert_eq!(state(json!(99)), Ok(WorkloadState::Unspecified), "a state of a later version");
    assert_eq!(state(json!(-1)), Ok(WorkloadState::Unspecified));
    assert_eq!(state(Value::Null), Ok(WorkloadState::Unspecified));
    assert!(state(json!("WORKLOAD_STATE_DREAMING")).is_err());
    assert!(state(json!("RUNNING")).is_err());

    let request = json!({"workload": {"service": {"imagePullPolicy": 3}}});
    let service = read::<WorkloadStartRequest>(&request).unwrap().workload.unwrap().service.unwrap();
    assert_eq!(service.image_pull_policy, ImagePullPolicy::Never);
}

#[test]
fn null_is_as_good_as_absent() {
    const HOST: [&str; 18] = [
        "id",
        "hostname",
        "friendlyName",
        "version",
        "labels",
        "startedAt",
        "osArch",
        "osName",
        "osKernel",
        "systemCpuUsage",
        "systemMemoryTotal",
        "systemMemoryFree",
        "componentCount",
        "workloadCount",
        "imports",
        "exports",
        "httpPort",
        "environment",
    ];
    assert_eq!(read::<HostHeartbeat>(&nulls(&json!({}), &HOST)).unwrap(), HostHeartbeat::default());

    let component = nulls(
        &json!({}),
        &[
            "image",
            "localResources",
            "poolSize",
            "maxInvocations",
            "imagePullSecret",
            "name",
            "imagePullPolicy",
            "maxConcurrency",
            "reclaimWindowSeconds",
            "reclaimMinInstances",
        ],
    );
    let resources = nulls(
        &json!({}),
        &[
            "memoryLimitMb",
            "cpuLimit",
            "config",
            "environment",
            "volumeMounts",
            "allowedHosts",
            "allowedIpNameLookups",
            "allowedHostLoopbackPorts",
        ],
    );
    let request = json!({"workloadId": null, "workload": {
        "namespace": null, "name": null, "annotations": null,
        "service": {"image": null, "localResources": resources, "maxRestarts": null, "imagePullSecret": null,
            "imagePullPolicy": null},
        "witWorld": {"components": [component], "hostInterfaces": null},
        "volumes": [{"name": null, "hostPath": null, "emptyDir": null}]}});
    let plain = json!({"workload": {"service": {"localResources": {}}, "witWorld": {"components": [{}]},
        "volumes": [{}]}});
    assert_eq!(read::<WorkloadStartRequest>(&request).unwrap(), read(&plain).unwrap());
}

#[test]
fn unknown_fields_are_read_over_and_not_written_again() {
    let mut value: Value = serde_json::from_slice(&start().to_json()).unwrap();
    value["priority"] = json!(1);
    value["workload"]["witWorld"]["components"][0]["localResources"]["gpus"] = json!({"count": "2"});
    let request: WorkloadStartRequest = read(&value).unwrap();
    assert_eq!(request, start());
}

#[test]
fn a_volume_has_one_source_and_without_one_it_is_empty() {
    let volume = |value: Value| serde_json::from_value::<Volume>(value).map(|volume| volume.source);
    assert_eq!(volume(json!({"name": "v"})).unwrap(), VolumeSource::EmptyDir);
    assert_eq!(volume(json!({"host_path": {"local_path": "/d"}})).unwrap(), VolumeSource::HostPath("/d".to_owned()));
    assert!(volume(json!({"emptyDir": {}, "hostPath": {"localPath": "/d"}})).is_err());
}

#[test]
fn any_offset_of_a_time_is_read() {
    let host: HostHeartbeat = read(&json!({"startedAt": "2026-10-03T16:30:09.125+02:00"})).unwrap();
    assert_eq!(host.started_at, heartbeat().started_at);
}

#[test]
fn an_empty_payload_is_an_error_that_says_so() {
    let said = WorkloadStatusRequest::from_json(b" ").unwrap_err().to_string();
    assert!(said.starts_with("no WorkloadStatusRequest: the payload is empty"), "{said}");
    let said = WorkloadStatusRequest::from_json(b"{").unwrap_err().to_string();
    assert!(said.contains("not JSON at line 1, column 1"), "{said}");
}
