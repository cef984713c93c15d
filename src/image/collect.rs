//! From one manifest to the whole image.

use serde_json::{Value, json};

use super::{Image, ImageError, Platform};
use crate::oci::{Blob, Descriptor, Manifest, Source};

/// An index in an index is seen; deeper ones are somebody's joke.
const DEPTH: usize = 3;

/// Which platforms are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All that there are: the digest stays.
    All,
    /// Those of these that there are.
    Only(Vec<Platform>),
}

/// Where the parts of an image come from.
pub(super) trait Parts {
    /// A manifest.
    fn manifest(&mut self, descriptor: &Descriptor) -> Result<Manifest, ImageError>;
    /// A config or a layer.
    fn source(&mut self, descriptor: &Descriptor) -> Result<Source, ImageError>;
}

/// Collects what a manifest or an index names.
pub(super) fn collect(name: &str, top: Manifest, keep: &Keep, parts: &mut dyn Parts) -> Result<Image, ImageError> {
    let top = trim(name, top, keep)?;
    let mut image = Image {
        name: name.to_owned(),
        top: top.descriptor.clone(),
        manifests: Vec::new(),
        blobs: Vec::new(),
        attached: Vec::new(),
    };
    add(&mut image, top, None, DEPTH, parts)?;
    Ok(image)
}

/// Adds a manifest that refers to the image.
pub(super) fn attach(image: &mut Image, manifest: Manifest, parts: &mut dyn Parts) -> Result<(), ImageError> {
    image.attached.push(manifest.descriptor.clone());
    add(image, manifest, None, 1, parts)
}

/// An index of only the wanted platforms. One that has no others stays as it is, to the byte.
fn trim(name: &str, top: Manifest, keep: &Keep) -> Result<Manifest, ImageError> {
    let Keep::Only(wanted) = keep else { return Ok(top) };
    let mut json = top.json();
    let Some(all) = json["manifests"].as_array().cloned() else { return Ok(top) };
    let fits = |entry: &Value| wanted.iter().any(|platform| platform.is(&entry["platform"]));
    let kept: Vec<Value> = all.iter().filter(|entry| fits(entry)).cloned().collect();
    if kept.is_empty() {
        let join = |names: Vec<String>| names.join(", ");
        return Err(ImageError::Platform {
            name: name.to_owned(),
            wanted: join(wanted.iter().map(ToString::to_string).collect()),
            present: join(all.iter().map(|entry| platform_text(&entry["platform"])).collect()),
        });
    }
    if kept.len() == all.len() {
        return Ok(top);
    }
    json["manifests"] = json!(kept);
    Ok(Manifest::new(&top.descriptor.media_type, serde_json::to_vec(&json)?))
}

fn add(
    image: &mut Image,
    manifest: Manifest,
    platform: Option<&str>,
    depth: usize,
    parts: &mut dyn Parts,
) -> Result<(), ImageError> {
    let json = manifest.json();
    let wrong = |name: &str, problem: &str| ImageError::Manifest {
        name: name.to_owned(),
        problem: format!("{} {problem}", manifest.descriptor.digest),
    };
    if let Some(children) = json["manifests"].as_array() {
        if depth == 0 {
            return Err(wrong(&image.name, "is an index in an index in an index"));
        }
        for child in children {
            let descriptor = Descriptor::read(child)
                .ok_or_else(|| wrong(&image.name, "names a manifest without type, size or SHA-256"))?;
            if image.manifest(&descriptor.digest).is_none() {
                let text = platform_text(&child["platform"]);
                add(image, parts.manifest(&descriptor)?, Some(&text), depth - 1, parts)?;
            }
        }
    } else {
        let layers = json["layers"].as_array().ok_or_else(|| wrong(&image.name, "is no manifest of OCI or Docker"))?;
        let short = image.name.rsplit('/').next().unwrap_or_default().to_owned();
        let platform = platform.map(|text| format!(" {text}")).unwrap_or_default();
        let count = layers.len();
        let named = std::iter::once((&json["config"], "config".to_owned()))
            .chain(layers.iter().enumerate().map(|(number, layer)| (layer, format!("layer {}/{count}", number + 1))));
        for (part, what) in named {
            let descriptor = Descriptor::read(part)
                .ok_or_else(|| wrong(&image.name, "names a blob without type, size or SHA-256"))?;
            if image.blob(&descriptor.digest).is_none() {
                let source = parts.source(&descriptor)?;
                image.blobs.push(Blob { what: format!("{short}{platform} {what}"), descriptor, source });
            }
        }
    }
    image.manifests.push(manifest);
    Ok(())
}

/// `linux/arm64/v8`; what BuildKit attaches calls itself unknown.
pub(super) fn platform_text(platform: &Value) -> String {
    let part = |key: &str| platform[key].as_str().unwrap_or("unknown");
    match platform["variant"].as_str() {
        Some(variant) => format!("{}/{}/{variant}", part("os"), part("architecture")),
        None => format!("{}/{}", part("os"), part("architecture")),
    }
}

impl Image {
    /// Those of these platforms that its index does not have. An image without an index does not say.
    pub fn lacks(&self, platforms: &[Platform]) -> Vec<Platform> {
        let top = self.manifest(&self.top.digest).map(Manifest::json).unwrap_or_default();
        let Some(entries) = top["manifests"].as_array() else { return Vec::new() };
        let has = |platform: &Platform| entries.iter().any(|entry| platform.is(&entry["platform"]));
        platforms.iter().copied().filter(|platform| !has(platform)).collect()
    }

    /// The same for one platform alone: what Docker loads.
    pub fn only(&self, platform: Platform) -> Result<Self, ImageError> {
        let top = self.manifest(&self.top.digest).map(Manifest::json).unwrap_or_default();
        let Some(entries) = top["manifests"].as_array() else {
            return Ok(Self { attached: Vec::new(), ..self.clone() });
        };
        let found = entries.iter().find(|entry| platform.is(&entry["platform"]));
        let manifest = found.and_then(|entry| self.manifest(entry["digest"].as_str()?));
        let manifest = manifest.ok_or_else(|| ImageError::Platform {
            name: self.name.clone(),
            wanted: platform.to_string(),
            present: entries.iter().map(|entry| platform_text(&entry["platform"])).collect::<Vec<_>>().join(", "),
        })?;
        let json = manifest.json();
        let named: Vec<&str> = std::iter::once(&json["config"])
            .chain(json["layers"].as_array().into_iter().flatten())
            .filter_map(|part| part["digest"].as_str())
            .collect();
        Ok(Self {
            name: self.name.clone(),
            top: manifest.descriptor.clone(),
            manifests: vec![manifest.clone()],
            blobs: self.blobs.iter().filter(|blob| named.contains(&blob.descriptor.digest.as_str())).cloned().collect(),
            attached: Vec::new(),
        })
    }
}
