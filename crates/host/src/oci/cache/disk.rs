//! The cache in a folder: `blobs/sha256/<digest>` and `refs/<hash of the reference>.json`.
//!
//! Files are written beside their place and renamed into it, so that a name never stands for half a file. What a crash
//! of the machine may tear nevertheless is found when it is read: everything is verified against its digest. Several
//! hosts may share the folder; one that removes what another wants costs a pull.

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;

use super::{
    super::reference::{digest_of, is_digest},
    Record,
    eviction::Kept,
};

/// Begins the name of what is not finished.
const UNFINISHED: &str = ".unfinished-";

/// Nobody writes one file that long; with a shared folder it may be another host's.
const ABANDONED: Duration = Duration::from_hours(1);

#[derive(Debug)]
pub(super) struct Disk {
    blobs: PathBuf,
    refs: PathBuf,
}

impl Disk {
    pub(super) fn new(folder: &Path) -> Self {
        Self { blobs: folder.join("blobs/sha256"), refs: folder.join("refs") }
    }

    fn blob(&self, digest: &str) -> PathBuf {
        // All digests here have passed `is_digest`; a name without the prefix is no path upwards either.
        self.blobs.join(digest.trim_start_matches("sha256:"))
    }

    fn reference(&self, name: &str) -> PathBuf {
        self.refs.join(format!("{}.json", digest_of(name.as_bytes()).trim_start_matches("sha256:")))
    }

    pub(super) fn record(&self, name: &str) -> Result<Option<Record>, String> {
        let path = self.reference(name);
        let Some(content) = read(&path)? else { return Ok(None) };
        let record = parse(&content).filter(|record| record.reference == name);
        if record.is_none() {
            tracing::warn!(reference = name, "a record of the cache was torn or altered and is dropped");
            remove(&path);
        }
        Ok(record)
    }

    pub(super) fn note(&self, record: &Record) -> io::Result<()> {
        write(&self.reference(&record.reference), &serde_json::to_vec_pretty(record)?, false)
    }

    pub(super) fn read(&self, digest: &str) -> Result<Option<Bytes>, String> {
        Ok(read(&self.blob(digest))?.map(Bytes::from))
    }

    pub(super) fn write(&self, digest: &str, content: &Bytes) -> io::Result<()> {
        let path = self.blob(digest);
        // Whole as far as its length says: what else may be wrong with it is found at reading.
        if fs_err::metadata(&path).is_ok_and(|found| found.is_file() && found.len() == content.len() as u64) {
            return Ok(());
        }
        write(&path, content, true)
    }

    pub(super) fn drop_content(&self, digest: &str) {
        remove(&self.blob(digest));
    }
}

impl Kept for Disk {
    fn records(&self) -> Vec<Record> {
        let files = files(&self.refs)
            .into_iter()
            .filter(|(name, _)| Path::new(name).extension().is_some_and(|extension| extension == "json"));
        files.filter_map(|(name, _)| read(&self.refs.join(name)).ok().flatten().and_then(|text| parse(&text))).collect()
    }

    fn content(&self) -> BTreeMap<String, (u64, u64)> {
        let files = files(&self.blobs).into_iter().map(|(name, found)| {
            let written = found.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let written = written.and_then(|time| u64::try_from(time.as_millis()).ok()).unwrap_or_default();
            (format!("sha256:{name}"), (found.len(), written))
        });
        files.filter(|(digest, _)| is_digest(digest)).collect()
    }

    fn remove(&self, digest: &str) -> bool {
        remove(&self.blob(digest))
    }

    fn forget(&self, reference: &str) {
        remove(&self.reference(reference));
    }

    fn sweep(&self) {
        for folder in [&self.blobs, &self.refs] {
            for (name, found) in files(folder) {
                let age = found.modified().ok().and_then(|time| SystemTime::now().duration_since(time).ok());
                if name.starts_with(UNFINISHED) && age.is_some_and(|age| age > ABANDONED) {
                    remove(&folder.join(name));
                }
            }
        }
    }
}

impl Disk {
    pub(super) fn forget(&self, name: &str) {
        Kept::forget(self, name);
    }
}

/// A record whose digests are digests: they become names of files.
fn parse(content: &[u8]) -> Option<Record> {
    serde_json::from_slice(content)
        .ok()
        .filter(|record: &Record| is_digest(&record.manifest) && is_digest(&record.component))
}

/// A file's content; none when there is no file.
fn read(path: &Path) -> Result<Option<Vec<u8>>, String> {
    match fs_err::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// Files of a folder; none when it cannot be read.
fn files(folder: &Path) -> Vec<(String, std::fs::Metadata)> {
    let Ok(entries) = fs_err::read_dir(folder) else { return Vec::new() };
    let entries = entries.filter_map(Result::ok).filter_map(|entry| {
        let found = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
        Some((entry.file_name().into_string().ok()?, found))
    });
    entries.collect()
}

/// Whether it is gone.
fn remove(path: &Path) -> bool {
    match fs_err::remove_file(path) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => {
            tracing::warn!(%error, "a file of the cache cannot be removed");
            false
        }
    }
}

/// Writes a whole file or none. `durable`: on the disk before it gets its name.
fn write(path: &Path, content: &[u8], durable: bool) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs_err::create_dir_all(folder)?;
    // Not the process's number: in containers that share a folder it is always 1.
    let unfinished = folder.join(format!("{UNFINISHED}{}", uuid::Uuid::new_v4().simple()));
    let written = (|| {
        let mut file = fs_err::OpenOptions::new().write(true).create_new(true).open(&unfinished)?;
        file.write_all(content)?;
        if durable {
            file.sync_all()?;
        }
        fs_err::rename(&unfinished, path)
    })();
    if written.is_err() {
        // Half a file would take the space that is missing.
        let _ = fs_err::remove_file(&unfinished);
    }
    written
}
