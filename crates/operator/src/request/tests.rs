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
    let request = build(&workload, None, &references(), "cluster.local").unwrap();
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
    let faults = build(&workload, None, &references(), "cluster.local").unwrap_err().to_string();
    for part in ["no Secret shop/gone", "no ConfigMap shop/none", "the pull Secret shop/s is of type `Opaque`"] {
        assert!(faults.contains(part), "{part}: {faults}");
    }
}

#[test]
fn replicas_share_a_group_for_each_component_and_the_user_s_own_stays() {
    let spec = |entry: serde_json::Value, own: serde_json::Value| {
        workload(&json!({
            "components": [
                { "name": "a", "image": "reg.example/a:1", "localResources": { "config": own } },
                { "name": "b", "image": "reg.example/b:1" },
            ],
            "service": { "image": "reg.example/s:1" },
            "hostInterfaces": [{ "namespace": "wasmcloud", "package": "messaging", "interfaces": ["handler"], "config": entry }],
        }))
    };
    let groups = |workload: &Workload, owner: Option<&str>| -> Vec<Option<String>> {
        let request = build(workload, owner, &references(), "cluster.local").unwrap();
        strict::check("WorkloadStartRequest", &request.to_json()).unwrap();
        let workload = request.workload.unwrap();
        let parts = workload.wit_world.unwrap().components.into_iter().map(|one| one.local_resources);
        let parts = parts.chain([workload.service.unwrap().local_resources]);
        parts.map(|resources| resources.unwrap().config.get("consumer_group").cloned()).collect()
    };
    // All of it subscribes by the entry.
    let all = spec(json!({ "subscriptions": "jobs.>" }), json!({}));
    let of_jobs = groups(&all, Some("jobs"));
    let words: Vec<_> = of_jobs.iter().flatten().map(|group| &group[..group.len() - 17]).collect();
    assert_eq!(words, ["wasmcloud.shop.jobs.a", "wasmcloud.shop.jobs.b", "wasmcloud.shop.jobs.service"]);
    assert_eq!(of_jobs, groups(&all, Some("jobs")), "every replica has the same");
    assert_eq!(groups(&all, None), [None, None, None], "one of its own has nobody to share with");
    // One of them by itself.
    let one = spec(json!({}), json!({ "subscriptions": "jobs.>" }));
    assert_eq!(groups(&one, Some("jobs")), [of_jobs[0].clone(), None, None]);
    // None of it wants a copy each unless it says so, and whoever says something is not contradicted.
    let said = spec(json!({ "subscriptions": "jobs.>" }), json!({ "consumer_group": "broadcast" }));
    let seen = groups(&said, Some("jobs"));
    assert_eq!((seen[0].as_deref(), seen[1].clone()), (Some("broadcast"), of_jobs[1].clone()));
    let shared = spec(json!({ "subscriptions": "jobs.>", "consumer_group": "mine" }), json!({}));
    assert_eq!(groups(&shared, Some("jobs")), [None, None, None], "the entry's goes for all");
    let silent = spec(json!({ "subscriptions": " , " }), json!({}));
    assert_eq!(groups(&silent, Some("jobs")), [None, None, None]);
    // Another backend reads no subscriptions.
    let mut other = all.clone();
    other.spec.host_interfaces[0].name = Some("memory".into());
    assert_eq!(groups(&other, Some("jobs")), [None, None, None]);
}
