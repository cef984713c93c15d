use std::collections::BTreeMap;

use chartwright_contract::control::{Message as _, strict};
use k8s_openapi::ByteString;
use serde_json::json;

use super::*;

fn workload(spec: &serde_json::Value) -> Workload {
    serde_json::from_value(json!({
        "apiVersion": "runtime.wasmcloud.dev/v1alpha1", "kind": "Workload",
        "metadata": { "name": "api-4567", "namespace": "shop", "uid": "c0a1" }, "spec": spec,
    }))
    .unwrap()
}

fn references() -> References {
    let map = |text: &str| ConfigMap {
        data: Some(BTreeMap::from([("A".into(), text.into()), ("B".into(), text.into())])),
        ..ConfigMap::default()
    };
    let secret =
        Secret { data: Some(BTreeMap::from([("B".into(), ByteString(b"planted".to_vec()))])), ..Secret::default() };
    References {
        config_maps: BTreeMap::from([("one".into(), map("one")), ("two".into(), map("two"))]),
        secrets: BTreeMap::from([("s".into(), secret)]),
    }
}

#[test]
fn layers_are_laid_over_each_other_and_the_request_is_what_a_strict_host_takes() {
    let workload = workload(&json!({
        "components": [{ "name": "api", "image": "reg.example/api:1", "imagePullPolicy": "Always", "poolSize": 2,
            "localResources": { "environment": {
                "config": { "A": "inline", "C": "inline" }, "configFrom": [{ "name": "one" }, { "name": "two" }],
                "secretFrom": [{ "name": "s" }] } } }],
        "service": { "image": "reg.example/svc:1", "maxRestarts": -1 },
        "volumes": [{ "name": "v", "ephemeral": {} }, { "name": "h", "hostPath": { "path": "/srv" } }, { "name": "n" }],
        "hostInterfaces": [{ "namespace": "wasi", "package": "http", "interfaces": ["handler"],
            "config": { "host": "shop.test", "host-aliases": "own.test, web.shop" } }],
        "kubernetes": { "service": { "name": "web" } },
    }));
    assert_eq!(needed(&workload.spec).config_maps.len(), 2);
    let request = build(&workload, &references(), "cluster.local").unwrap();
    strict::check("WorkloadStartRequest", &request.to_json()).unwrap();
    let workload = request.workload.unwrap();
    let world = workload.wit_world.unwrap();
    let environment = &world.components[0].local_resources.as_ref().unwrap().environment;
    let of = |key: &str| environment.get(key).map(String::as_str);
    assert_eq!((of("A"), of("B"), of("C")), (Some("two"), Some("planted"), Some("inline")));
    assert_eq!(workload.service.unwrap().max_restarts, 0);
    assert_eq!(
        world.host_interfaces[0].config["host-aliases"],
        "own.test,web.shop,web,web.shop.svc,web.shop.svc.cluster.local"
    );
    assert_eq!(workload.volumes[1].source, VolumeSource::HostPath("/srv".into()));
    assert!(!format!("{:?}", world.components[0]).contains("planted"), "values are not shown");
}

#[test]
fn everything_that_is_missing_is_named() {
    let workload = workload(&json!({
        "components": [
            { "name": "a", "image": "registry.example/a:1", "imagePullSecret": { "name": "gone" } },
            { "name": "b", "image": "registry.example/b:1", "imagePullSecret": { "name": "s" },
              "localResources": { "environment": { "configFrom": [{ "name": "none" }] } } },
        ],
    }));
    let faults = build(&workload, &references(), "cluster.local").unwrap_err().to_string();
    for part in ["no Secret shop/gone", "no ConfigMap shop/none", "the pull Secret shop/s is of type `Opaque`"] {
        assert!(faults.contains(part), "{part}: {faults}");
    }
}
