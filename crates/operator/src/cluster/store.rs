//! What the cluster holds of one kind, as far as it is known here.
//!
//! Watches fill a store, and so do the answers to our own writes: whoever wrote something reads it back at once, and does
//! not decide by what was there before. What comes later from the watch and is older than that is left out. So is the answer to a
//! write that is slower than the news that its object is gone: nobody would take that one out again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use kube::Resource;

use super::Key;

/// How many that are gone are remembered: more than there can be answers under way.
const GONE: usize = 4096;

/// The objects of one kind.
pub struct Store<K> {
    known: RwLock<Known<K>>,
}

impl<K> Default for Store<K> {
    fn default() -> Self {
        let known = Known { objects: BTreeMap::new(), gone: Gone::default() };
        Self { known: RwLock::new(known) }
    }
}

struct Known<K> {
    objects: BTreeMap<Key, Arc<K>>,
    gone: Gone,
}

/// The uids of objects that are gone, the oldest first. No uid comes back.
#[derive(Default)]
struct Gone {
    order: VecDeque<String>,
    uids: BTreeSet<String>,
}

impl Gone {
    fn remember(&mut self, uid: Option<&String>) {
        let Some(uid) = uid else { return };
        if self.uids.insert(uid.clone()) {
            self.order.push_back(uid.clone());
        }
        if self.order.len() > GONE
            && let Some(oldest) = self.order.pop_front()
        {
            self.uids.remove(&oldest);
        }
    }

    fn holds(&self, uid: Option<&String>) -> bool {
        uid.is_some_and(|uid| self.uids.contains(uid))
    }
}

impl<K: Resource<DynamicType = ()>> Store<K> {
    fn read(&self) -> RwLockReadGuard<'_, Known<K>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known<K>> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// One object.
    pub fn get(&self, key: &Key) -> Option<Arc<K>> {
        self.read().objects.get(key).cloned()
    }

    /// All objects.
    pub fn all(&self) -> Vec<Arc<K>> {
        self.read().objects.values().cloned().collect()
    }

    /// The objects of a namespace.
    pub fn within(&self, namespace: &str) -> Vec<Arc<K>> {
        let known = self.read();
        let from = Bound::Included(Key::new(namespace, ""));
        let rest = known.objects.range((from, Bound::Unbounded));
        rest.take_while(|(key, _)| key.namespace == namespace).map(|(_, object)| Arc::clone(object)).collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.read().objects.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.read().objects.is_empty()
    }

    /// Takes an object in, unless a newer one is there or it is gone.
    pub fn put(&self, object: K) -> Arc<K> {
        let mut known = self.write();
        if known.gone.holds(object.meta().uid.as_ref()) {
            return Arc::new(object);
        }
        let objects = &mut known.objects;
        let key = Key::of(&object);
        if let Some(known) = objects.get(&key).filter(|known| version(known.meta()) > version(object.meta())) {
            return Arc::clone(known);
        }
        let object = Arc::new(object);
        objects.insert(key, Arc::clone(&object));
        object
    }

    /// Takes an object out that is gone; another one of that name, that has come since, stays.
    pub fn remove(&self, object: &K) {
        let mut known = self.write();
        known.gone.remember(object.meta().uid.as_ref());
        let objects = &mut known.objects;
        let key = Key::of(object);
        if objects.get(&key).is_some_and(|known| known.meta().uid == object.meta().uid) {
            objects.remove(&key);
        }
    }

    /// Forgets a namespace.
    pub(super) fn forget(&self, namespace: &str) {
        self.write().objects.retain(|key, _| key.namespace != namespace);
    }

    /// What a watch of a namespace (`None`: of all) found when it listed anew. Returns what is gone since.
    pub fn retain(&self, namespace: Option<&str>, listed: &BTreeSet<Key>) -> Vec<Arc<K>> {
        let mut gone = Vec::new();
        self.write().objects.retain(|key, object| {
            let keeps = namespace.is_some_and(|namespace| key.namespace != namespace) || listed.contains(key);
            if !keeps {
                gone.push(Arc::clone(object));
            }
            keeps
        });
        gone
    }
}

/// Kubernetes promises since 1.35 what has always been so: versions are numbers that grow.
fn version(meta: &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta) -> u64 {
    meta.resource_version.as_deref().and_then(|text| text.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

    use super::*;

    fn map(namespace: &str, name: &str, version: &str) -> ConfigMap {
        ConfigMap {
            metadata: ObjectMeta {
                namespace: Some(namespace.into()),
                name: Some(name.into()),
                uid: Some(format!("{namespace}-{name}")),
                resource_version: Some(version.into()),
                ..ObjectMeta::default()
            },
            ..ConfigMap::default()
        }
    }

    #[test]
    fn what_was_written_is_not_overtaken_by_what_was_before() {
        let store = Store::default();
        store.put(map("a", "x", "10"));
        store.put(map("a", "x", "9"));
        let version =
            |store: &Store<ConfigMap>| store.get(&Key::new("a", "x")).unwrap().metadata.resource_version.clone();
        assert_eq!(version(&store).as_deref(), Some("10"));
        store.put(map("a", "x", "11"));
        assert_eq!(version(&store).as_deref(), Some("11"));
        let another = ConfigMap {
            metadata: ObjectMeta { uid: Some("other".into()), ..map("a", "x", "1").metadata },
            ..ConfigMap::default()
        };
        store.remove(&another);
        assert_eq!(store.len(), 1, "one of that name came since");
    }

    #[test]
    fn an_answer_that_comes_after_the_end_brings_nothing_back() {
        let store = Store::default();
        store.put(map("a", "x", "10"));
        store.remove(&map("a", "x", "12"));
        store.put(map("a", "x", "11"));
        assert!(store.is_empty());
        let mut next = map("a", "x", "13");
        next.metadata.uid = Some("another".into());
        store.put(next);
        assert_eq!(store.len(), 1, "one of the same name is another one");
        for number in 0..2 * GONE {
            store.remove(&map("b", &number.to_string(), "1"));
        }
        assert_eq!(store.read().gone.uids.len(), GONE);
    }

    #[test]
    fn a_list_of_one_namespace_says_nothing_of_others() {
        let store = Store::default();
        for (namespace, name) in [("a", "x"), ("a", "y"), ("b", "x")] {
            store.put(map(namespace, name, "1"));
        }
        assert_eq!(store.within("a").len(), 2);
        let gone = store.retain(Some("a"), &BTreeSet::from([Key::new("a", "y")]));
        assert_eq!(gone.iter().map(|object| Key::of(&**object)).collect::<Vec<_>>(), [Key::new("a", "x")]);
        assert_eq!(store.len(), 2);
    }
}
