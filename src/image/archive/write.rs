//! Writes an archive in one go: each blob goes from where it is right into the file.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
};

use serde_json::{Value, json};
use tar::{EntryType, Header};

use super::{ANNOTATION_NAME, ANNOTATION_REF};
use crate::{
    image::{Image, ImageError, Platform},
    oci::{Blob, Epoch, INDEX_TYPE, Manifest, Progress, Reference, Session, Source, copy},
};

/// What an archive is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// All platforms of each image: containerd, and every tool that speaks OCI.
    Oci,
    /// One platform, and `manifest.json` beside the layout: every Docker and podman.
    Docker(Platform),
}

/// What stands under a digest.
enum Part<'a> {
    Manifest(&'a Manifest),
    Blob(&'a Blob),
}

/// Writes an archive to a file, which appears only when it is complete.
pub fn write_file(
    path: &Path,
    images: &[Image],
    format: Format,
    session: Option<&Session>,
    progress: &dyn Progress,
) -> Result<(), ImageError> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut draft = tempfile::Builder::new().prefix(".chartwright-").tempfile_in(folder)?;
    let mut out = io::BufWriter::with_capacity(1 << 20, draft.as_file_mut());
    write(&mut out, images, format, session, progress)?;
    out.flush()?;
    drop(out);
    share(draft.as_file())?;
    draft.persist(path).map_err(|err| err.error)?;
    Ok(())
}

/// A temporary file is its owner's alone; an archive is for others, too.
#[cfg(unix)]
fn share(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn share(_: &std::fs::File) -> io::Result<()> {
    Ok(())
}

/// Writes an archive; the same images give the same bytes.
pub fn write(
    out: &mut dyn Write,
    images: &[Image],
    format: Format,
    session: Option<&Session>,
    progress: &dyn Progress,
) -> Result<(), ImageError> {
    let reduced: Vec<Image>;
    let images = match format {
        Format::Oci => images,
        Format::Docker(platform) => {
            reduced = images.iter().map(|image| image.only(platform)).collect::<Result<_, _>>()?;
            &reduced
        }
    };
    let mut parts: BTreeMap<&str, Part<'_>> = BTreeMap::new();
    for image in images {
        for manifest in &image.manifests {
            parts.insert(&manifest.descriptor.digest, Part::Manifest(manifest));
        }
        for blob in &image.blobs {
            parts.insert(&blob.descriptor.digest, Part::Blob(blob));
        }
    }
    entry(out, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    entry(out, "index.json", &serde_json::to_vec(&index(images))?)?;
    if format != Format::Oci {
        entry(out, "manifest.json", &serde_json::to_vec(&docker_list(images))?)?;
    }
    for (digest, part) in parts {
        let path = blob_path(digest);
        match part {
            Part::Manifest(manifest) => entry(out, &path, &manifest.bytes)?,
            Part::Blob(blob) => {
                begin(out, &path, blob.descriptor.size)?;
                let mut counted = Counted { out, count: 0 };
                match (&blob.source, session) {
                    (Source::Here(content), _) => {
                        progress.begin(&blob.what, blob.descriptor.size);
                        copy(content.reader()?.as_mut(), &mut counted, |count| progress.advance(count))?;
                        progress.end("written");
                    }
                    (Source::Registry(from), Some(session)) => session.pull(from, blob, &mut counted)?,
                    (Source::Registry(from), None) => {
                        return Err(io::Error::other(format!("{} is at {from}, out of reach", blob.what)).into());
                    }
                }
                if counted.count != blob.descriptor.size {
                    let problem = format!("{digest} has {} bytes in place of {}", counted.count, blob.descriptor.size);
                    return Err(ImageError::Manifest { name: blob.what.clone(), problem });
                }
                end(out, blob.descriptor.size)?;
            }
        }
    }
    // How a tar file ends.
    out.write_all(&[0; 1024])?;
    Ok(())
}

fn index(images: &[Image]) -> Value {
    let mut entries = Vec::new();
    for image in images {
        let mut top = image.top.json();
        top["annotations"] = json!({ANNOTATION_NAME: image.name, ANNOTATION_REF: image.name});
        entries.push(top);
        for attached in &image.attached {
            let mut entry = attached.json();
            let json = image.manifest(&attached.digest).map(Manifest::json).unwrap_or_default();
            if let Some(kind) = json["artifactType"].as_str() {
                entry["artifactType"] = kind.into();
            }
            entries.push(entry);
        }
    }
    json!({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": entries})
}

/// What `docker save` writes, too.
fn docker_list(images: &[Image]) -> Value {
    images
        .iter()
        .filter_map(|image| {
            let json = image.manifest(&image.top.digest)?.json();
            let layers: Option<Vec<String>> =
                json["layers"].as_array()?.iter().map(|layer| Some(blob_path(layer["digest"].as_str()?))).collect();
            // A digest is no tag: such an image is loaded without a name.
            let tags: Vec<&str> = image
                .name
                .parse::<Reference>()
                .ok()
                .filter(|name| name.digest().is_none())
                .map(|_| image.name.as_str())
                .into_iter()
                .collect();
            Some(json!({
                "Config": blob_path(json["config"]["digest"].as_str()?),
                "RepoTags": tags,
                "Layers": layers?,
            }))
        })
        .collect()
}

fn blob_path(digest: &str) -> String {
    format!("blobs/{}", digest.replacen(':', "/", 1))
}

fn entry(out: &mut dyn Write, path: &str, content: &[u8]) -> io::Result<()> {
    begin(out, path, content.len() as u64)?;
    out.write_all(content)?;
    end(out, content.len() as u64)
}

fn begin(out: &mut dyn Write, path: &str, size: u64) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_path(path)?;
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(Epoch::default().0);
    header.set_size(size);
    header.set_cksum();
    out.write_all(header.as_bytes())
}

/// Fills up the last block.
fn end(out: &mut dyn Write, size: u64) -> io::Result<()> {
    let rest = usize::try_from(size.next_multiple_of(512) - size).unwrap_or_default();
    out.write_all(&[0; 512][..rest])
}

/// Counts what goes through.
struct Counted<'a> {
    out: &'a mut dyn Write,
    count: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.count += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
