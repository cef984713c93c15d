//! What an artifact must be to be run: one layer, and a component in it.

use serde::Deserialize;

use super::reference::is_digest;

/// Media types of a layer that holds a component: today's and the one before.
pub(super) const LAYER_TYPES: [&str; 2] = ["application/wasm", "application/vnd.module.wasm.content.layer.v1+wasm"];

/// What we ask for. Indexes too: a registry that is not asked for them says "not found", which would be no help.
pub(super) const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json";

const WANTED: &str = "wanted is an artifact with one layer of type `application/wasm`";

/// An artifact that is no component.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactError {
    /// Not JSON, or not with the fields of a manifest.
    #[error("its manifest cannot be read ({0}); {WANTED}")]
    Manifest(String),
    /// Several artifacts behind one name.
    #[error("it is an index of {count} manifests; {WANTED}: name one of them by its digest")]
    Index {
        /// How many.
        count: usize,
    },
    /// None or several layers.
    #[error("its manifest has {count} layers{}; {WANTED}", listed(.types))]
    Layers {
        /// How many.
        count: usize,
        /// Their types.
        types: Vec<String>,
    },
    /// A layer of another kind.
    #[error("its layer is of type `{found}`{}; {WANTED}", kind(.found))]
    LayerType {
        /// The type.
        found: String,
    },
    /// A layer we cannot verify.
    #[error("its layer has the digest `{0}`, and only sha256 is known here")]
    LayerDigest(String),
    /// A core module.
    #[error(
        "it is a core WebAssembly module and a component is wanted: build for wasm32-wasip2, or wrap it with \
         `wasm-tools component new`"
    )]
    CoreModule,
    /// Another version of the format.
    #[error("it is WebAssembly of version {version}, layer {layer}; a component has version 13, layer 1")]
    Version {
        /// Bytes 4 and 5.
        version: u16,
        /// Bytes 6 and 7.
        layer: u16,
    },
    /// Other content.
    #[error("it is no WebAssembly: it begins with {0}, and a component with `00 61 73 6d 0d 00 01 00`")]
    NotWasm(String),
}

fn listed(types: &[String]) -> String {
    if types.is_empty() { String::new() } else { format!(" (`{}`)", types.join("`, `")) }
}

fn kind(media_type: &str) -> &'static str {
    match media_type {
        text if text.starts_with("application/vnd.oci.image.layer.")
            || text.starts_with("application/vnd.docker.image.rootfs.") =>
        {
            ", as container images have"
        }
        text if text.starts_with("application/vnd.cncf.helm.") => ", as Helm charts have",
        _ => "",
    }
}

/// The one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layer {
    pub digest: String,
    pub size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    media_type: Option<String>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<serde::de::IgnoredAny>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
}

/// The layer of a manifest that holds a component.
pub(super) fn layer_of(manifest: &[u8]) -> Result<Layer, ArtifactError> {
    let manifest: Manifest =
        serde_json::from_slice(manifest).map_err(|error| ArtifactError::Manifest(position(&error)))?;
    let says_index = manifest
        .media_type
        .as_deref()
        .is_some_and(|kind| kind.contains("image.index") || kind.contains("manifest.list"));
    if says_index || manifest.manifests.is_some() {
        return Err(ArtifactError::Index { count: manifest.manifests.map_or(0, |manifests| manifests.len()) });
    }
    let layers = manifest.layers.ok_or_else(|| ArtifactError::Manifest("it has no `layers`".into()))?;
    let [layer] = layers.as_slice() else {
        let types = layers.iter().take(5).map(|layer| short(&layer.media_type)).collect();
        return Err(ArtifactError::Layers { count: layers.len(), types });
    };
    if !LAYER_TYPES.contains(&layer.media_type.as_str()) {
        return Err(ArtifactError::LayerType { found: short(&layer.media_type) });
    }
    if !is_digest(&layer.digest) {
        return Err(ArtifactError::LayerDigest(short(&layer.digest)));
    }
    Ok(Layer { digest: layer.digest.clone(), size: layer.size })
}

/// Where JSON broke; the parser's own words would repeat content.
fn position(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Data => "a field is missing or of the wrong kind".to_owned(),
        _ => format!("not JSON at line {}, column {}", error.line(), error.column()),
    }
}

/// A name from a registry, as long as names are.
fn short(text: &str) -> String {
    text.chars().take(120).collect::<String>().escape_debug().to_string()
}

/// Refuses everything but a component, by its first eight bytes: magic, version, layer.
pub(super) fn check_component(bytes: &[u8]) -> Result<(), ArtifactError> {
    match bytes.first_chunk::<8>() {
        Some([0, b'a', b's', b'm', 0x0d, 0, 1, 0]) => Ok(()),
        Some([0, b'a', b's', b'm', _, _, 0, 0]) => Err(ArtifactError::CoreModule),
        Some([0, b'a', b's', b'm', v0, v1, l0, l1]) => Err(ArtifactError::Version {
            version: u16::from_le_bytes([*v0, *v1]),
            layer: u16::from_le_bytes([*l0, *l1]),
        }),
        _ => {
            let first: Vec<_> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            let first = if first.is_empty() { "nothing".to_owned() } else { format!("`{}`", first.join(" ")) };
            let known = match bytes {
                [0x1f, 0x8b, ..] => " (gzip)",
                [0x28, 0xb5, 0x2f, 0xfd, ..] => " (zstd)",
                [b'(', ..] => " (WebAssembly text)",
                _ => "",
            };
            Err(ArtifactError::NotWasm(first + known))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(manifest: &serde_json::Value) -> String {
        layer_of(manifest.to_string().as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn only_one_layer_of_wasm_will_do() {
        let layer = |kind: &str| serde_json::json!({"mediaType": kind, "digest": format!("sha256:{}", "0".repeat(64)), "size": 8});
        for kind in LAYER_TYPES {
            assert_eq!(layer_of(serde_json::json!({"layers": [layer(kind)]}).to_string().as_bytes()).unwrap().size, 8);
        }
        let two = refusal(&serde_json::json!({"layers": [layer("application/wasm"), layer("text/plain")]}));
        assert!(two.contains("2 layers (`application/wasm`, `text/plain`)") && two.contains(WANTED), "{two}");
        assert!(refusal(&serde_json::json!({"layers": []})).contains("0 layers; wanted"));
        let image = refusal(&serde_json::json!({"layers": [layer("application/vnd.oci.image.layer.v1.tar+gzip")]}));
        assert!(image.contains("as container images have") && image.contains(WANTED), "{image}");
        let index = refusal(&serde_json::json!({"manifests": [{}, {}]}));
        assert!(index.contains("an index of 2 manifests"), "{index}");
        assert!(refusal(&serde_json::json!({})).contains("no `layers`"));
        assert!(layer_of(b"{").unwrap_err().to_string().contains("not JSON at line 1"));
        let traversal = serde_json::json!({"mediaType": "application/wasm", "digest": "sha256:../x", "size": 1});
        assert!(refusal(&serde_json::json!({"layers": [traversal]})).contains("only sha256"));
    }

    #[test]
    fn only_a_component_will_do() {
        assert!(check_component(b"\0asm\x0d\0\x01\0rest").is_ok());
        let core = check_component(b"\0asm\x01\0\0\0").unwrap_err().to_string();
        assert!(core.contains("core WebAssembly module") && core.contains("wasm32-wasip2"), "{core}");
        let old = check_component(b"\0asm\x0c\0\x01\0").unwrap_err().to_string();
        assert!(old.contains("version 12, layer 1"), "{old}");
        for (bytes, word) in [(&b"\x1f\x8b\x08"[..], "(gzip)"), (b"", "begins with nothing"), (b"(module)", "text")] {
            let text = check_component(bytes).unwrap_err().to_string();
            assert!(text.contains(word), "{text}");
        }
    }
}
