//! What to do with each image that values need: build it or copy it, from where, and what it is called elsewhere.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    NAME,
    needs::{Needs, User, needs},
};
use crate::{
    oci::Reference,
    render::{CHART, Object, Release, TemplateError, render, sort_for_install},
};

/// An image that values need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// As the manifests have it.
    pub name: String,
    /// Where it is published: the name without the mirror that `global.image.registry` puts before all.
    pub origin: String,
    /// What needs it.
    pub users: Vec<User>,
}

impl Wanted {
    /// Whether only hosts pull it: then it is nothing to load into a node.
    pub fn is_for_hosts(&self) -> bool {
        !self.users.is_empty() && self.users.iter().all(|user| user.by_host)
    }

    /// Whether it is this tool's own image: by its tag, or by the digest that it has when that is known.
    pub fn is_own(&self, digest: Option<&str>) -> bool {
        let pinned = self.name.split_once('@').map(|(_, digest)| digest);
        is_own(&self.name) && (pinned.is_none() || pinned == digest)
    }
}

/// Whether a reference names this tool's image with this version, or by a digest that only building can tell.
pub fn is_own(name: &str) -> bool {
    name.parse::<Reference>().is_ok_and(|reference| {
        let last = reference.repository().rsplit('/').next();
        last == Some(NAME) && (reference.digest().is_some() || reference.tag() == Some(CHART.app_version))
    })
}

/// Whether a reference names this tool's image, whatever the version.
pub fn is_ours(name: &str) -> bool {
    name.parse::<Reference>().is_ok_and(|reference| reference.repository().rsplit('/').next() == Some(NAME))
}

/// Every image that values need, hooks included, by name.
pub fn wanted(values: &Map<String, Value>, release: &Release) -> Result<Vec<Wanted>, TemplateError> {
    let origins = by_user(&needs(&objects(&with_registry(values, ""), release)?));
    Ok(needs(&objects(values, release)?)
        .into_iter()
        .map(|(name, users)| {
            let origin = users.iter().find_map(|user| origins.get(user)).unwrap_or(&name).clone();
            Wanted { name, origin, users }
        })
        .collect())
}

/// What each image is called when a mirror is set; those that the mirror does not reach keep their names.
pub fn renamed(
    values: &Map<String, Value>,
    release: &Release,
    registry: &str,
) -> Result<BTreeMap<User, String>, TemplateError> {
    Ok(by_user(&needs(&objects(&with_registry(values, registry), release)?)))
}

/// Everything that is rendered, hooks too.
pub fn objects(values: &Map<String, Value>, release: &Release) -> Result<Vec<Object>, TemplateError> {
    let rendered = render(values, release, &[])?;
    let mut all = rendered.objects;
    all.extend(rendered.hooks);
    sort_for_install(&mut all);
    Ok(all)
}

/// An image's place in a mirror, without values to say it: its path stays, its registry goes.
pub fn below(registry: &str, name: &str) -> String {
    let registry = registry.trim_end_matches('/');
    if name.strip_prefix(registry).is_some_and(|rest| rest.starts_with('/')) {
        return name.to_owned();
    }
    let Ok(parsed) = name.parse::<Reference>() else { return format!("{registry}/{name}") };
    // Our own image has no registry but the mirror, and `library` is Docker Hub's word.
    let path = match parsed.repository().strip_prefix("library/") {
        Some(short) if short == NAME => short,
        _ => parsed.repository(),
    };
    let digest = parsed.digest().map(|digest| format!("@{digest}")).unwrap_or_default();
    let tag = parsed.tag().map(|tag| format!(":{tag}")).unwrap_or_default();
    format!("{registry}/{path}{tag}{digest}")
}

fn with_registry(values: &Map<String, Value>, registry: &str) -> Map<String, Value> {
    let mut values = values.clone();
    let global = values.entry("global").or_insert_with(|| json!({}));
    if !global["image"].is_object() {
        global["image"] = json!({});
    }
    global["image"]["registry"] = registry.into();
    values
}

fn by_user(needs: &Needs) -> BTreeMap<User, String> {
    needs.iter().flat_map(|(name, users)| users.iter().map(move |user| (user.clone(), name.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_image_is_told_from_others_and_from_other_versions() {
        let version = CHART.app_version;
        assert!(is_own(&format!("chartwright:{version}")));
        assert!(is_own(&format!("registry.example/acme/chartwright:{version}")));
        assert!(!is_own("chartwright:9.9.9") && is_ours("chartwright:9.9.9"));
        assert!(!is_ours(&format!("acme/host:{version}")));
    }

    #[test]
    fn a_mirror_keeps_paths() {
        for (name, place) in [
            ("docker.io/library/nats:2", "r.example/m/library/nats:2"),
            ("docker.io/library/chartwright:0.1.0", "r.example/m/chartwright:0.1.0"),
            ("ghcr.io/wasmcloud/wash:2.10.3", "r.example/m/wasmcloud/wash:2.10.3"),
            ("r.example/m/chartwright:0.1.0", "r.example/m/chartwright:0.1.0"),
        ] {
            assert_eq!(below("r.example/m/", name), place);
        }
    }
}
