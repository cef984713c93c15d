//! What a pod reads when it starts, and whether that has changed.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec};
use sha2::{Digest, Sha256};

/// The mark of pods that are to be restarted.
pub(super) const MARK: &str = "chartwright.dev/roll-on-change";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Secret,
    ConfigMap,
}

impl Kind {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::ConfigMap => "configmap",
        }
    }
}

/// An object that a pod reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    pub(super) kind: Kind,
    pub(super) name: String,
    /// Whether the pod starts without it.
    pub(super) optional: bool,
}

/// What was found of such an object.
pub(super) enum Seen {
    Absent,
    Content(String),
    /// Roles do not let us see it.
    Hidden,
}

/// What a workload's note says about what is seen now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Noted {
    Same,
    /// Something is seen for the first time, or is not read any more.
    New(String),
    /// Something is another than pods read.
    Changed {
        note: String,
        what: Vec<String>,
    },
}

pub(super) fn is_marked(template: &PodTemplateSpec) -> bool {
    let Some(metadata) = &template.metadata else { return false };
    let says = |all: &Option<BTreeMap<String, String>>| {
        all.as_ref().and_then(|all| all.get(MARK)).is_some_and(|value| value == "true")
    };
    says(&metadata.annotations) || says(&metadata.labels)
}

/// All that a pod reads, each once.
pub(super) fn reads(spec: &PodSpec) -> BTreeSet<Reference> {
    let mut found = BTreeSet::new();
    let mut add = |kind, name: Option<&str>, optional: Option<bool>| {
        let Some(name) = name.filter(|name| !name.is_empty()) else { return };
        found.insert(Reference { kind, name: name.to_owned(), optional: optional.unwrap_or_default() });
    };
    for volume in spec.volumes.iter().flatten() {
        if let Some(secret) = &volume.secret {
            add(Kind::Secret, secret.secret_name.as_deref(), secret.optional);
        }
        if let Some(map) = &volume.config_map {
            add(Kind::ConfigMap, Some(&map.name), map.optional);
        }
        for source in volume.projected.iter().flat_map(|projected| projected.sources.iter().flatten()) {
            if let Some(secret) = &source.secret {
                add(Kind::Secret, Some(&secret.name), secret.optional);
            }
            if let Some(map) = &source.config_map {
                add(Kind::ConfigMap, Some(&map.name), map.optional);
            }
        }
    }
    for container in spec.containers.iter().chain(spec.init_containers.iter().flatten()) {
        environment(container, &mut add);
    }
    found
}

fn environment(container: &Container, add: &mut impl FnMut(Kind, Option<&str>, Option<bool>)) {
    for from in container.env_from.iter().flatten() {
        if let Some(secret) = &from.secret_ref {
            add(Kind::Secret, Some(&secret.name), secret.optional);
        }
        if let Some(map) = &from.config_map_ref {
            add(Kind::ConfigMap, Some(&map.name), map.optional);
        }
    }
    for from in container.env.iter().flatten().filter_map(|variable| variable.value_from.as_ref()) {
        if let Some(secret) = &from.secret_key_ref {
            add(Kind::Secret, Some(&secret.name), secret.optional);
        }
        if let Some(map) = &from.config_map_key_ref {
            add(Kind::ConfigMap, Some(&map.name), map.optional);
        }
    }
}

/// Compares what is seen with the note; a note that cannot be read is none.
pub(super) fn compare(noted: Option<&str>, seen: &BTreeMap<String, String>) -> Noted {
    let before: BTreeMap<String, String> = noted.and_then(|noted| serde_json::from_str(noted).ok()).unwrap_or_default();
    if before == *seen && (noted.is_some() || seen.is_empty()) {
        return Noted::Same;
    }
    let note = serde_json::to_string(seen).unwrap_or_default();
    let differs = |name: &String, now: &String| before.get(name).is_some_and(|before| before != now);
    let what: Vec<String> =
        seen.iter().filter(|(name, now)| differs(name, now)).map(|(name, _)| name.clone()).collect();
    if what.is_empty() { Noted::New(note) } else { Noted::Changed { note, what } }
}

/// The fingerprint of an object's content.
pub(super) fn of_content(salt: &[u8], data: &BTreeMap<String, Vec<u8>>) -> String {
    let framed = |bytes: &[u8]| -> Vec<u8> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes();
        length.iter().chain(bytes).copied().collect()
    };
    fingerprint(salt, data.iter().flat_map(|(key, value)| [framed(key.as_bytes()), framed(value)].concat()))
}

/// Sixteen hexadecimal digits.
pub(super) fn fingerprint(salt: &[u8], bytes: impl Iterator<Item = u8>) -> String {
    let mut all = salt.to_vec();
    all.extend(bytes);
    Sha256::digest(&all).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(all: &[(&str, &str)]) -> BTreeMap<String, String> {
        all.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn all_that_a_pod_reads_is_found() {
        let spec: PodSpec = serde_json::from_value(json!({
            "volumes": [
                { "name": "a", "secret": { "secretName": "certs" } },
                { "name": "b", "configMap": { "name": "conf", "optional": true } },
                { "name": "c", "projected": { "sources": [
                    { "secret": { "name": "client" } }, { "configMap": { "name": "ca" } }, { "serviceAccountToken": { "path": "t" } },
                ] } },
                { "name": "d", "emptyDir": {} },
            ],
            "initContainers": [{ "name": "i", "envFrom": [{ "configMapRef": { "name": "init" } }] }],
            "containers": [{ "name": "m", "envFrom": [{ "secretRef": { "name": "env" } }], "env": [
                { "name": "X", "value": "1" },
                { "name": "URL", "valueFrom": { "secretKeyRef": { "name": "postgres", "key": "url" } } },
                { "name": "Y", "valueFrom": { "configMapKeyRef": { "name": "certs", "key": "y" } } },
            ] }],
        }))
        .unwrap();
        let found: Vec<String> = reads(&spec)
            .into_iter()
            .map(|read| format!("{}/{}{}", read.kind.word(), read.name, if read.optional { "?" } else { "" }))
            .collect();
        assert_eq!(
            found,
            [
                "secret/certs",
                "secret/client",
                "secret/env",
                "secret/postgres",
                "configmap/ca",
                "configmap/certs",
                "configmap/conf?",
                "configmap/init",
            ]
        );
    }

    #[test]
    fn only_a_change_of_what_was_noted_restarts() {
        let seen = map(&[("secret/a", "1"), ("secret/b", "2")]);
        let Noted::New(note) = compare(None, &seen) else { panic!() };
        assert_eq!(compare(Some(&note), &seen), Noted::Same);
        let more = map(&[("secret/a", "1"), ("secret/b", "2"), ("secret/c", "3")]);
        assert!(matches!(compare(Some(&note), &more), Noted::New(_)), "it waited for c");
        assert!(matches!(compare(Some(&note), &map(&[("secret/a", "1")])), Noted::New(_)));
        let Noted::Changed { what, .. } = compare(Some(&note), &map(&[("secret/a", "9"), ("secret/b", "2")])) else {
            panic!()
        };
        assert_eq!(what, ["secret/a"]);
        assert!(matches!(compare(Some("{damaged"), &seen), Noted::New(_)));
    }

    #[test]
    fn a_fingerprint_depends_on_all_of_it_and_on_the_salt() {
        let data = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.as_bytes().to_vec())]);
        let one = of_content(b"salt", &data("ab", "c"));
        assert_eq!(one.len(), 16);
        assert_eq!(one, of_content(b"salt", &data("ab", "c")));
        assert_ne!(one, of_content(b"salt", &data("a", "bc")));
        assert_ne!(one, of_content(b"other", &data("ab", "c")));
    }

    #[test]
    fn a_mark_is_an_annotation_or_a_label_that_says_true() {
        let template = |metadata: serde_json::Value| {
            serde_json::from_value::<PodTemplateSpec>(json!({ "metadata": metadata })).unwrap()
        };
        assert!(is_marked(&template(json!({ "annotations": { MARK: "true" } }))));
        assert!(is_marked(&template(json!({ "labels": { MARK: "true" } }))));
        assert!(!is_marked(&template(json!({ "annotations": { MARK: "false" } }))));
        assert!(!is_marked(&PodTemplateSpec::default()));
    }
}
