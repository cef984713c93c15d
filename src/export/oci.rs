//! The chart as an OCI artifact with Helm's media types: blobs, manifest and an image layout on disk.

use std::{fmt::Write as _, io, path::Path};

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{ChartFiles, Epoch, package};

/// The media type of the config: `Chart.yaml` as JSON.
pub const CONFIG_TYPE: &str = "application/vnd.cncf.helm.config.v1+json";
/// The media type of the one layer: the package.
pub const CONTENT_TYPE: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// The media type of the manifest.
pub const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// Bytes and what they are called in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Their media type.
    pub media_type: &'static str,
    /// `sha256:…`.
    pub digest: String,
    /// The bytes.
    pub content: Vec<u8>,
}

impl Blob {
    fn new(media_type: &'static str, content: Vec<u8>) -> Self {
        let digest = Sha256::digest(&content).iter().fold(String::from("sha256:"), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        Self { media_type, digest, content }
    }

    fn descriptor(&self) -> Value {
        json!({"mediaType": self.media_type, "digest": self.digest, "size": self.content.len()})
    }
}

/// A chart, ready for a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// `Chart.yaml` as JSON.
    pub config: Blob,
    /// The package.
    pub layer: Blob,
    /// What ties them together.
    pub manifest: Blob,
    /// The tag: the version with `_` for `+`.
    pub tag: String,
}

/// Makes the artifact; the same chart gives the same digests.
pub fn artifact(chart: &ChartFiles, epoch: Epoch) -> io::Result<Artifact> {
    let config = Blob::new(CONFIG_TYPE, serde_json::to_vec(&chart.metadata)?);
    let layer = Blob::new(CONTENT_TYPE, package(chart, epoch)?);
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
        "annotations": annotations(chart),
    });
    let manifest = Blob::new(MANIFEST_TYPE, serde_json::to_vec(&manifest)?);
    Ok(Artifact { config, layer, manifest, tag: chart.version.replace('+', "_") })
}

/// Helm's annotations, then the chart's own; title and version stay. No `created`: it would change every build.
fn annotations(chart: &ChartFiles) -> Map<String, Value> {
    let mut all = Map::new();
    if let Some(own) = chart.metadata.get("annotations").and_then(Value::as_object) {
        all.extend(own.clone());
    }
    for (name, field) in [("description", "description"), ("url", "home")] {
        if let Some(value) = chart.metadata.get(field) {
            all.entry(format!("org.opencontainers.image.{name}")).or_insert_with(|| value.clone());
        }
    }
    all.insert("org.opencontainers.image.title".into(), chart.name.as_str().into());
    all.insert("org.opencontainers.image.version".into(), chart.version.as_str().into());
    all
}

/// Writes the artifact as an OCI image layout into a folder, which is made if it is missing.
pub fn write_layout(artifact: &Artifact, folder: &Path) -> io::Result<()> {
    let blobs = folder.join("blobs/sha256");
    fs_err::create_dir_all(&blobs)?;
    for blob in [&artifact.config, &artifact.layer, &artifact.manifest] {
        let name = blob.digest.trim_start_matches("sha256:");
        fs_err::write(blobs.join(name), &blob.content)?;
    }
    let mut descriptor = artifact.manifest.descriptor();
    descriptor["annotations"] = json!({"org.opencontainers.image.ref.name": artifact.tag});
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [descriptor],
    });
    fs_err::write(folder.join("index.json"), serde_json::to_vec(&index)?)?;
    fs_err::write(folder.join("oci-layout"), serde_json::to_vec(&json!({"imageLayoutVersion": "1.0.0"}))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        export::{Contents, chart_of},
        render::Engine,
    };

    #[test]
    fn a_layout_holds_three_blobs_named_by_their_digests() {
        let engine = Engine::compile(&[]).unwrap();
        let chart = chart_of(&engine, &Contents::default()).unwrap();
        let artifact = artifact(&chart, Epoch::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        write_layout(&artifact, folder.path()).unwrap();
        let index: Value = serde_json::from_slice(&fs_err::read(folder.path().join("index.json")).unwrap()).unwrap();
        assert_eq!(index["manifests"][0]["digest"], artifact.manifest.digest);
        assert_eq!(index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"], "0.1.0");
        assert_eq!(fs_err::read_dir(folder.path().join("blobs/sha256")).unwrap().count(), 3);
        let manifest: Value = serde_json::from_slice(&artifact.manifest.content).unwrap();
        assert_eq!(manifest["layers"][0]["mediaType"], CONTENT_TYPE);
        assert_eq!(manifest["annotations"]["org.opencontainers.image.title"], "chartwright");
    }
}
