//! The custom resources on a real API server: what it takes, and what it refuses with the field named.

use chartwright_contract::crds::{Artifact, Workload, WorkloadDeployment, WorkloadReplicaSet};
use kube::api::{ListParams, PostParams};
use serde_json::{Value, json};

use crate::control_plane::ControlPlane;
use crate::objects;

macro_rules! plane {
    () => {
        match ControlPlane::shared().await {
            Some(plane) => plane,
            None => return,
        }
    };
}

/// Sends an object as it is; what the server says.
async fn send(plane: &ControlPlane, namespace: &str, object: &Value) -> Result<Value, String> {
    let plural = format!("{}s", object["kind"].as_str().unwrap().to_lowercase());
    let path = format!("/apis/runtime.wasmcloud.dev/v1alpha1/namespaces/{namespace}/{plural}?fieldValidation=Strict");
    let request = http::Request::post(path).header("content-type", "application/json");
    let request = request.body(serde_json::to_vec(object).unwrap()).unwrap();
    plane.client().request::<Value>(request).await.map_err(|err| err.to_string())
}

#[tokio::test]
async fn what_upstream_s_samples_use_is_taken() {
    let plane = plane!();
    let namespace = plane.namespace("crds").await;
    let spec = json!({
        "hostSelector": { "hostgroup": "edge" }, "environment": "shop",
        "volumes": [{ "name": "scratch", "ephemeral": {} }, { "name": "seed", "hostPath": { "path": "/srv/seed" } }],
        "service": { "image": "reg.example/shop/ticker:0.3", "maxRestarts": 5 },
        "components": [{
            "name": "api", "image": "reg.example/shop/api:1.4", "imagePullPolicy": "IfNotPresent",
            "imagePullSecret": { "name": "regcred" }, "poolSize": 4, "maxInvocations": 1000, "maxConcurrency": 8,
            "reclaimWindowSeconds": 60, "reclaimMinInstances": 0,
            "localResources": {
                "volumeMounts": [{ "name": "scratch", "mountPath": "/data" }],
                "config": { "subscriptions": "orders.created,orders.paid" },
                "environment": { "config": { "CURRENCY": "EUR" }, "configFrom": [{ "name": "orders-config" }],
                                 "secretFrom": [{ "name": "orders-secrets" }] },
                "allowedHosts": ["https://*.example.com", "*"], "allowedIpNameLookups": ["db.shop.svc"],
                "allowedHostLoopbackPorts": ["5432/tcp"],
            },
        }],
        "hostInterfaces": [
            { "namespace": "wasi", "package": "http", "interfaces": ["incoming-handler"], "config": { "host": "orders.example.com" } },
            { "namespace": "wasmcloud", "package": "messaging", "version": "0.2.0", "interfaces": ["handler", "consumer"] },
            { "namespace": "wasi", "package": "keyvalue", "version": "0.2.0-draft", "interfaces": ["store"], "name": "sessions",
              "config": { "backend": "redis" }, "secretFrom": [{ "name": "redis-url" }] },
        ],
        "kubernetes": { "service": { "name": "orders" } },
    });
    let object = |kind: &str, spec: Value| json!({ "apiVersion": "runtime.wasmcloud.dev/v1alpha1", "kind": kind, "metadata": { "name": "orders" }, "spec": spec });
    let template = json!({ "labels": { "team": "checkout" }, "spec": spec });
    for object in [
        object("Workload", spec.clone()),
        object("WorkloadReplicaSet", json!({ "replicas": 2, "template": template })),
        object(
            "WorkloadDeployment",
            json!({
                "deployPolicy": "RollingUpdate", "artifacts": [{ "name": "api", "artifactFrom": { "name": "orders-api" } }],
                "kubernetes": { "service": { "name": "orders" } }, "template": template,
            }),
        ),
        object("Artifact", json!({ "image": "reg.example/shop/api:1.4", "imagePullSecret": { "name": "regcred" } })),
    ] {
        let made = send(plane, &namespace, &object).await;
        assert!(made.is_ok(), "{}: {made:?}", object["kind"]);
    }
    let client = plane.client();
    let deployments = kube::Api::<WorkloadDeployment>::namespaced(client.clone(), &namespace);
    let deployment = deployments.get("orders").await.unwrap();
    assert_eq!(deployment.spec.replicas, Some(1), "the server fills in the default");
    let sets = kube::Api::<WorkloadReplicaSet>::namespaced(client, &namespace);
    assert_eq!(sets.get("orders").await.unwrap().spec.template.spec, deployment.spec.template.spec);
}

#[tokio::test]
async fn what_is_wrong_is_refused_with_its_field() {
    let plane = plane!();
    let namespace = plane.namespace("crds").await;
    let with = |path: &[&str], value: Value| {
        let mut object = objects::workload("bad", "reg.example/a:1");
        let mut at = &mut object["spec"];
        for part in path {
            at = match part.parse::<usize>() {
                Ok(index) => &mut at[index],
                Err(_) => &mut at[*part],
            };
        }
        *at = value;
        object
    };
    let http = |name: Option<&str>| {
        let mut interface = json!({ "namespace": "wasi", "package": "http", "interfaces": ["incoming-handler"] });
        if let Some(name) = name {
            interface["name"] = name.into();
        }
        interface
    };
    for (object, field) in [
        (with(&["components", "0"], json!({ "name": "api" })), "spec.components[0].image"),
        (with(&["components", "0", "poolSize"], json!(-1)), "spec.components[0].poolSize"),
        (with(&["components", "0", "localResources"], json!({ "allowedHosts": ["a b"] })), "allowedHosts[0]"),
        (
            with(&["components", "0", "localResources"], json!({ "allowedHostLoopbackPorts": ["http"] })),
            "allowedHostLoopbackPorts[0]",
        ),
        (
            with(&["hostInterfaces"], json!([{ "namespace": "wasi", "package": "http", "interfaces": [] }])),
            "interfaces",
        ),
        (with(&["hostInterfaces"], json!([http(None), http(None)])), "spec.hostInterfaces"),
        (with(&["hostInterfaces"], json!([http(Some("Upper"))])), "spec.hostInterfaces[0].name"),
        (with(&["volumes"], json!([{ "name": "v", "hostPath": {} }])), "spec.volumes[0].hostPath.path"),
        (with(&["kubernetes"], json!({ "service": {} })), "spec.kubernetes.service.name"),
        (with(&["service"], json!({ "maxRestarts": 1 })), "spec.service.image"),
        (with(&["componens"], json!([])), "spec.componens"),
        (
            json!({ "apiVersion": "runtime.wasmcloud.dev/v1alpha1", "kind": "WorkloadReplicaSet", "metadata": { "name": "bad" },
                 "spec": { "replicas": 1 } }),
            "spec.template",
        ),
        (
            json!({ "apiVersion": "runtime.wasmcloud.dev/v1alpha1", "kind": "Artifact", "metadata": { "name": "bad" },
                 "spec": {} }),
            "spec.image",
        ),
    ] {
        let refused = send(plane, &namespace, &object).await.expect_err(field);
        assert!(refused.contains(field), "{field}: {refused}");
    }
}

#[tokio::test]
async fn kubectl_s_columns_and_subresources_are_there() {
    let plane = plane!();
    let namespace = plane.namespace("crds").await;
    let client = plane.client();
    let table = async |plural: &str| -> Vec<String> {
        let path = format!("/apis/runtime.wasmcloud.dev/v1alpha1/namespaces/{namespace}/{plural}");
        let request = http::Request::get(path).header("accept", "application/json;as=Table;g=meta.k8s.io;v=v1");
        let table: Value = client.request(request.body(Vec::new()).unwrap()).await.unwrap();
        let columns = table["columnDefinitions"].as_array().unwrap().clone();
        columns.iter().map(|column| column["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(table("hosts").await, ["Name", "HOSTID", "HOSTGROUP", "ENVIRONMENT", "READY", "AGE"]);
    assert_eq!(table("workloads").await, ["Name", "HOSTID", "ENVIRONMENT", "READY", "AGE"]);
    assert_eq!(table("workloadreplicasets").await, ["Name", "REPLICAS", "READY"]);
    assert_eq!(table("workloaddeployments").await, ["Name", "REPLICAS", "READY"]);
    let api = kube::Api::<WorkloadDeployment>::namespaced(client.clone(), &namespace);
    let deployment = serde_json::from_value(objects::deployment("web", 3, "reg.example/a:1")).unwrap();
    api.create(&PostParams::default(), &deployment).await.unwrap();
    assert_eq!(api.get_scale("web").await.unwrap().spec.unwrap().replicas, Some(3));
    let workloads = kube::Api::<Workload>::namespaced(client.clone(), &namespace);
    let artifacts = kube::Api::<Artifact>::namespaced(client, &namespace);
    assert!(workloads.list(&ListParams::default()).await.unwrap().items.is_empty());
    assert!(artifacts.list(&ListParams::default()).await.unwrap().items.is_empty());
}
