//! Pull Secrets the operator refuses.

use super::super::object::Set;
use super::super::object::{Lookup, Object};
use super::super::place::Place;
use super::error;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = error(
    "CW2131",
    "pull-secret-type",
    "\
A Secret that is used to pull, of another type than `kubernetes.io/dockerconfigjson`, or without readable content.

**Why.** The operator looks at the type and refuses others, even when the data is right. The workload is never placed.

**Example.**

```yaml
kind: Secret
type: Opaque
stringData:
  .dockerconfigjson: '{\"auths\":{}}'
```

**Write instead.** `type: kubernetes.io/dockerconfigjson`. The type of a Secret cannot be changed: delete it and create it anew.",
);

const TYPE: &str = "kubernetes.io/dockerconfigjson";

const KEY: &str = ".dockerconfigjson";

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for (reference, secret) in used(set) {
        let finding = match secret.place.get("type") {
            Some(place) if place.text() != Some(TYPE) => {
                let message = format!("a Secret of type `{}` cannot be used to pull", place.text().unwrap_or("?"));
                Some(place.finding(&RULE, message).with_help(format!("write `type: {TYPE}`")))
            }
            None => {
                let head = secret.place.get("metadata").unwrap_or_else(|| secret.place.clone());
                let message = "a Secret without a type is `Opaque` and cannot be used to pull";
                Some(head.key_finding(&RULE, message).with_help(format!("add `type: {TYPE}`")))
            }
            Some(place) => match content(secret) {
                Content::Entries(_) | Content::Hidden => None,
                Content::Missing => Some(
                    place.finding(&RULE, format!("this Secret has no `{KEY}`")).with_help("the API server refuses it"),
                ),
                Content::Unreadable(place) => Some(
                    place
                        .key_finding(&RULE, "this is no configuration of Docker")
                        .with_help("write JSON with `auths` under `stringData`, or the same in base64 under `data`"),
                ),
            },
        };
        found.extend(finding.map(|finding| finding.and_at(reference.node.origin, "used to pull here")));
    }
}

/// The pull Secrets that are here, and where they are named.
pub(super) fn used<'s, 'a>(set: &'s Set<'a>) -> Vec<(Place<'a>, &'s Object<'a>)> {
    let mut secrets = Vec::new();
    for workload in &set.workloads {
        for place in workload.parts().iter().filter_map(|part| part.walk(&["imagePullSecret", "name"])) {
            if let Some(Lookup::Found(secret)) = place.text().map(|name| set.look_up("Secret", name, &workload.object))
            {
                secrets.push((place, secret));
            }
        }
    }
    secrets
}

/// What a pull Secret holds. Only the names of registries ever leave it.
pub(super) enum Content<'a> {
    /// The registries it has entries for, and where the configuration stands.
    Entries(Vec<String>),
    /// It is filled in elsewhere: encrypted, or by a placeholder.
    Hidden,
    /// There is no configuration.
    Missing,
    /// What stands there is none.
    Unreadable(Place<'a>),
}

pub(super) fn content<'a>(secret: &Object<'a>) -> Content<'a> {
    let clear = secret.place.walk(&["stringData", KEY]);
    let Some(place) = clear.clone().or_else(|| secret.place.walk(&["data", KEY])) else { return Content::Missing };
    let Some(text) = place.text() else { return Content::Unreadable(place) };
    if text.starts_with("ENC[") || text.contains("${") || text.contains("{{") && !text.trim_start().starts_with('{') {
        return Content::Hidden;
    }
    let json = if clear.is_some() { Some(text.as_bytes().to_vec()) } else { decode(text) };
    let parsed: Option<serde_json::Value> = json.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match parsed.as_ref().and_then(|config| config.get("auths")?.as_object()) {
        Some(entries) => Content::Entries(entries.keys().cloned().collect()),
        None => Content::Unreadable(place),
    }
}

/// Base64, as the API server reads it.
fn decode(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    serde_json::from_value::<k8s_openapi::ByteString>(text.into()).ok().map(|bytes| bytes.0)
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{DEPLOYMENT, case, only};

    #[test]
    fn three_near_misses() {
        assert_eq!(
            case("H11", &["secrets.yaml", "wd.yaml"]),
            [
                "CW2131 secrets.yaml:4:7 a Secret of type `Opaque` cannot be used to pull",
                "CW2132 wd.yaml:12:87 Secret `other-registry` has no entry for `registry.example`",
                "CW2104 wd.yaml:13:87 there is no Secret `pull-elsewhere` in namespace `apps`",
            ]
        );
        assert!(case("H11", &["wd.yaml"]).is_empty());
    }

    fn secret(rest: &str) -> Vec<String> {
        only(
            "CW2131",
            &format!(
                "{DEPLOYMENT}spec: {{template: {{spec: {{components: [{{imagePullSecret: {{name: s}}}}]}}}}}}\n---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n{rest}\n"
            ),
        )
    }

    #[test]
    fn content_is_read_and_never_shown() {
        let typed = |content: &str| secret(&format!("type: kubernetes.io/dockerconfigjson\n{content}"));
        assert_eq!(
            secret("data: {}"),
            [
                "8:1 a Secret without a type is `Opaque` and cannot be used to pull | add `type: kubernetes.io/dockerconfigjson`"
            ]
        );
        assert_eq!(typed("data: {}"), ["9:7 this Secret has no `.dockerconfigjson` | the API server refuses it"]);
        assert_eq!(
            typed("stringData: {.dockerconfigjson: hunter2}"),
            [
                "10:14 this is no configuration of Docker | write JSON with `auths` under `stringData`, or the same in base64 under `data`"
            ]
        );
        assert!(typed("data: {.dockerconfigjson: eyJhdXRocyI6e319}").is_empty());
        assert!(typed("data: {.dockerconfigjson: 'ENC[AES256,data:x]'}").is_empty());
    }
}
