//! The same work asked for at the same time is done once.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex},
};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};

use super::in_use::lock;

type Work<T> = BoxFuture<'static, T>;
type Running<K, T> = Mutex<State<K, T>>;

struct State<K, T> {
    next: u64,
    running: BTreeMap<K, (u64, WeakShared<Work<T>>)>,
}

/// Work that is under way, by key. It belongs to those who wait for it: one that goes away leaves it to the others, and
/// with the last it ends.
pub(super) struct Flights<K: Ord, T: Clone>(Arc<Running<K, T>>);

impl<K: Ord, T: Clone> Default for Flights<K, T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State { next: 0, running: BTreeMap::new() })))
    }
}

/// Takes work off the list when it is done or given up.
struct Landing<K: Ord, T: Clone> {
    key: K,
    number: u64,
    flights: Arc<Running<K, T>>,
}

impl<K: Ord, T: Clone> Drop for Landing<K, T> {
    fn drop(&mut self) {
        let mut state = lock(&self.flights);
        // Given up and begun anew in between, the entry is the other's.
        if state.running.get(&self.key).is_some_and(|(number, _)| *number == self.number) {
            state.running.remove(&self.key);
        }
    }
}

impl<K, T> Flights<K, T>
where
    K: Ord + Clone + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Waits for the work of a key, which is begun if nobody has.
    pub(super) fn join<F>(&self, key: K, begin: impl FnOnce() -> F) -> Shared<Work<T>>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut state = lock(&self.0);
        if let Some(work) = state.running.get(&key).and_then(|(_, work)| work.upgrade()) {
            return work;
        }
        let number = state.next;
        state.next += 1;
        let landing = Landing { key: key.clone(), number, flights: self.0.clone() };
        let work = begin();
        let work = async move {
            let outcome = work.await;
            // Before the outcome can be seen: who comes now begins anew.
            drop(landing);
            outcome
        };
        let work = work.boxed().shared();
        if let Some(weak) = work.downgrade() {
            state.running.insert(key, (number, weak));
        }
        work
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use super::*;

    struct Count(Arc<AtomicUsize>, Arc<AtomicUsize>);

    impl Count {
        fn begin(&self) -> impl Future<Output = usize> + Send + use<> {
            let (begun, done) = (self.0.clone(), self.1.clone());
            async move {
                let number = begun.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(300)).await;
                done.fetch_add(1, Ordering::SeqCst);
                number
            }
        }
    }

    #[tokio::test]
    async fn work_is_shared_and_begun_anew_afterwards() {
        let (flights, count) = (Flights::<&str, usize>::default(), Count(Arc::default(), Arc::default()));
        let (a, b) = (flights.join("k", || count.begin()), flights.join("k", || count.begin()));
        let other = flights.join("other", || count.begin());
        assert_eq!(futures::join!(a, b, other), (0, 0, 1));
        assert_eq!(flights.join("k", || count.begin()).await, 2);
        assert!(lock(&flights.0).running.is_empty());
    }

    #[tokio::test]
    async fn a_waiter_that_goes_away_leaves_the_work_to_the_others() {
        let (flights, count) = (Flights::<&str, usize>::default(), Count(Arc::default(), Arc::default()));
        let (first, second) = (flights.join("k", || count.begin()), flights.join("k", || count.begin()));
        let _ = tokio::time::timeout(Duration::from_millis(20), first).await.unwrap_err();
        assert_eq!(second.await, 0);
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn with_the_last_waiter_the_work_ends() {
        let (flights, count) = (Flights::<&str, usize>::default(), Count(Arc::default(), Arc::default()));
        let only = flights.join("k", || count.begin());
        let _ = tokio::time::timeout(Duration::from_millis(20), only).await.unwrap_err();
        assert!(lock(&flights.0).running.is_empty());
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!((count.0.load(Ordering::SeqCst), count.1.load(Ordering::SeqCst)), (1, 0));
    }
}
