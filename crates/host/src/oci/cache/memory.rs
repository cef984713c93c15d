//! The cache of a host without a folder for it.

use std::{collections::BTreeMap, sync::Mutex};

use bytes::Bytes;

use super::{super::in_use::lock, Record, eviction::Kept, now};

#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Content>);

#[derive(Debug, Default)]
struct Content {
    records: BTreeMap<String, Record>,
    content: BTreeMap<String, (Bytes, u64)>,
}

impl Memory {
    pub(super) fn record(&self, name: &str) -> Option<Record> {
        lock(&self.0).records.get(name).cloned()
    }

    pub(super) fn note(&self, record: Record) {
        lock(&self.0).records.insert(record.reference.clone(), record);
    }

    pub(super) fn forget(&self, name: &str) {
        lock(&self.0).records.remove(name);
    }

    pub(super) fn read(&self, digest: &str) -> Option<Bytes> {
        lock(&self.0).content.get(digest).map(|(content, _)| content.clone())
    }

    pub(super) fn write(&self, digest: &str, content: &Bytes) {
        lock(&self.0).content.insert(digest.to_owned(), (content.clone(), now()));
    }

    pub(super) fn drop_content(&self, digest: &str) {
        lock(&self.0).content.remove(digest);
    }
}

impl Kept for Memory {
    fn records(&self) -> Vec<Record> {
        lock(&self.0).records.values().cloned().collect()
    }

    fn content(&self) -> BTreeMap<String, (u64, u64)> {
        let size = |content: &Bytes| content.len() as u64;
        lock(&self.0).content.iter().map(|(digest, (content, at))| (digest.clone(), (size(content), *at))).collect()
    }

    fn remove(&self, digest: &str) -> bool {
        self.drop_content(digest);
        true
    }

    fn forget(&self, reference: &str) {
        Self::forget(self, reference);
    }

    fn sweep(&self) {}
}
