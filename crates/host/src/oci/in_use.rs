//! What is in use: content that cleaning must leave alone.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A lock whose holder panicked still protects plain data.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How often each content is in use.
#[derive(Debug, Default)]
pub(super) struct Table(Mutex<BTreeMap<String, usize>>);

impl Table {
    /// Marks content as in use.
    pub(super) fn hold(self: &Arc<Self>, digest: &str) -> InUse {
        *lock(&self.0).entry(digest.to_owned()).or_default() += 1;
        InUse(Arc::new(Hold { digest: digest.to_owned(), table: self.clone() }))
    }

    /// Does something to content unless it is in use; nobody can begin to use it meanwhile.
    pub(super) fn unless_held<T>(&self, digest: &str, act: impl FnOnce() -> T) -> Option<T> {
        let held = lock(&self.0);
        (!held.contains_key(digest)).then(act)
    }
}

/// Keeps a component's content in the cache for as long as it, or a clone of it, lives. Small: a host that has compiled
/// a component keeps this and lets the bytes go.
#[derive(Clone)]
#[must_use = "content is in use only as long as this lives"]
pub struct InUse(Arc<Hold>);

impl InUse {
    /// What is kept.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }
}

impl fmt::Debug for InUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InUse").field(&self.0.digest).finish()
    }
}

struct Hold {
    digest: String,
    table: Arc<Table>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut table = lock(&self.table.0);
        if let Some(count) = table.get_mut(&self.digest) {
            *count -= 1;
            if *count == 0 {
                table.remove(&self.digest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_in_use_until_its_last_holder_is_gone() {
        let table = Arc::new(Table::default());
        let free = || table.unless_held("a", || ()).is_some();
        let (first, second) = (table.hold("a"), table.hold("a"));
        let clone = first.clone();
        drop((first, second));
        assert!(!free());
        drop(clone);
        assert!(free());
    }
}
