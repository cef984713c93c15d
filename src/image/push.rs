//! Brings an image into a registry: blobs, then manifests, then what refers to it.

use serde_json::{Value, json};

use super::{Image, ImageError};
use crate::oci::{Error, INDEX_TYPE, Manifest, Reference, Session};

/// What was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// `registry.example/acme/chartwright:0.1.0`.
    pub reference: String,
    /// The digest of what the name stands for.
    pub digest: String,
}

/// Pushes an image. A digest in `to` must be the image's.
pub fn push(session: &Session, image: &Image, to: &str) -> Result<Pushed, ImageError> {
    let to: Reference = to.parse().map_err(|_| Error::Reference(to.to_owned()))?;
    if let Some(wanted) = to.digest().filter(|wanted| *wanted != image.top.digest) {
        return Err(ImageError::Manifest {
            name: image.name.clone(),
            problem: format!("it has the digest {}, and {wanted} is wanted", image.top.digest),
        });
    }
    for blob in &image.blobs {
        session.push(&to, blob)?;
    }
    let attached = |manifest: &Manifest| image.attached.contains(&manifest.descriptor);
    let at = |digest: &str| to.clone_with_digest(digest.to_owned());
    for manifest in image.manifests.iter().filter(|manifest| !attached(manifest)) {
        let digest = &manifest.descriptor.digest;
        match to.tag().filter(|_| *digest == image.top.digest) {
            Some(tag) => {
                let place = Reference::with_tag(to.registry().into(), to.repository().into(), tag.into());
                session.push_manifest(&place, manifest)?;
            }
            None => session.push_manifest(&at(digest), manifest)?,
        }
    }
    for manifest in image.manifests.iter().filter(|manifest| attached(manifest)) {
        session.push_manifest(&at(&manifest.descriptor.digest), manifest)?;
    }
    if !image.attached.is_empty() {
        refer(session, image, &at(&image.top.digest))?;
    }
    Ok(Pushed { reference: to.to_string(), digest: image.top.digest.clone() })
}

/// Where a registry does not keep the list of what refers to a manifest, whoever pushes keeps it, under a tag.
fn refer(session: &Session, image: &Image, top: &Reference) -> Result<(), ImageError> {
    let known = session.referrers(top)?;
    let has = |digest: &str| known.iter().any(|entry| entry["digest"] == digest);
    let missing: Vec<Value> = image
        .attached
        .iter()
        .filter(|attached| !has(&attached.digest))
        .map(|attached| {
            let manifest = image.manifest(&attached.digest).map(Manifest::json).unwrap_or_default();
            let mut entry = attached.json();
            for key in ["artifactType", "annotations"] {
                if !manifest[key].is_null() {
                    entry[key] = manifest[key].clone();
                }
            }
            entry
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let all: Vec<Value> = known.into_iter().chain(missing).collect();
    let list = serde_json::to_vec(&json!({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": all}))?;
    let tag = image.top.digest.replace(':', "-");
    let place = Reference::with_tag(top.registry().into(), top.repository().into(), tag);
    Ok(session.push_manifest(&place, &Manifest::new(INDEX_TYPE, list))?)
}
