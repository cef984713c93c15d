//! Objects as users bring them along, read and written again. Equal means that nothing was ignored.

use kube::Resource;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::crds::{Artifact, Host, Workload, WorkloadDeployment, WorkloadReplicaSet, WorkloadSpec, WorkloadTemplate};

/// Reads an object as its kind and checks that it is written as it was read.
fn kept<K: DeserializeOwned + Serialize + Resource<DynamicType = ()>>(object: &Value) -> K {
    assert_eq!(object["kind"], K::kind(&()).as_ref());
    assert_eq!(object["apiVersion"], "runtime.wasmcloud.dev/v1alpha1");
    let read: K = serde_json::from_value(object.clone()).unwrap();
    assert_eq!(&serde_json::to_value(&read).unwrap(), object);
    read
}

/// An object of the group.
fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "runtime.wasmcloud.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop"},
        "spec": spec,
    })
}

/// Why an object is no deployment.
fn refused(object: Value) -> String {
    serde_json::from_value::<WorkloadDeployment>(object).unwrap_err().to_string()
}

/// A deployment that serves HTTP, as the samples do.
fn hello() -> Value {
    object(
        "WorkloadDeployment",
        "greeter",
        &json!({
            "replicas": 1,
            "template": {"spec": {
                "hostSelector": {"hostgroup": "default"},
                "components": [{"name": "greeter", "image": "reg.example/shop/greeter:1.0"}],
                "hostInterfaces": [{
                    "namespace": "wasi", "package": "http", "interfaces": ["incoming-handler"],
                    "config": {"host": "greeter.example"},
                }],
            }},
        }),
    )
}

#[test]
fn a_deployment_that_uses_every_field_is_kept() {
    let mut full = object(
        "WorkloadDeployment",
        "parcels",
        &json!({
            "replicas": 3,
            "deployPolicy": "Recreate",
            "artifacts": [{"name": "tracker", "artifactFrom": {"name": "parcels-tracker"}}],
            "kubernetes": {"service": {"name": "parcels"}},
            "template": {
                "annotations": {"note": "spring"},
                "labels": {"team": "logistics"},
                "spec": {
                    "hostSelector": {"hostgroup": "north"},
                    "hostId": "7b1c",
                    "environment": "shop",
                    "volumes": [{"name": "tmp", "ephemeral": {}}, {"name": "maps", "hostPath": {"path": "/srv/maps"}}],
                    "kubernetes": {"service": {"name": "replaced"}},
                    "service": {
                        "image": "reg.example/shop/clock:2", "imagePullSecret": {"name": "pull"},
                        "imagePullPolicy": "Always", "maxRestarts": 7,
                        "localResources": {"environment": {"config": {"TZ": "UTC"}}},
                    },
                    "components": [{
                        "name": "tracker", "image": "artifact://tracker", "imagePullSecret": {"name": "pull"},
                        "imagePullPolicy": "IfNotPresent", "poolSize": 2, "maxInvocations": 500, "maxConcurrency": 16,
                        "reclaimWindowSeconds": 120, "reclaimMinInstances": 1,
                        "localResources": {
                            "volumeMounts": [{"name": "maps", "mountPath": "/maps", "readOnly": true}],
                            "config": {"subscriptions": "parcels.sent,parcels.lost"},
                            "environment": {
                                "config": {"UNIT": "kg"}, "configFrom": [{"name": "units"}],
                                "secretFrom": [{"name": "keys"}],
                            },
                            "allowedHosts": ["https://*.example.org:8443", "*"],
                            "allowedIpNameLookups": ["db.shop.svc", "10.1.2.3"],
                            "allowedHostLoopbackPorts": ["9000/udp"],
                        },
                    }],
                    "hostInterfaces": [
                        {"namespace": "wasi", "package": "http", "interfaces": ["incoming-handler"],
                         "config": {"host": "parcels.example", "host-aliases": "p.example"}},
                        {"namespace": "wasmcloud", "package": "messaging", "version": "0.2.0",
                         "interfaces": ["handler", "consumer"], "configFrom": [{"name": "broker"}]},
                        {"namespace": "wasi", "package": "keyvalue", "version": "0.2.0-draft", "interfaces": ["store"],
                         "name": "carts", "config": {"backend": "redis"}, "secretFrom": [{"name": "redis"}]},
                    ],
                },
            },
        }),
    );
    full["status"] = json!({
        "conditions": [
            {"type": "Sync", "status": "True", "reason": "Available", "lastTransitionTime": "2026-08-11T09:30:00Z"},
            {"type": "Ready", "status": "Unknown", "reason": "Reconcile", "message": "status unknown: scaling",
             "lastProbeTime": "2026-08-11T09:30:01Z", "observedGeneration": 4},
        ],
        "currentReplicaSet": {"name": "parcels-56"},
        "previousReplicaSet": {"name": "parcels-9b"},
        "replicas": {"expected": 3, "current": 2, "ready": 1, "unavailable": 1},
        "currentReplicas": 2,
        "selector": "runtime.wasmcloud.dev/workload-deployment=parcels",
    });
    let read: WorkloadDeployment = kept(&full);
    assert!(read.spec.recreates());
    assert_eq!(read.spec.replicas(), 3);
}

#[test]
fn shapes_of_upstreams_samples_are_kept() {
    kept::<WorkloadDeployment>(&hello());

    let mut with_service = hello();
    with_service["spec"]["kubernetes"] = json!({"service": {"name": "greeter"}});
    kept::<WorkloadDeployment>(&with_service);

    let mut service_in_template = hello();
    service_in_template["spec"]["template"]["spec"]["kubernetes"] = json!({"service": {"name": "greeter"}});
    kept::<WorkloadDeployment>(&service_in_template);

    let mut blobs = hello();
    blobs["spec"]["template"]["spec"]["hostInterfaces"] = json!([
        {"namespace": "wasi", "package": "blobstore", "version": "0.2.0-draft",
         "interfaces": ["blobstore", "container", "types"], "config": {"buckets": "pictures"}},
        {"namespace": "wasi", "package": "logging", "version": "0.1.0-draft", "interfaces": ["logging"]},
        {"namespace": "wasi", "package": "http", "interfaces": ["incoming-handler"], "config": {"host": "b.example"}},
    ]);
    blobs["spec"]["template"]["spec"]["service"] = json!({"image": "reg.example/shop/clock:2", "maxRestarts": 0});
    kept::<WorkloadDeployment>(&blobs);

    let messaging = object(
        "WorkloadDeployment",
        "echo",
        &json!({"replicas": 1, "template": {"spec": {
            "components": [{"name": "echo", "image": "reg.example/shop/echo:1", "poolSize": 1,
                            "localResources": {"config": {"subscriptions": "shop.echo"}}}],
            "hostInterfaces": [{"namespace": "wasmcloud", "package": "messaging", "version": "0.2.0",
                                "interfaces": ["handler", "consumer"], "config": {"subscriptions": "shop.echo"}}],
        }}}),
    );
    kept::<WorkloadDeployment>(&messaging);
}

#[test]
fn the_other_kinds_are_kept() {
    let mut artifact = object(
        "Artifact",
        "tracker",
        &json!({"image": "reg.example/shop/tracker:3", "imagePullSecret": {"name": "pull"}}),
    );
    artifact["status"] = json!({"artifactUrl": "reg.example/shop/tracker:3", "observedGeneration": 2});
    kept::<Artifact>(&artifact);

    let mut workload = object("Workload", "w", &hello()["spec"]["template"]["spec"]);
    workload["status"] = json!({"hostId": "7b1c", "environment": "shop", "workloadId": "2f"});
    kept::<Workload>(&workload);

    let mut replica_set =
        object("WorkloadReplicaSet", "r", &json!({"replicas": 2, "template": hello()["spec"]["template"]}));
    replica_set["status"] = json!({"replicas": {"expected": 2, "unavailable": 2}});
    kept::<WorkloadReplicaSet>(&replica_set);
}

#[test]
fn a_host_is_kept_with_its_data_at_the_top_level() {
    let host = json!({
        "apiVersion": "runtime.wasmcloud.dev/v1alpha1",
        "kind": "Host",
        "metadata": {"name": "brave-fox-1234", "labels": {"hostgroup": "north"}},
        "hostId": "7b1c",
        "hostname": "10.244.0.9",
        "httpPort": 8080,
        "environment": "shop",
        "status": {
            "version": "2.7.0", "osName": "linux", "osArch": "aarch64", "osKernel": "unix", "systemCPUUsage": "12.5",
            "systemMemoryTotal": 8_589_934_592_i64, "systemMemoryFree": 4_294_967_296_i64,
            "componentCount": 4, "workloadCount": 3, "lastSeen": "2026-08-11T09:30:00Z",
            "conditions": [{"type": "Reporting", "status": "True"}],
        },
    });
    let read: Host = kept(&host);
    assert_eq!(read.spec.host_id, "7b1c");

    let mut without_version = host.clone();
    without_version["status"].as_object_mut().unwrap().remove("version");
    let error = serde_json::from_value::<Host>(without_version).unwrap_err().to_string();
    assert!(error.contains("`version`"), "{error}");
}

#[test]
fn null_and_empty_are_absent() {
    let mut deployment = hello();
    let spec = &mut deployment["spec"];
    spec["deployPolicy"] = Value::Null;
    spec["replicas"] = Value::Null;
    spec["artifacts"] = Value::Null;
    spec["kubernetes"] = Value::Null;
    spec["template"]["labels"] = Value::Null;
    spec["template"]["spec"]["hostId"] = json!("");
    spec["template"]["spec"]["environment"] = Value::Null;
    spec["template"]["spec"]["volumes"] = json!([]);
    spec["template"]["spec"]["service"] = Value::Null;
    let component = &mut spec["template"]["spec"]["components"][0];
    component["poolSize"] = Value::Null;
    component["maxConcurrency"] = json!(0);
    component["imagePullSecret"] = json!({"name": null});
    component["localResources"] = json!({"environment": {"config": null}, "allowedHosts": null});
    let interface = &mut spec["template"]["spec"]["hostInterfaces"][0];
    interface["name"] = json!("");
    interface["version"] = Value::Null;

    let read: WorkloadDeployment = serde_json::from_value(deployment).unwrap();
    assert!(!read.spec.recreates());
    assert_eq!(read.spec.replicas(), 1);

    let mut expected = hello();
    expected["spec"].as_object_mut().unwrap().remove("replicas");
    expected["spec"]["template"]["spec"]["components"][0]["imagePullSecret"] = json!({});
    expected["spec"]["template"]["spec"]["components"][0]["localResources"] = json!({"environment": {}});
    assert_eq!(serde_json::to_value(read).unwrap(), expected);
}

#[test]
fn fields_of_a_newer_version_are_ignored() {
    let mut deployment = hello();
    deployment["spec"]["template"]["spec"]["components"][0]["newerThanUs"] = json!(true);
    let read: WorkloadDeployment = serde_json::from_value(deployment).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), hello());
}

#[test]
fn what_is_missing_is_named() {
    let without = |path: &str, field: &str| {
        let mut deployment = hello();
        deployment.pointer_mut(path).unwrap().as_object_mut().unwrap().remove(field);
        refused(deployment)
    };
    let spec = "/spec/template/spec";
    assert!(without("", "spec").contains("missing field `spec`"));
    assert!(without("/spec", "template").contains("missing field `template`"));
    assert!(without("/spec/template", "spec").contains("missing field `spec`"));
    assert!(without(&format!("{spec}/components/0"), "image").contains("missing field `image`"));
    assert!(without(&format!("{spec}/hostInterfaces/0"), "interfaces").contains("missing field `interfaces`"));
}

#[test]
fn what_has_the_wrong_type_is_refused() {
    let with = |path: &str, field: &str, value: Value| {
        let mut deployment = hello();
        deployment.pointer_mut(path).unwrap()[field] = value;
        refused(deployment)
    };
    assert!(with("/spec", "replicas", json!("two")).contains("invalid type: string \"two\", expected i32"));
    assert!(with("/spec/template/spec", "hostSelector", json!({"a": 1})).contains("invalid type: integer `1`"));
    assert!(with("/spec/template/spec/components/0", "poolSize", json!(1.5)).contains("expected i32"));
}

/// Upstream hashes this text to decide about rollouts, so the order of fields and what is left out are part of the contract.
#[test]
fn a_spec_is_written_as_upstreams_type_is() {
    for text in [
        "{}",
        r#"{"components":[{"name":"api","image":"reg.example/shop/api:1.4","localResources":{}}],"service":{"image":"reg.example/shop/svc:1","maxRestarts":0},"volumes":[{"name":"v","ephemeral":{}},{"name":"h","hostPath":{"path":"/srv"}}]}"#,
        r#"{"hostSelector":{"hostgroup":"edge","zone":"b"},"components":[{"name":"api","image":"reg.example/shop/api:1.4","localResources":{"environment":{"config":{"A":"xy"}},"allowedHosts":["https://*.example.com"]}}],"hostInterfaces":[{"config":{"host":"shop.test"},"namespace":"wasi","package":"http","interfaces":["incoming-handler"]}],"kubernetes":{"service":{"name":"shop"}}}"#,
        r#"{"hostId":"h","environment":"e","components":[{"name":"n","image":"i","imagePullSecret":{"name":"s"},"imagePullPolicy":"Always","poolSize":1,"maxInvocations":2,"maxConcurrency":3,"localResources":{"volumeMounts":[{"name":"v","mountPath":"/v","readOnly":true}],"environment":{"configFrom":[{"name":"c"}],"secretFrom":[{"name":"s"}],"config":{"a":"b"}},"config":{"a":"b"},"allowedHosts":["*"],"allowedIpNameLookups":["*"],"allowedHostLoopbackPorts":["1"]}}],"hostInterfaces":[{"configFrom":[{"name":"c"}],"secretFrom":[{"name":"s"}],"name":"n","namespace":"a","package":"b","interfaces":["c"],"version":"1.0.0"}]}"#,
    ] {
        let read: WorkloadSpec = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
    let template = WorkloadTemplate::default();
    assert_eq!(serde_json::to_string(&template).unwrap(), r#"{"spec":{}}"#);
}
