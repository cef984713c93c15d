//! Templates of workloads: what a deployment asks for once its references are resolved, and the hash that tells one
//! template from another.
//!
//! The hash is upstream's to the letter: it stands in the annotations of Workloads, and an operator that hashed
//! differently would replace every one of them when it takes over.

use std::collections::BTreeMap;

use chartwright_contract::crds::names::{ARTIFACT_SCHEME, RESTARTED_AT};
use chartwright_contract::crds::{WorkloadDeploymentSpec, WorkloadSpec, WorkloadTemplate};

/// Letters that make no words, as Kubernetes' own generated names have them.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// A reference to an artifact that the deployment does not list, or that has no URL yet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// `artifact://name` without an entry.
    #[error("`artifact://{0}` is no entry of `spec.artifacts`")]
    Unlisted(String),
    /// The Artifact is not there, or not published.
    #[error("the Artifact `{0}` has no URL yet")]
    Unpublished(String),
}

/// The spec that a deployment's workloads get: artifacts replaced by their URLs (`urls`, by the names of the Artifact
/// objects), the deployment's own Service over the template's.
pub fn resolve(
    deployment: &WorkloadDeploymentSpec,
    urls: &BTreeMap<String, String>,
) -> Result<WorkloadSpec, Unresolved> {
    let mut spec = deployment.template.spec.clone();
    if deployment.kubernetes.is_some() {
        spec.kubernetes.clone_from(&deployment.kubernetes);
    }
    let components = spec.components.iter_mut().map(|component| &mut component.image);
    for image in components.chain(spec.service.as_mut().map(|service| &mut service.image)) {
        let Some(name) = image.strip_prefix(ARTIFACT_SCHEME) else { continue };
        let entry = deployment.artifacts.iter().find(|artifact| artifact.name == name);
        let object = &entry.ok_or_else(|| Unresolved::Unlisted(name.to_owned()))?.artifact_from.name;
        let url = urls.get(object).filter(|url| !url.is_empty());
        *image = url.cloned().ok_or_else(|| Unresolved::Unpublished(object.clone()))?;
    }
    Ok(spec)
}

/// The hash of a template, ten letters at most: of its spec, and of [`RESTARTED_AT`] where that stands. Nothing else counts, as
/// with upstream's: labels and annotations that are there when we take over must restart nothing.
pub fn hash(template: &WorkloadTemplate) -> String {
    let mut text = go_json(&template.spec);
    if let Some(time) = template.annotations.get(RESTARTED_AT) {
        // Behind the end of the JSON: no spec has this text.
        text.push('\n');
        text.push_str(time);
    }
    letters(fnv(text.as_bytes()))
}

/// The letters of a number: its decimal digits, each as the alphabet has it.
fn letters(number: u32) -> String {
    number.to_string().bytes().map(|digit| char::from(ALPHABET[usize::from(digit) % ALPHABET.len()])).collect()
}

/// FNV-1a of 32 bits.
pub(crate) fn fnv(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// The text that Go's `encoding/json` makes of it. Our types have their fields in the order of Go's; what is left is
/// that Go escapes characters that mean something in HTML. They stand in strings alone.
fn go_json(spec: &WorkloadSpec) -> String {
    let text = serde_json::to_string(spec).unwrap_or_default();
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_upstream() {
        for (text, hash) in [
            ("{}", "5859f96865"),
            (
                r#"{"components":[{"name":"api","image":"reg.example/shop/api:1.4","localResources":{}}],"service":{"image":"reg.example/shop/svc:1","maxRestarts":0},"volumes":[{"name":"v","ephemeral":{}},{"name":"h","hostPath":{"path":"/srv"}}]}"#,
                "5778f94cbc",
            ),
            (
                r#"{"hostSelector":{"hostgroup":"edge","zone":"b"},"components":[{"name":"api","image":"reg.example/shop/api:1.4","localResources":{"environment":{"config":{"A":"x\u003cy"}},"allowedHosts":["https://*.example.com"]}}],"hostInterfaces":[{"config":{"host":"shop.test"},"namespace":"wasi","package":"http","interfaces":["incoming-handler"]}],"kubernetes":{"service":{"name":"shop"}}}"#,
                "7f968fd586",
            ),
        ] {
            let spec: WorkloadSpec = serde_json::from_str(text).unwrap();
            assert_eq!(go_json(&spec), text, "the text that is hashed");
            assert_eq!(super::hash(&WorkloadTemplate { spec, ..WorkloadTemplate::default() }), hash);
        }
    }

    #[test]
    fn of_labels_and_annotations_only_the_time_of_a_restart_is_another_version() {
        let template = |annotations: &[(&str, &str)]| WorkloadTemplate {
            annotations: annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            labels: BTreeMap::from([("team".to_owned(), "checkout".to_owned())]),
            spec: WorkloadSpec::default(),
        };
        assert_eq!(hash(&template(&[("note", "x")])), "5859f96865", "what upstream's operator makes of the spec alone");
        let [first, second] = ["12:00", "12:30"].map(|time| template(&[(RESTARTED_AT, time)]));
        assert!(hash(&first) != "5859f96865" && hash(&first) != hash(&second));
    }

    #[test]
    fn artifacts_and_the_service_of_the_deployment_are_filled_in() {
        let deployment: WorkloadDeploymentSpec = serde_json::from_value(serde_json::json!({
            "artifacts": [{ "name": "api", "artifactFrom": { "name": "orders-api" } }],
            "kubernetes": { "service": { "name": "orders" } },
            "template": { "spec": {
                "components": [{ "name": "a", "image": "artifact://api" }, { "name": "b", "image": "reg.example/b:1" }],
                "kubernetes": { "service": { "name": "other" } },
            } },
        }))
        .unwrap();
        let mut urls = BTreeMap::new();
        assert_eq!(resolve(&deployment, &urls), Err(Unresolved::Unpublished("orders-api".into())));
        urls.insert("orders-api".to_owned(), "reg.example/orders:2".to_owned());
        let spec = resolve(&deployment, &urls).unwrap();
        assert_eq!(spec.components[0].image, "reg.example/orders:2");
        assert_eq!(spec.kubernetes.unwrap().service.unwrap().name, "orders");
        let unlisted = WorkloadDeploymentSpec { artifacts: Vec::new(), ..deployment };
        assert_eq!(resolve(&unlisted, &urls), Err(Unresolved::Unlisted("api".into())));
    }
}
