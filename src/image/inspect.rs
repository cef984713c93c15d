//! What is in an image, for people and as JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{Image, ImageError, SBOM_TYPE, collect::platform_text};
use crate::oci::{Blob, Manifest, Session, Source};

/// What there is to say of an image, as JSON.
pub fn describe(image: &Image, session: Option<&Session>) -> Result<Value, ImageError> {
    let top = image.manifest(&image.top.digest).map(Manifest::json).unwrap_or_default();
    let mut platforms = Vec::new();
    match top["manifests"].as_array() {
        Some(entries) => {
            for entry in entries {
                let Some(manifest) = entry["digest"].as_str().and_then(|digest| image.manifest(digest)) else {
                    continue;
                };
                platforms.push(platform(image, manifest, Some(&entry["platform"]), session)?);
            }
        }
        None => {
            if let Some(manifest) = image.manifest(&image.top.digest) {
                platforms.push(platform(image, manifest, None, session)?);
            }
        }
    }
    let attached: Vec<Value> = image
        .attached
        .iter()
        .map(|attached| {
            let manifest = image.manifest(&attached.digest).map(Manifest::json).unwrap_or_default();
            json!({"digest": attached.digest, "artifactType": manifest["artifactType"]})
        })
        .collect();
    Ok(json!({
        "name": image.name,
        "digest": image.top.digest,
        "mediaType": image.top.media_type,
        "size": image.size(),
        "platforms": platforms,
        "annotations": top.get("annotations").cloned().unwrap_or_else(|| json!({})),
        "sbom": attached.iter().any(|attached| attached["artifactType"] == SBOM_TYPE),
        "attached": attached,
    }))
}

fn platform(
    image: &Image,
    manifest: &Manifest,
    named: Option<&Value>,
    session: Option<&Session>,
) -> Result<Value, ImageError> {
    let json = manifest.json();
    let config = json["config"]["digest"].as_str().and_then(|digest| image.blob(digest));
    let config = match config {
        Some(blob) => read(blob, session)?,
        None => Value::Null,
    };
    let layers: u64 = json["layers"].as_array().into_iter().flatten().filter_map(|layer| layer["size"].as_u64()).sum();
    let run = &config["config"];
    Ok(json!({
        "platform": platform_text(named.unwrap_or(&config)),
        "digest": manifest.descriptor.digest,
        "layers": json["layers"].as_array().map_or(0, Vec::len),
        "layersSize": layers,
        "user": run["User"],
        "entrypoint": run["Entrypoint"],
        "created": config["created"],
    }))
}

/// A config; what is no JSON (a component's may be anything) says nothing.
fn read(blob: &Blob, session: Option<&Session>) -> Result<Value, ImageError> {
    let bytes = match (&blob.source, session) {
        (Source::Registry(from), Some(session)) => {
            let mut bytes = Vec::new();
            session.pull(from, blob, &mut bytes)?;
            bytes
        }
        _ => blob.bytes()?,
    };
    Ok(serde_json::from_slice(&bytes).unwrap_or_default())
}

/// The same as a text for people.
pub fn text(described: &Value) -> String {
    let plain = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        _ => "-".to_owned(),
    };
    let size = |value: &Value| bytes(value.as_u64().unwrap_or_default());
    let mut out = format!("{}\n", plain(&described["name"]));
    let _ = writeln!(out, "  digest  {}", plain(&described["digest"]));
    let _ = writeln!(out, "  size    {}", size(&described["size"]));
    let _ = writeln!(out, "  sbom    {}", if described["sbom"] == true { "yes (SPDX 2.3)" } else { "no" });
    for platform in described["platforms"].as_array().into_iter().flatten() {
        let _ = writeln!(out, "  {}", plain(&platform["platform"]));
        let _ = writeln!(out, "    digest      {}", plain(&platform["digest"]));
        let layers = &platform["layers"];
        let _ = writeln!(out, "    layers      {layers}, {}", size(&platform["layersSize"]));
        let _ = writeln!(out, "    user        {}", plain(&platform["user"]));
        let _ = writeln!(out, "    entrypoint  {}", plain(&platform["entrypoint"]));
    }
    let none = Map::new();
    let annotations = described["annotations"].as_object().unwrap_or(&none);
    if !annotations.is_empty() {
        out.push_str("  annotations\n");
        for (key, value) in annotations {
            let _ = writeln!(out, "    {key}: {}", plain(value));
        }
    }
    out
}

/// `14.2 MiB`.
pub fn bytes(count: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", count / unit, count % unit * 10 / unit);
    match count {
        0..1024 => format!("{count} B"),
        1024..1_048_576 => format!("{} KiB", tenths(1 << 10)),
        1_048_576..1_073_741_824 => format!("{} MiB", tenths(1 << 20)),
        _ => format!("{} GiB", tenths(1 << 30)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        for (count, text) in [(12, "12 B"), (1536, "1.5 KiB"), (14_889_779, "14.1 MiB"), (3 << 30, "3.0 GiB")] {
            assert_eq!(bytes(count), text);
        }
    }
}
