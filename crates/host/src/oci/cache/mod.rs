//! What was pulled, kept by digest: on disk, or in memory without a folder.

mod disk;
mod eviction;
mod memory;

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use eviction::Cleaned;

use super::{
    artifact::{Layer, layer_of},
    in_use::Table,
    reference::{Image, digest_of},
};

/// Records, and what a disk takes for itself.
const SLACK: u64 = 64 * 1024;

/// What a reference meant when it was last asked for. As a file it is small JSON for people too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    pub reference: String,
    pub manifest: String,
    pub component: String,
    /// Milliseconds since 1970.
    pub last_use: u64,
}

/// A reference that is cached: its manifest was verified, its component was not read yet.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub manifest_digest: String,
    pub manifest: Bytes,
    pub layer: Layer,
}

/// Something to write.
pub(super) struct Pulled {
    pub image: Image,
    pub manifest_digest: String,
    pub manifest: Bytes,
    pub layer: Layer,
    pub component: Bytes,
}

/// Where content is kept. All calls block.
#[derive(Debug)]
enum Place {
    Disk(disk::Disk),
    Memory(memory::Memory),
}

/// The cache.
#[derive(Debug)]
pub(super) struct Cache {
    place: Place,
    limit: u64,
    in_use: Arc<Table>,
}

impl Cache {
    pub(super) fn new(folder: Option<PathBuf>, limit: u64, in_use: Arc<Table>) -> Self {
        let place = match folder {
            Some(folder) => Place::Disk(disk::Disk::new(&folder)),
            None => Place::Memory(memory::Memory::default()),
        };
        Self { place, limit, in_use }
    }

    /// What a reference means here. The error says why the cache cannot be read.
    pub(super) fn lookup(&self, image: &Image) -> Result<Option<Known>, String> {
        let name = image.to_string();
        let Some(record) = self.record(&name)? else { return Ok(None) };
        let Some(manifest) = self.read(&record.manifest)? else { return Ok(None) };
        // The chain from the reference's digest to the component's is verified, whatever the record says.
        let layer = layer_of(&manifest).ok().filter(|layer| layer.digest == record.component);
        let is_it = image.digest().is_none_or(|digest| digest == record.manifest);
        match layer {
            Some(layer) if is_it => Ok(Some(Known { manifest_digest: record.manifest, manifest, layer })),
            _ => {
                tracing::warn!(reference = name, "a record of the cache was altered and is dropped");
                self.forget(&name);
                Ok(None)
            }
        }
    }

    /// Content, verified against its digest. What does not fit is dropped.
    pub(super) fn read(&self, digest: &str) -> Result<Option<Bytes>, String> {
        let content = match &self.place {
            Place::Disk(disk) => disk.read(digest)?,
            Place::Memory(memory) => memory.read(digest),
        };
        let Some(content) = content else { return Ok(None) };
        if digest_of(&content) == digest {
            return Ok(Some(content));
        }
        tracing::warn!(digest, "a file of the cache was torn or altered and is dropped");
        match &self.place {
            Place::Disk(disk) => disk.drop_content(digest),
            Place::Memory(memory) => memory.drop_content(digest),
        }
        Ok(None)
    }

    fn record(&self, name: &str) -> Result<Option<Record>, String> {
        match &self.place {
            Place::Disk(disk) => disk.record(name),
            Place::Memory(memory) => Ok(memory.record(name)),
        }
    }

    fn forget(&self, name: &str) {
        match &self.place {
            Place::Disk(disk) => disk.forget(name),
            Place::Memory(memory) => memory.forget(name),
        }
    }

    /// Notes that a reference was used. A failure costs only order, so it is no news.
    pub(super) fn touch(&self, image: &Image, known: &Known) {
        if let Err(error) = self.note(&image.to_string(), &known.manifest_digest, &known.layer.digest) {
            tracing::debug!(%error, "the time of a use cannot be written");
        }
    }

    /// Keeps what was pulled, and makes room. A full or read-only disk is a warning: the component is served anyway.
    pub(super) fn put(&self, pulled: &Pulled) {
        let mut outcome = self.try_put(pulled);
        let full =
            |error: &io::Error| matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        if outcome.as_ref().is_err_and(full) {
            // The volume is smaller than the size we were given: what is longest unused goes now.
            let needed = (pulled.component.len() + pulled.manifest.len()) as u64 + SLACK;
            let left = self.clean().left;
            if self.clean_to(left.saturating_sub(needed)).removed > 0 {
                outcome = self.try_put(pulled);
            }
        }
        if let Err(error) = outcome {
            tracing::warn!(
                reference = %pulled.image,
                %error,
                "a component cannot be kept in the cache; it is served, and pulled again next time"
            );
        }
        self.clean();
    }

    /// Content first and the names for it last: a crash in between leaves content without a name, which only ages.
    fn try_put(&self, pulled: &Pulled) -> io::Result<()> {
        self.write(&pulled.layer.digest, &pulled.component)?;
        self.write(&pulled.manifest_digest, &pulled.manifest)?;
        let by_digest = pulled.image.at(&pulled.manifest_digest);
        self.note(&by_digest.to_string(), &pulled.manifest_digest, &pulled.layer.digest)?;
        if pulled.image.digest().is_none() {
            self.note(&pulled.image.to_string(), &pulled.manifest_digest, &pulled.layer.digest)?;
        }
        Ok(())
    }

    fn write(&self, digest: &str, content: &Bytes) -> io::Result<()> {
        match &self.place {
            Place::Disk(disk) => disk.write(digest, content),
            Place::Memory(memory) => {
                memory.write(digest, content);
                Ok(())
            }
        }
    }

    fn note(&self, name: &str, manifest: &str, component: &str) -> io::Result<()> {
        let record = Record {
            reference: name.to_owned(),
            manifest: manifest.to_owned(),
            component: component.to_owned(),
            last_use: now(),
        };
        match &self.place {
            Place::Disk(disk) => disk.note(&record),
            Place::Memory(memory) => {
                memory.note(record);
                Ok(())
            }
        }
    }

    /// Removes what is too much, longest unused first, and nothing that is in use.
    pub(super) fn clean(&self) -> Cleaned {
        self.clean_to(self.limit)
    }

    fn clean_to(&self, limit: u64) -> Cleaned {
        let outcome = match &self.place {
            Place::Disk(disk) => eviction::clean(disk, limit, &self.in_use),
            Place::Memory(memory) => eviction::clean(memory, limit, &self.in_use),
        };
        if outcome.removed > 0 || outcome.over > 0 {
            tracing::debug!(?outcome, "the cache was cleaned");
        }
        outcome
    }
}

/// Milliseconds since 1970, later at every call: what was used last stays last also within one tick of the clock.
fn now() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let clock = u64::try_from(clock).unwrap_or_default();
    let later = |last: u64| Some(clock.max(last + 1));
    match LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later) {
        Ok(last) | Err(last) => clock.max(last + 1),
    }
}
