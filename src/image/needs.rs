//! Which images rendered objects need, and what needs them.
//!
//! Found in the objects and not in the values, so that nothing is missed: containers of every kind of pod, wherever they
//! stand, image volumes, plugins in arguments and files of hosts, components of workloads.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::render::{Object, read_yaml};

/// The group of workloads, whose images are components.
const WORKLOADS: &str = "runtime.wasmcloud.dev/";

/// What needs an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct User {
    /// The kind of the object.
    pub kind: String,
    /// Its namespace, if it names one.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// What in it: `container host`, `init container warm`, `plugin billing`.
    pub part: String,
    /// Whether it is one of the chart's hooks.
    pub hook: bool,
    /// Whether a host pulls it, from a registry: plugins and components are nothing that nodes run.
    pub by_host: bool,
}

/// Images by their names in the manifests, each with what needs it, in the order of the objects.
pub type Needs = BTreeMap<String, Vec<User>>;

/// Finds them all.
pub fn needs<'o>(objects: impl IntoIterator<Item = &'o Object>) -> Needs {
    let mut needs = Needs::new();
    for object in objects {
        let mut found = Vec::new();
        walk(&object.value, &mut found);
        if object.api_version.starts_with(WORKLOADS) {
            components(&object.value["spec"], "component", &mut found);
        }
        if object.kind == "ConfigMap" {
            for text in object.value["data"].as_object().into_iter().flatten().filter_map(|(_, text)| text.as_str()) {
                // Most texts are no files of hosts, and many no YAML.
                if text.contains("hostPlugins") {
                    plugins(&read_yaml(text).unwrap_or_default(), &mut found);
                }
            }
        }
        for (image, part, by_host) in found {
            let user = User {
                kind: object.kind.clone(),
                namespace: object.namespace.clone(),
                name: object.name.clone(),
                part,
                hook: object.hook,
                by_host,
            };
            let users = needs.entry(image).or_default();
            if !users.contains(&user) {
                users.push(user);
            }
        }
    }
    needs
}

/// Image, what needs it, and whether that is for a host to pull.
type Found = Vec<(String, String, bool)>;

/// Containers and volumes, at any depth: custom resources have pods in them, too.
fn walk(value: &Value, found: &mut Found) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let what = match key.as_str() {
                    "containers" => "container",
                    "initContainers" => "init container",
                    "ephemeralContainers" => "ephemeral container",
                    "volumes" => {
                        volumes(inner, found);
                        ""
                    }
                    _ => "",
                };
                if !what.is_empty() {
                    for container in inner.as_array().into_iter().flatten() {
                        let name = container["name"].as_str().unwrap_or_default();
                        add(&container["image"], format!("{what} {name}"), false, found);
                        for list in ["args", "command"] {
                            arguments(&container[list], found);
                        }
                    }
                }
                walk(inner, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
        _ => {}
    }
}

fn volumes(list: &Value, found: &mut Found) {
    for volume in list.as_array().into_iter().flatten() {
        let name = volume["name"].as_str().unwrap_or_default();
        add(&volume["image"]["reference"], format!("volume {name}"), false, found);
    }
}

/// `--host-plugin=id=ID,image=IMAGE`.
fn arguments(list: &Value, found: &mut Found) {
    let mut before = "";
    for argument in list.as_array().into_iter().flatten().filter_map(Value::as_str) {
        let setting = argument.strip_prefix("--host-plugin=").or((before == "--host-plugin").then_some(argument));
        if let Some(setting) = setting {
            let part = |key: &str| setting.split(',').find_map(|part| part.strip_prefix(key)?.strip_prefix('='));
            if let Some(image) = part("image") {
                add(&image.into(), format!("plugin {}", part("id").unwrap_or_default()), true, found);
            }
        }
        before = argument;
    }
}

/// The file that a host reads.
fn plugins(file: &Value, found: &mut Found) {
    let hosts = [&file["host"]["hostPlugins"], &file["hostPlugins"]];
    for plugin in hosts.into_iter().filter_map(Value::as_array).flatten() {
        add(&plugin["image"], format!("plugin {}", plugin["id"].as_str().unwrap_or_default()), true, found);
    }
}

/// Components, services and artifacts: whatever has an `image`.
fn components(value: &Value, what: &str, found: &mut Found) {
    match value {
        Value::Object(map) => {
            let name = value["name"].as_str().map(|name| format!(" {name}")).unwrap_or_default();
            add(&value["image"], format!("{what}{name}"), true, found);
            for (key, inner) in map {
                let what = if key == "service" { "service" } else { what };
                components(inner, what, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| components(item, what, found)),
        _ => {}
    }
}

fn add(image: &Value, part: String, by_host: bool, found: &mut Found) {
    let Some(image) = image.as_str() else { return };
    let image = image.strip_prefix("oci://").unwrap_or(image);
    // `artifact://` names an object that is looked at itself, `file://` something that is there already.
    if !image.is_empty() && !image.contains("://") {
        found.push((image.to_owned(), part, by_host));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(kind: &str, api_version: &str, value: Value) -> Object {
        Object {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: None,
            name: "x".into(),
            value,
            template: String::new(),
            hook: false,
        }
    }

    fn found(object: &Object) -> Vec<(String, String)> {
        needs([object]).into_iter().map(|(image, users)| (image, users[0].part.clone())).collect()
    }

    #[test]
    fn every_place_of_a_pod_counts() {
        let pod = json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": {
            "initContainers": [{"name": "a", "image": "i:1"}],
            "containers": [{"name": "b", "image": "c:1", "args": [
                "--host-plugin=id=p,image=plug:1,pull=always", "--host-plugin", "id=q,image=oci://plug:2", "--image=no"
            ]}],
            "ephemeralContainers": [{"name": "d", "image": "e:1"}],
            "volumes": [{"name": "v", "image": {"reference": "vol:1"}}],
        }}}}}});
        let expected = [
            ("c:1", "container b"),
            ("e:1", "ephemeral container d"),
            ("i:1", "init container a"),
            ("plug:1", "plugin p"),
            ("plug:2", "plugin q"),
            ("vol:1", "volume v"),
        ];
        let found = found(&object("CronJob", "batch/v1", pod));
        assert_eq!(found, expected.map(|(image, part)| (image.to_owned(), part.to_owned())));
    }

    #[test]
    fn components_of_workloads_count_and_names_of_artifacts_do_not() {
        let deployment = json!({"spec": {"template": {"spec": {
            "components": [{"name": "c", "image": "reg/c:1"}, {"name": "d", "image": "artifact://d"}],
            "service": {"image": "oci://reg/s:1"},
        }}}});
        let found = found(&object("WorkloadDeployment", "runtime.wasmcloud.dev/v1alpha1", deployment));
        assert_eq!(
            found,
            [("reg/c:1", "component c"), ("reg/s:1", "service")].map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
    }

    #[test]
    fn plugins_stand_in_files_too() {
        let map = json!({"data": {"config.yaml": "host:\n  hostPlugins:\n  - id: \"p\"\n    image: \"reg/p:1\"\n", "x": "hostPlugins: ["}});
        assert_eq!(found(&object("ConfigMap", "v1", map)), [("reg/p:1".to_owned(), "plugin p".to_owned())]);
    }
}
