//! Goldens: whole values files, and what has to hold for whatever they render to.

mod arguments;
mod permissions;
mod pods;
mod references;
mod types;

use std::collections::BTreeSet;

use chartwright::{
    render::{self, Object, Release},
    source::{SourceKind, Sources, parse_documents},
};
use serde_json::{Map, Value};

use crate::{helm, tool::root};

/// A golden: its values with the defaults under them, and its objects.
struct Golden {
    name: String,
    values: Map<String, Value>,
    /// What belongs to the release.
    objects: Vec<Object>,
    hooks: Vec<Object>,
}

impl Golden {
    fn all(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().chain(&self.hooks)
    }

    /// Objects with pods in them, and the pods' templates.
    fn pods(&self) -> impl Iterator<Item = (&Object, &Value)> {
        self.all().filter_map(|object| Some((object, pod_template(&object.value)?)))
    }
}

fn pod_template(object: &Value) -> Option<&Value> {
    let inner = if object["kind"] == "CronJob" { object.pointer("/spec/jobTemplate")? } else { object };
    if object["kind"] == "Pod" { Some(object) } else { inner.pointer("/spec/template") }
}

/// Containers of a pod, those that run first included.
fn containers(template: &Value) -> impl Iterator<Item = &Value> {
    ["initContainers", "containers"]
        .into_iter()
        .flat_map(|kind| template["spec"][kind].as_array().into_iter().flatten())
}

fn goldens() -> Vec<Golden> {
    let mut names: Vec<String> = fs_err::read_dir(root().join("golden"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(names.len() > 20, "where are the goldens?");
    names.into_iter().map(golden).collect()
}

fn golden(name: String) -> Golden {
    let user = helm::read_yaml(&fs_err::read_to_string(root().join("golden").join(&name).join("values.yaml")).unwrap());
    let values = helm::coalesce(&chartwright::values::defaults(), &user);
    let release = Release { name: "wasmcloud".into(), namespace: "default".into() };
    let rendered = render::render(&values, &release, &[]).unwrap();
    Golden { name, values, objects: rendered.objects, hooks: rendered.hooks }
}

fn manifests(name: &str) -> String {
    fs_err::read_to_string(root().join("golden").join(name).join("manifests.yaml"))
        .unwrap_or_else(|err| panic!("{err}; `cargo xtask golden --update` writes it"))
}

#[test]
fn manifests_are_current() {
    let stale: Vec<String> = goldens()
        .into_iter()
        .filter(|golden| manifests(&golden.name) != render::to_stream(&golden.objects))
        .map(|golden| golden.name)
        .collect();
    assert!(stale.is_empty(), "when the change is meant, run `cargo xtask golden --update`: {stale:?}");
}

#[test]
fn no_key_stands_twice_and_nothing_is_null() {
    fn nulls(path: &str, value: &Value, out: &mut Vec<String>) {
        match value {
            Value::Null => out.push(path.to_owned()),
            Value::Array(items) => items.iter().for_each(|item| nulls(&format!("{path}[]"), item, out)),
            Value::Object(map) => map.iter().for_each(|(key, value)| nulls(&format!("{path}.{key}"), value, out)),
            _ => {}
        }
    }
    for golden in goldens() {
        let mut sources = Sources::default();
        let id = sources.add(SourceKind::File, "manifests.yaml", manifests(&golden.name));
        let parsed = parse_documents(&sources, id);
        assert!(parsed.diagnostics.is_empty(), "{}: {:?}", golden.name, parsed.diagnostics);
        assert_eq!(parsed.documents.len(), golden.objects.len(), "{}", golden.name);
        let mut found = Vec::new();
        for object in golden.all() {
            nulls(&object.kind, &object.value, &mut found);
        }
        assert!(found.is_empty(), "{}: {found:?}", golden.name);
    }
}

#[test]
fn no_list_has_two_entries_with_one_merge_key() {
    fn unique(place: &str, list: &Value, key: &dyn Fn(&Value) -> String) {
        let mut seen = BTreeSet::new();
        for entry in list.as_array().into_iter().flatten() {
            assert!(seen.insert(key(entry)), "{place}: {} twice", key(entry));
        }
    }
    let by = |name: &'static str| move |entry: &Value| entry[name].to_string();
    let protocol = |entry: &Value| entry["protocol"].as_str().unwrap_or("TCP").to_owned();
    for golden in goldens() {
        for (object, template) in golden.pods() {
            let place = format!("{} {}/{}", golden.name, object.kind, object.name);
            let spec = &template["spec"];
            unique(&place, &spec["volumes"], &by("name"));
            unique(&place, &spec["imagePullSecrets"], &by("name"));
            let all: Value = containers(template).cloned().collect::<Vec<_>>().into();
            unique(&place, &all, &by("name"));
            for container in containers(template) {
                unique(&place, &container["env"], &by("name"));
                unique(&place, &container["volumeMounts"], &by("mountPath"));
                unique(&place, &container["ports"], &|port| format!("{} {}", port["containerPort"], protocol(port)));
                unique(&place, &container["ports"], &by("name"));
            }
        }
        for object in golden.all().filter(|object| object.kind == "Service") {
            let place = format!("{} Service/{}", golden.name, object.name);
            unique(&place, &object.value["spec"]["ports"], &by("name"));
            unique(&place, &object.value["spec"]["ports"], &|port| format!("{} {}", port["port"], protocol(port)));
        }
        let all: Value = golden.all().map(|object| object.value.clone()).collect::<Vec<_>>().into();
        unique(&golden.name, &all, &|object| {
            format!("{} {} {}", object["kind"], object["metadata"]["namespace"], object["metadata"]["name"])
        });
    }
}

#[test]
fn without_cluster_roles_nothing_is_of_the_cluster() {
    let golden = golden("no-cluster-roles".into());
    let of_cluster: Vec<_> = golden.all().filter(|object| object.namespace.is_none()).map(|o| &o.kind).collect();
    assert!(of_cluster.is_empty(), "{of_cluster:?}");
}

#[test]
fn an_air_gapped_release_pulls_from_its_mirror_only() {
    let golden = golden("air-gapped".into());
    let mut images = 0;
    for (object, template) in golden.pods() {
        for container in containers(template) {
            let image = container["image"].as_str().unwrap();
            assert!(image.starts_with("mirror.internal:5000/"), "{}/{}: {image}", object.kind, object.name);
            images += 1;
        }
        assert_eq!(template["spec"]["imagePullSecrets"], serde_json::json!([{ "name": "mirror-pull" }]));
    }
    assert!(images >= 4);
}
