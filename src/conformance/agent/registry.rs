//! A registry that can be read: the components that are built into this program, by name and by digest.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::conformance::probe::TAG;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";

/// All that is in it.
pub(super) struct Registry {
    blobs: BTreeMap<String, Blob>,
    /// Digests of manifests, by the names of the components.
    manifests: BTreeMap<String, String>,
}

/// Some content and its type.
#[derive(Clone)]
pub(super) struct Blob {
    pub kind: &'static str,
    pub bytes: Bytes,
    pub digest: String,
}

impl Blob {
    fn new(kind: &'static str, bytes: Bytes) -> Self {
        let hash = Sha256::digest(&bytes);
        let digest = hash.iter().fold(String::from("sha256:"), |text, byte| text + &format!("{byte:02x}"));
        Self { kind, bytes, digest }
    }
}

impl Registry {
    /// With the components of the checks.
    pub(super) fn new() -> Self {
        let mut registry = Self { blobs: BTreeMap::new(), manifests: BTreeMap::new() };
        let config = registry.keep(Blob::new(CONFIG, Bytes::from_static(b"{}")));
        let all = [
            ("hello", chartwright_guests::HELLO),
            ("streams", chartwright_guests::STREAMS),
            // What a host must refuse.
            ("text", &b"no component"[..]),
        ];
        for (name, component) in all {
            let layer = registry.keep(Blob::new(LAYER, Bytes::from_static(component)));
            let manifest = json!({
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {"mediaType": CONFIG, "digest": config.digest, "size": config.bytes.len()},
                "layers": [{"mediaType": LAYER, "digest": layer.digest, "size": layer.bytes.len()}],
            });
            let manifest = registry.keep(Blob::new(MANIFEST, Bytes::from(manifest.to_string())));
            registry.manifests.insert(name.to_owned(), manifest.digest);
        }
        registry
    }

    fn keep(&mut self, blob: Blob) -> Blob {
        self.blobs.insert(blob.digest.clone(), blob.clone());
        blob
    }

    /// What is at a path below `/v2/`: `hello/manifests/1`.
    pub(super) fn find(&self, path: &str) -> Option<&Blob> {
        let mut parts = path.rsplitn(3, '/');
        let (reference, what, name) = (parts.next()?, parts.next()?, parts.next()?);
        let manifest = self.manifests.get(name)?;
        match what {
            "manifests" => (reference == TAG || reference == manifest).then(|| self.blobs.get(manifest)).flatten(),
            "blobs" => self.blobs.get(reference),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_found_by_its_manifest() {
        let registry = Registry::new();
        let manifest = registry.find("hello/manifests/1").unwrap();
        assert_eq!(manifest.kind, MANIFEST);
        let read: serde_json::Value = serde_json::from_slice(&manifest.bytes).unwrap();
        let digest = read["layers"][0]["digest"].as_str().unwrap();
        assert_eq!(registry.find(&format!("hello/blobs/{digest}")).unwrap().bytes, chartwright_guests::HELLO);
        assert_eq!(registry.find(&format!("hello/manifests/{}", manifest.digest)).unwrap().digest, manifest.digest);
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let registry = Registry::new();
        for path in ["hello/manifests/2", "nobody/manifests/1", "hello/blobs/sha256:00", "hello", ""] {
            assert!(registry.find(path).is_none(), "{path}");
        }
    }
}
