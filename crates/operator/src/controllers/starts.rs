//! Starts under way, how many at a time, and what became of those that failed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// Pauses after failed starts.
const SHORTEST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(45);

/// A workload whose start failed, or was not answered.
#[derive(Clone, Copy, Debug, Default)]
struct Trouble {
    failures: u32,
    next: Option<Instant>,
    unanswered: u32,
}

#[derive(Default)]
struct State {
    /// By the uid of the workload.
    under_way: HashMap<String, CancellationToken>,
    trouble: HashMap<String, Trouble>,
    hosts: HashMap<String, Arc<Semaphore>>,
}

/// All of them.
pub(crate) struct Starts {
    state: Arc<Mutex<State>>,
    total: Arc<Semaphore>,
    each: usize,
}

impl Starts {
    /// So many in total, and so many on each host.
    pub(crate) fn new(total: usize, each: usize) -> Self {
        Self { state: Arc::default(), total: Arc::new(Semaphore::new(total.max(1))), each: each.max(1) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a start, unless one is under way.
    pub(crate) fn begin(&self, workload: &str) -> Option<UnderWay> {
        let mut state = self.lock();
        if state.under_way.contains_key(workload) {
            return None;
        }
        let token = CancellationToken::new();
        state.under_way.insert(workload.to_owned(), token.clone());
        Some(UnderWay { state: Arc::clone(&self.state), workload: workload.to_owned(), token })
    }

    /// Whether a start is under way.
    pub(crate) fn is_under_way(&self, workload: &str) -> bool {
        self.lock().under_way.contains_key(workload)
    }

    /// Ends a start that waits for its turn; one that was sent is not taken back.
    pub(crate) fn cancel(&self, workload: &str) {
        if let Some(token) = self.lock().under_way.get(workload) {
            token.cancel();
        }
    }

    /// Waits for a turn on a host.
    pub(crate) async fn turn(&self, host: &str) -> Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)> {
        let own = {
            let mut state = self.lock();
            Arc::clone(state.hosts.entry(host.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.each))))
        };
        // First the host's: who waits for a slow host holds nothing that others need.
        let own = own.acquire_owned().await.ok()?;
        let total = Arc::clone(&self.total).acquire_owned().await.ok()?;
        Some((own, total))
    }

    /// A start failed: how long to wait before the next.
    pub(crate) fn failed(&self, workload: &str) -> Duration {
        let mut state = self.lock();
        let trouble = state.trouble.entry(workload.to_owned()).or_default();
        let pause = SHORTEST.saturating_mul(2_u32.saturating_pow(trouble.failures.min(8))).min(LONGEST);
        trouble.failures += 1;
        trouble.unanswered = 0;
        trouble.next = Some(Instant::now() + pause);
        pause
    }

    /// How long a workload whose start failed has to wait yet.
    pub(crate) fn pause(&self, workload: &str) -> Option<Duration> {
        let next = self.lock().trouble.get(workload)?.next?;
        Some(next.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }

    /// What a workload needs changed: the next start need not wait.
    pub(crate) fn forgive(&self, workload: &str) {
        if let Some(trouble) = self.lock().trouble.get_mut(workload) {
            trouble.next = None;
        }
    }

    /// A question about a start was not answered; how often in a row.
    pub(crate) fn unanswered(&self, workload: &str) -> u32 {
        let mut state = self.lock();
        let trouble = state.trouble.entry(workload.to_owned()).or_default();
        trouble.unanswered += 1;
        trouble.unanswered
    }

    /// It runs, or is no more.
    pub(crate) fn settled(&self, workload: &str) {
        self.lock().trouble.remove(workload);
    }

    /// A host is no more.
    pub(crate) fn host_gone(&self, host: &str) {
        self.lock().hosts.remove(host);
    }
}

/// A start under way; it ends when this is dropped.
pub(crate) struct UnderWay {
    state: Arc<Mutex<State>>,
    workload: String,
    /// Somebody wants it ended.
    pub(crate) token: CancellationToken,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).under_way.remove(&self.workload);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn starts_are_capped_for_each_host_and_in_total() {
        let starts = Starts::new(3, 2);
        let first = starts.turn("a").await.unwrap();
        let _second = starts.turn("a").await.unwrap();
        let soon = Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, starts.turn("a")).await.is_err(), "two on one host");
        let _third = starts.turn("b").await.unwrap();
        assert!(tokio::time::timeout(soon, starts.turn("c")).await.is_err(), "three in total");
        drop(first);
        assert!(tokio::time::timeout(soon, starts.turn("c")).await.is_ok());
    }

    #[test]
    fn a_start_is_under_way_once() {
        let starts = Starts::new(1, 1);
        let first = starts.begin("w").unwrap();
        assert!(starts.begin("w").is_none());
        drop(first);
        assert!(starts.begin("w").is_some());
    }

    #[test]
    fn failures_pause_longer_each_time_until_what_was_missing_comes() {
        let starts = Starts::new(1, 1);
        let pauses: Vec<_> = (0..7).map(|_| starts.failed("w").as_secs()).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 32, 45, 45]);
        assert!(starts.pause("w").is_some());
        starts.forgive("w");
        assert_eq!(starts.pause("w"), None);
    }
}
