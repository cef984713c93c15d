//! What goes when the cache is too large.

use std::collections::{BTreeMap, BTreeSet};

use super::{super::in_use::Table, Record};

/// What cleaning did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Components that were removed.
    pub removed: usize,
    /// Bytes that were freed.
    pub freed: u64,
    /// Bytes that are left.
    pub left: u64,
    /// Bytes above the limit, because they are in use.
    pub over: u64,
}

/// What is kept, as cleaning sees it.
pub(super) trait Kept {
    /// All records.
    fn records(&self) -> Vec<Record>;
    /// All content: size, and when it was written, in milliseconds since 1970.
    fn content(&self) -> BTreeMap<String, (u64, u64)>;
    /// Removes content; whether it is gone.
    fn remove(&self, digest: &str) -> bool;
    /// Removes a record.
    fn forget(&self, reference: &str);
    /// Removes what crashes left behind.
    fn sweep(&self);
}

pub(super) fn clean(kept: &impl Kept, limit: u64, in_use: &Table) -> Cleaned {
    kept.sweep();
    let (mut records, content) = (kept.records(), kept.content());
    // Names of what is gone would only be a step to nothing.
    records.retain(|record| {
        let whole = content.contains_key(&record.component) && content.contains_key(&record.manifest);
        if !whole {
            // Unless it is being written right now, by somebody who holds it.
            in_use.unless_held(&record.component, || kept.forget(&record.reference));
        }
        whole
    });
    let mut total: u64 = content.values().map(|(size, _)| size).sum();
    let mut cleaned = Cleaned::default();
    for digest in by_last_use(&records, &content) {
        if total <= limit {
            break;
        }
        let freed = in_use.unless_held(&digest, || {
            let (gone, left): (Vec<_>, Vec<_>) =
                std::mem::take(&mut records).into_iter().partition(|record| record.component == digest);
            records = left;
            for record in &gone {
                kept.forget(&record.reference);
            }
            // A manifest names one component: no other record has it.
            let manifests: BTreeSet<_> = gone.into_iter().map(|record| record.manifest).collect();
            let removed = manifests.iter().chain([&digest]).filter(|digest| kept.remove(digest));
            removed.filter_map(|digest| content.get(digest)).map(|(size, _)| size).sum::<u64>()
        });
        if let Some(freed) = freed.filter(|freed| *freed > 0) {
            total -= freed;
            cleaned.freed += freed;
            cleaned.removed += 1;
        }
    }
    Cleaned { left: total, over: total.saturating_sub(limit), ..cleaned }
}

/// Components and content without a name, longest unused first.
fn by_last_use(records: &[Record], content: &BTreeMap<String, (u64, u64)>) -> Vec<String> {
    let manifests: BTreeSet<_> = records.iter().map(|record| &record.manifest).collect();
    let mut order: Vec<_> = content
        .iter()
        .filter(|(digest, _)| !manifests.contains(digest))
        .map(|(digest, (_, written))| {
            let uses = records.iter().filter(|record| record.component == **digest).map(|record| record.last_use);
            (uses.max().unwrap_or(*written), digest.clone())
        })
        .collect();
    order.sort();
    order.into_iter().map(|(_, digest)| digest).collect()
}
