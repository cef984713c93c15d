//! Whose an object is: Helm's label and annotations.

use serde_json::{Value, json};

use crate::render::Release;

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const RELEASE_NAME: &str = "meta.helm.sh/release-name";
const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// Marks an object as one of a release.
pub(super) fn mark(object: &mut Value, release: &Release) {
    set(object, "labels", MANAGED_BY, "Helm");
    set(object, "annotations", RELEASE_NAME, &release.name);
    set(object, "annotations", RELEASE_NAMESPACE, &release.namespace);
}

fn set(object: &mut Value, section: &str, key: &str, value: &str) {
    let metadata = &mut object["metadata"];
    if !metadata[section].is_object() {
        metadata[section] = json!({});
    }
    metadata[section][key] = value.into();
}

/// Why a live object may not be taken into a release: it belongs to another one, or to nobody.
pub(super) fn foreign(live: &Value, release: &Release) -> Option<String> {
    let read = |section: &str, key: &str| live["metadata"][section].get(key).and_then(Value::as_str);
    let (name, namespace) = (read("annotations", RELEASE_NAME), read("annotations", RELEASE_NAMESPACE));
    match (name, namespace) {
        (Some(name), Some(namespace)) if name != release.name || namespace != release.namespace => {
            Some(format!("belongs to the release {name} in {namespace}"))
        }
        (Some(_), Some(_)) if read("labels", MANAGED_BY) == Some("Helm") => None,
        _ => {
            let by = managers(live);
            let by = if by.is_empty() { String::new() } else { format!(" (written by {by})") };
            Some(format!("is there already and belongs to no release{by}"))
        }
    }
}

/// Whether a live object is marked as one of the release; only such are deleted.
pub(super) fn is_of(live: &Value, release: &Release) -> bool {
    foreign(live, release).is_none()
}

/// Whether it is to stay when it leaves the release.
pub(super) fn is_kept(object: &Value) -> bool {
    object["metadata"]["annotations"].get("helm.sh/resource-policy").and_then(Value::as_str) == Some("keep")
}

/// Who wrote fields of it, in order, each once.
pub(super) fn managers(live: &Value) -> String {
    let mut names: Vec<&str> = Vec::new();
    for entry in live["metadata"]["managedFields"].as_array().into_iter().flatten() {
        if let Some(name) = entry["manager"].as_str().filter(|name| !names.contains(name)) {
            names.push(name);
        }
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_marked_with_the_release_is_its_own() {
        let release = Release { name: "web".into(), namespace: "shop".into() };
        let mut object = json!({ "metadata": { "name": "a", "managedFields": [{ "manager": "kubectl" }] } });
        assert_eq!(
            foreign(&object, &release).unwrap(),
            "is there already and belongs to no release (written by kubectl)"
        );
        mark(&mut object, &release);
        assert_eq!(foreign(&object, &release), None);
        let other = Release { name: "web".into(), namespace: "other".into() };
        assert_eq!(foreign(&object, &other).unwrap(), "belongs to the release web in shop");
    }
}
