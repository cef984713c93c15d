//! Our own image, made of payloads.

use serde_json::{Map, Value, json};

use super::{Image, ImageError, Platform, SBOM_TYPE, layer::layer, payload::Payload, sbom::sbom, time};
use crate::{
    oci::{Blob, Epoch, INDEX_TYPE, MANIFEST_TYPE, Manifest, full_name},
    render::CHART,
};

/// What the image is called, without a registry.
pub const NAME: &str = CHART.name;
/// Where the program is in it.
pub const BINARY: &str = "/chartwright";
/// Who it runs as: nobody's number, the one that distroless images use.
pub const USER: &str = "65532:65532";

const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";

/// The name that values without a registry give it.
pub fn own_name() -> String {
    format!("{NAME}:{}", CHART.app_version)
}

/// Makes the image: the same payloads give the same bytes.
pub fn make(name: &str, payloads: &[Payload], epoch: Epoch) -> Result<Image, ImageError> {
    let (mut blobs, mut manifests, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    let mut payloads: Vec<&Payload> = payloads.iter().collect();
    payloads.sort_by_key(|payload| payload.platform);
    // A layer takes seconds, and the two have nothing to do with each other.
    let layers = std::thread::scope(|scope| {
        let running: Vec<_> = payloads.iter().map(|payload| scope.spawn(|| layer(&payload.bytes, epoch))).collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|err| std::panic::resume_unwind(err)))
            .collect::<Vec<_>>()
    });
    for (payload, layer) in payloads.iter().zip(layers) {
        let layer = layer?;
        let platform = payload.platform;
        let config = Blob::new(
            format!("{NAME} {platform} config"),
            CONFIG_TYPE,
            serde_json::to_vec(&config(platform, &layer.unpacked, epoch))?,
        );
        let layer = Blob::new(format!("{NAME} {platform} layer"), LAYER_TYPE, layer.compressed);
        let manifest = Manifest::new(
            MANIFEST_TYPE,
            serde_json::to_vec(&json!({
                "schemaVersion": 2,
                "mediaType": MANIFEST_TYPE,
                "config": config.descriptor.json(),
                "layers": [layer.descriptor.json()],
                "annotations": annotations(epoch),
            }))?,
        );
        let mut entry = manifest.descriptor.json();
        entry["platform"] = platform.json();
        entries.push(entry);
        blobs.extend([config, layer]);
        manifests.push(manifest);
    }
    let index = Manifest::new(
        INDEX_TYPE,
        serde_json::to_vec(&json!({
            "schemaVersion": 2,
            "mediaType": INDEX_TYPE,
            "manifests": entries,
            "annotations": annotations(epoch),
        }))?,
    );
    let empty = Blob::new("empty config of the bill of materials", EMPTY_TYPE, b"{}".to_vec());
    let bill = Blob::new("bill of materials", SBOM_TYPE, sbom(epoch)?);
    let attached = attach(&index, &empty, &bill, epoch)?;
    let top = index.descriptor.clone();
    let attachment = attached.descriptor.clone();
    manifests.extend([index, attached]);
    blobs.extend([empty, bill]);
    Ok(Image { name: full_name(name)?, top, manifests, blobs, attached: vec![attachment] })
}

/// The manifest that ties the bill of materials to the index, as OCI 1.1 has it.
fn attach(index: &Manifest, empty: &Blob, bill: &Blob, epoch: Epoch) -> Result<Manifest, ImageError> {
    let mut layer = bill.descriptor.json();
    layer["annotations"] = json!({"org.opencontainers.image.title": "sbom.spdx.json"});
    Ok(Manifest::new(
        MANIFEST_TYPE,
        serde_json::to_vec(&json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": SBOM_TYPE,
            "config": empty.descriptor.json(),
            "layers": [layer],
            "subject": index.descriptor.json(),
            "annotations": {"org.opencontainers.image.created": time::text(epoch.0)},
        }))?,
    ))
}

fn config(platform: Platform, unpacked: &str, epoch: Epoch) -> Value {
    let created = time::text(epoch.0);
    json!({
        "architecture": platform.architecture(),
        "os": "linux",
        "created": created,
        "config": {
            "User": USER,
            "Env": ["PATH=/", "HOME=/tmp"],
            "Entrypoint": [BINARY],
            "WorkingDir": "/",
            "Labels": annotations(epoch),
        },
        "rootfs": {"type": "layers", "diff_ids": [unpacked]},
        "history": [{"created": created, "created_by": concat!("chartwright ", env!("CARGO_PKG_VERSION"))}],
    })
}

/// What people and scanners read; labels of the config say the same.
fn annotations(epoch: Epoch) -> Map<String, Value> {
    [
        ("created", time::text(epoch.0).as_str()),
        ("title", NAME),
        ("description", "wasmCloud on Kubernetes: the tool, the operator and the host in one binary"),
        ("version", CHART.app_version),
        ("source", env!("CARGO_PKG_REPOSITORY")),
        ("url", env!("CARGO_PKG_REPOSITORY")),
        ("licenses", env!("CARGO_PKG_LICENSE")),
    ]
    .into_iter()
    .map(|(key, value)| (format!("org.opencontainers.image.{key}"), value.into()))
    .collect()
}
