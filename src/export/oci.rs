//! The chart as an OCI artifact with Helm's media types: blobs, manifest and an image layout on disk.

use std::{io, path::Path};

use serde_json::{Map, Value, json};

use super::{ChartFiles, package};
use crate::oci::{Blob, Epoch, INDEX_TYPE, MANIFEST_TYPE, Manifest};

/// The media type of the config: `Chart.yaml` as JSON.
pub const CONFIG_TYPE: &str = "application/vnd.cncf.helm.config.v1+json";
/// The media type of the one layer: the package.
pub const CONTENT_TYPE: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// A chart, ready for a registry.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// `Chart.yaml` as JSON.
    pub config: Blob,
    /// The package.
    pub layer: Blob,
    /// What ties them together.
    pub manifest: Manifest,
    /// The tag: the version with `_` for `+`.
    pub tag: String,
}

/// Makes the artifact; the same chart gives the same digests.
pub fn artifact(chart: &ChartFiles, epoch: Epoch) -> io::Result<Artifact> {
    let config = Blob::new("metadata", CONFIG_TYPE, serde_json::to_vec(&chart.metadata)?);
    let layer = Blob::new("package", CONTENT_TYPE, package(chart, epoch)?);
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": config.descriptor.json(),
        "layers": [layer.descriptor.json()],
        "annotations": annotations(chart),
    });
    let manifest = Manifest::new(MANIFEST_TYPE, serde_json::to_vec(&manifest)?);
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
    let name = |digest: &str| blobs.join(digest.trim_start_matches("sha256:"));
    for blob in [&artifact.config, &artifact.layer] {
        fs_err::write(name(&blob.descriptor.digest), blob.bytes()?)?;
    }
    fs_err::write(name(&artifact.manifest.descriptor.digest), &artifact.manifest.bytes)?;
    let mut descriptor = artifact.manifest.descriptor.json();
    descriptor["annotations"] = json!({"org.opencontainers.image.ref.name": artifact.tag});
    let index = json!({
        "schemaVersion": 2,
        "mediaType": INDEX_TYPE,
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
        assert_eq!(index["manifests"][0]["digest"], artifact.manifest.descriptor.digest);
        assert_eq!(index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"], "0.1.0");
        assert_eq!(fs_err::read_dir(folder.path().join("blobs/sha256")).unwrap().count(), 3);
        let manifest: Value = serde_json::from_slice(&artifact.manifest.bytes).unwrap();
        assert_eq!(manifest["layers"][0]["mediaType"], CONTENT_TYPE);
        assert_eq!(manifest["annotations"]["org.opencontainers.image.title"], "chartwright");
    }
}
