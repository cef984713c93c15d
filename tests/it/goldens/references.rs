//! What one object says about another one holds.

use serde_json::{Map, Value};

use super::{Golden, containers, goldens};

/// Whether a selector picks pods with these labels.
fn selects(selector: &Map<String, Value>, template: &Value) -> bool {
    selector.iter().all(|(key, value)| template["metadata"]["labels"].get(key) == Some(value))
}

/// The pods of a golden that a selector picks in a namespace.
fn picked<'g>(golden: &'g Golden, namespace: Option<&str>, selector: &Value) -> Vec<&'g Value> {
    let selector = selector.as_object().unwrap();
    golden
        .pods()
        .filter(|(object, template)| object.namespace.as_deref() == namespace && selects(selector, template))
        .map(|(_, template)| template)
        .collect()
}

fn port_named(template: &Value, name: &str) -> Option<i64> {
    containers(template)
        .flat_map(|container| container["ports"].as_array().into_iter().flatten())
        .find(|port| port["name"] == name)
        .and_then(|port| port["containerPort"].as_i64())
}

#[test]
fn every_service_leads_to_a_port_of_its_pods() {
    for golden in goldens() {
        for object in golden.objects.iter().filter(|object| object.kind == "Service") {
            let spec = &object.value["spec"];
            let pods = picked(&golden, object.namespace.as_deref(), &spec["selector"]);
            assert!(!pods.is_empty(), "{}: Service {} has no pods", golden.name, object.name);
            for port in spec["ports"].as_array().unwrap() {
                let target = port["targetPort"].as_str().unwrap();
                for pod in &pods {
                    assert!(port_named(pod, target).is_some(), "{}: {} → {target}", golden.name, object.name);
                }
            }
        }
    }
}

/// Ports that the kubelet and Prometheus call.
fn called(template: &Value) -> Vec<i64> {
    let mut ports = Vec::new();
    for container in containers(template) {
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            let port = ["httpGet", "tcpSocket"].iter().find_map(|how| container[probe][how].get("port"));
            match port {
                Some(Value::String(name)) => ports.push(port_named(template, name).unwrap()),
                Some(number) => ports.push(number.as_i64().unwrap()),
                None => {}
            }
        }
    }
    ports.extend(port_named(template, "metrics"));
    ports
}

#[test]
fn policies_admit_every_probe_and_every_scrape() {
    let mut checked = 0;
    for golden in goldens() {
        for object in golden.objects.iter().filter(|object| object.kind == "NetworkPolicy") {
            let spec = &object.value["spec"];
            let ingress: Vec<&Value> = spec["ingress"].as_array().into_iter().flatten().collect();
            let all = ingress.iter().any(|rule| rule.get("ports").is_none());
            let admitted: Vec<i64> = ingress
                .iter()
                .flat_map(|rule| rule["ports"].as_array().into_iter().flatten())
                .filter_map(|port| port["port"].as_i64())
                .collect();
            let pods = picked(&golden, object.namespace.as_deref(), &spec["podSelector"]["matchLabels"]);
            assert!(!pods.is_empty(), "{}: NetworkPolicy {} is about no pods", golden.name, object.name);
            for port in pods.into_iter().flat_map(called) {
                assert!(all || admitted.contains(&port), "{}: {} shuts {port}", golden.name, object.name);
                checked += 1;
            }
        }
    }
    assert!(checked > 100, "only {checked} ports");
}

#[test]
fn selectors_hold_what_never_changes_and_pick_one_kind_of_pods() {
    for golden in goldens() {
        let common = golden.values["commonLabels"].as_object().unwrap();
        for (object, template) in golden.pods().filter(|(object, _)| object.kind != "Job" && object.kind != "CronJob") {
            let Some(selector) = object.value.pointer("/spec/selector/matchLabels").and_then(Value::as_object) else {
                continue;
            };
            let place = format!("{} {}/{}", golden.name, object.kind, object.name);
            assert!(selects(selector, template), "{place}");
            for key in selector.keys() {
                assert!(!common.contains_key(key), "{place}: common label {key}");
                assert!(!key.contains("version") && !key.contains("chart") && !key.contains("managed-by"), "{place}");
            }
            let picked = picked(&golden, object.namespace.as_deref(), &selector.clone().into());
            assert_eq!(picked.len(), 1, "{place}: pods of others too");
        }
    }
}

#[test]
fn every_mount_has_its_volume_and_every_object_of_the_release_that_it_names() {
    for golden in goldens() {
        for (object, template) in golden.pods() {
            let place = format!("{} {}/{}", golden.name, object.kind, object.name);
            let named = |list: &Value, name: &Value| {
                list.as_array()
                    .into_iter()
                    .flatten()
                    .any(|entry| entry.get("name").or(entry.pointer("/metadata/name")) == Some(name))
            };
            for container in containers(template) {
                for mount in container["volumeMounts"].as_array().into_iter().flatten() {
                    let volumes = &template["spec"]["volumes"];
                    let claims = &object.value["spec"]["volumeClaimTemplates"];
                    assert!(named(volumes, &mount["name"]) || named(claims, &mount["name"]), "{place}: {mount}");
                }
            }
            let account = &template["spec"]["serviceAccountName"];
            let exists = golden.all().any(|other| {
                other.kind == "ServiceAccount" && other.namespace == object.namespace && account == &other.name
            });
            let foreign = golden.values["operator"]["serviceAccount"]["create"] == false;
            assert!(exists || foreign && account == "wasm-operator", "{place}: ServiceAccount {account}");
        }
    }
}

/// The kubelet never writes a `subPath` again: credentials that are replaced would stay what they were.
#[test]
fn no_file_of_a_secret_is_mounted_by_itself() {
    let mut count = 0;
    for golden in goldens() {
        for (object, template) in golden.pods() {
            let place = format!("{} {}/{}", golden.name, object.kind, object.name);
            let volumes = template["spec"]["volumes"].as_array().into_iter().flatten();
            let secrets: Vec<&Value> = volumes
                .filter(|volume| volume["secret"].is_object() || volume["projected"].is_object())
                .map(|volume| &volume["name"])
                .collect();
            for container in containers(template) {
                let mounts = container["volumeMounts"].as_array().into_iter().flatten();
                for mount in mounts.filter(|mount| secrets.contains(&&mount["name"])) {
                    let whole = ["subPath", "subPathExpr"].iter().all(|key| mount.get(*key).is_none());
                    assert!(whole, "{place}: {mount}");
                    count += 1;
                }
            }
        }
    }
    assert!(count > 60, "only {count} mounts");
}
