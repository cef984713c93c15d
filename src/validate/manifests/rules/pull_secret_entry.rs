//! Pull Secrets of another registry.

use chartwright_contract::crds::names::ARTIFACT_SCHEME;

use super::super::image::Reference;
use super::super::object::{Lookup, Set};
use super::pull_secret_type::{Content, content};
use super::{listed, warning};
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = warning(
    "CW2132",
    "pull-secret-entry",
    "\
A pull Secret without an entry for the registry of the image.

**Why.** The pull goes out with empty credentials, and the 401 or 404 of the registry is all there is to see. Entries are
matched like Docker and the kubelet do: by host and port, with or without a scheme and `/v1/`, with `*` for a label.

**Example.**

```yaml
image: registry.example/acme/a:1.0.0
imagePullSecret: { name: regcred }   # has `elsewhere.example` only
```

**Write instead.** An entry under `auths` for the registry; for Docker Hub it is called `https://index.docker.io/v1/`.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for workload in &set.workloads {
        for part in workload.parts() {
            let Some(image) = part.text_at(&["image"]).filter(|image| !image.starts_with(ARTIFACT_SCHEME)) else {
                continue;
            };
            let Some(place) = part.walk(&["imagePullSecret", "name"]) else { continue };
            let Some(name) = place.text() else { continue };
            let Lookup::Found(secret) = set.look_up("Secret", name, &workload.object) else { continue };
            // What else is wrong with it has a finding of its own.
            let Content::Entries(entries) = content(secret) else { continue };
            let reference = Reference::parse(image);
            if !entries.iter().any(|entry| reference.fits(entry)) {
                let message = format!("Secret `{name}` has no entry for `{}`", reference.registry);
                let head = secret.place.get("metadata").unwrap_or_else(|| secret.place.clone()).head();
                let label = format!("has entries for {}", listed(&entries, "and"));
                found.push(
                    place
                        .finding(&RULE, message)
                        .and_at(head, label)
                        .with_help("the pull goes out without credentials"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{DEPLOYMENT, only};

    #[test]
    fn entries_are_found_as_docker_finds_them() {
        let text = |entry: &str| {
            format!(
                "{DEPLOYMENT}spec: {{template: {{spec: {{components: [{{image: 'registry.example/acme/a:1.0', imagePullSecret: {{name: s}}}}]}}}}}}\n---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\ntype: kubernetes.io/dockerconfigjson\nstringData: {{.dockerconfigjson: '{{\"auths\":{{\"{entry}\":{{}}}}}}'}}\n"
            )
        };
        assert_eq!(
            only("CW2132", &text("elsewhere.example")),
            ["4:102 Secret `s` has no entry for `registry.example` | the pull goes out without credentials"]
        );
        for entry in ["https://registry.example/v1/", "registry.example/acme", "*.example"] {
            assert!(only("CW2132", &text(entry)).is_empty(), "{entry}");
        }
    }
}
