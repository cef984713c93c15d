//! Reads an archive: every blob is compared with its digest before anything is believed.

use std::{
    collections::BTreeMap,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    image::{
        Image, ImageError,
        collect::{Keep, Parts, attach, collect},
    },
    oci::{Content, Descriptor, Manifest, Source, copy, written},
};

/// What containerd calls the image by.
pub const ANNOTATION_NAME: &str = "io.containerd.image.name";
/// OCI's own annotation for that.
pub const ANNOTATION_REF: &str = "org.opencontainers.image.ref.name";

/// No list of contents is larger.
const LIST_LIMIT: u64 = 16 << 20;

/// All images of an archive.
pub fn open(path: &Path) -> Result<Vec<Image>, ImageError> {
    let mut archive = Opened::scan(path)?;
    let index: Value =
        serde_json::from_slice(&archive.index).map_err(|err| archive.damaged(format!("index.json: {err}")))?;
    let entries = index["manifests"].as_array().cloned().unwrap_or_default();
    let mut images = Vec::new();
    for entry in &entries {
        let annotation = |key: &str| entry["annotations"][key].as_str();
        let Some(name) = annotation(ANNOTATION_NAME).or_else(|| annotation(ANNOTATION_REF)) else { continue };
        let descriptor = archive.descriptor(entry)?;
        let top = archive.manifest(&descriptor)?;
        images.push(collect(name, top, &Keep::All, &mut archive)?);
    }
    for entry in entries.iter().filter(|entry| entry["annotations"][ANNOTATION_NAME].is_null()) {
        let descriptor = archive.descriptor(entry)?;
        let manifest = archive.manifest(&descriptor)?;
        let subject = manifest.json()["subject"]["digest"].clone();
        for image in images.iter_mut().filter(|image| subject == image.top.digest.as_str()) {
            attach(image, manifest.clone(), &mut archive)?;
        }
    }
    if images.is_empty() {
        return Err(archive.damaged("no image in it has a name".into()));
    }
    Ok(images)
}

struct Opened {
    path: PathBuf,
    index: Vec<u8>,
    /// Where blobs begin and how long they are, by digest.
    blobs: BTreeMap<String, (u64, u64)>,
}

impl Opened {
    fn scan(path: &Path) -> Result<Self, ImageError> {
        let mut tar = tar::Archive::new(io::BufReader::with_capacity(1 << 20, fs_err::File::open(path)?));
        let mut opened = Self { path: path.to_path_buf(), index: Vec::new(), blobs: BTreeMap::new() };
        let (mut layout, mut docker) = (false, false);
        for entry in tar.entries()? {
            let mut entry = entry.map_err(|err| opened.damaged(format!("no tar file, or a cut one: {err}")))?;
            let name = entry.path()?.to_string_lossy().trim_start_matches("./").to_owned();
            match name.as_str() {
                "oci-layout" => layout = true,
                "manifest.json" => docker = true,
                "index.json" => {
                    (&mut entry).take(LIST_LIMIT).read_to_end(&mut opened.index)?;
                }
                _ => {
                    let Some(hex) = name.strip_prefix("blobs/sha256/").filter(|hex| hex.len() == 64) else { continue };
                    let (offset, size) = (entry.raw_file_position(), entry.size());
                    let mut sum = Sum(Sha256::new());
                    copy(&mut entry, &mut sum, |_| ())
                        .map_err(|err| opened.damaged(format!("it ends inside of {name}: {err}")))?;
                    let (digest, found) = (format!("sha256:{hex}"), written(sum.0.finalize().as_ref()));
                    if digest != found {
                        return Err(opened.damaged(format!("damaged: {name} has the digest {found}")));
                    }
                    opened.blobs.insert(digest, (offset, size));
                }
            }
        }
        match (layout && !opened.index.is_empty(), docker) {
            (true, _) => Ok(opened),
            (false, true) => Err(opened.damaged(
                "a Docker archive of before OCI, with no digests in it: `docker load` and a newer `docker save` make one".into(),
            )),
            (false, false) => Err(opened.damaged("no archive of images: it has no `oci-layout` and `index.json`".into())),
        }
    }

    fn damaged(&self, problem: String) -> ImageError {
        ImageError::Archive { path: self.path.clone(), problem }
    }

    fn descriptor(&self, entry: &Value) -> Result<Descriptor, ImageError> {
        Descriptor::read(entry)
            .ok_or_else(|| self.damaged("index.json names something without type, size or SHA-256".into()))
    }

    fn content(&self, descriptor: &Descriptor) -> Result<Content, ImageError> {
        let Some(&(offset, size)) = self.blobs.get(&descriptor.digest) else {
            return Err(self.damaged(format!("it is not complete: {} is missing", descriptor.digest)));
        };
        if size != descriptor.size {
            return Err(self.damaged(format!("{} has {size} bytes in place of {}", descriptor.digest, descriptor.size)));
        }
        Ok(Content::Part { path: self.path.clone(), offset, size })
    }
}

impl Parts for Opened {
    fn manifest(&mut self, descriptor: &Descriptor) -> Result<Manifest, ImageError> {
        Ok(Manifest { descriptor: descriptor.clone(), bytes: self.content(descriptor)?.bytes()? })
    }

    fn source(&mut self, descriptor: &Descriptor) -> Result<Source, ImageError> {
        self.content(descriptor).map(Source::Here)
    }
}

/// A sum that is written to.
struct Sum(Sha256);

impl io::Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
