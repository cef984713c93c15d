//! Objects to look at: each once, never twice at the same time, and those that failed after a pause that grows.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What is to come after a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing until something changes.
    Wait,
    /// Another look then.
    After(Duration),
    /// It failed: another look, later each time.
    Failed,
}

/// Pauses after failures.
const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_mins(1);
/// A change of an object that fails is looked at after this at the soonest: its own status is such a change.
const FLOOR: Duration = Duration::from_secs(1);

/// The queue of one controller.
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    wake: Notify,
}

struct State<T> {
    ready: VecDeque<T>,
    entries: BTreeMap<T, Entry>,
}

#[derive(Default)]
struct Entry {
    place: Place,
    failures: u32,
    /// Not looked at before this.
    floor: Option<Instant>,
}

#[derive(Default)]
enum Place {
    /// Nothing is to be done.
    #[default]
    Nowhere,
    /// In the line.
    Ready,
    /// To come into the line.
    At(Instant),
    /// Being looked at; whether and when again.
    Busy(Option<Instant>),
}

impl<T: Clone + Ord + Send + Sync + 'static> Queue<T> {
    pub(crate) fn new() -> Arc<Self> {
        let state = State { ready: VecDeque::new(), entries: BTreeMap::new() };
        Arc::new(Self { state: Mutex::new(state), wake: Notify::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something changed: a look at once.
    pub(crate) fn add(&self, key: T) {
        self.add_after(key, Duration::ZERO);
    }

    /// A look within that time; several of them are one.
    pub(crate) fn add_after(&self, key: T, delay: Duration) {
        let mut state = self.lock();
        let entry = state.entries.entry(key.clone()).or_default();
        let now = Instant::now();
        let at = (now + delay).max(entry.floor.unwrap_or(now));
        match entry.place {
            Place::Ready => return,
            Place::Busy(again) => {
                entry.place = Place::Busy(Some(again.map_or(at, |again| again.min(at))));
                return;
            }
            Place::At(known) if known <= at => return,
            Place::At(_) | Place::Nowhere if at > now => entry.place = Place::At(at),
            Place::At(_) | Place::Nowhere => {
                entry.place = Place::Ready;
                state.ready.push_back(key);
            }
        }
        drop(state);
        self.wake.notify_one();
    }

    /// How many wait in the line.
    pub(crate) fn len(&self) -> usize {
        self.lock().ready.len()
    }

    /// The next one, or when to look again.
    fn take(&self) -> Result<T, Option<Instant>> {
        let mut state = self.lock();
        let State { ready, entries } = &mut *state;
        let now = Instant::now();
        if ready.is_empty() {
            // A look through all of them, once for each moment at which one is due.
            let mut next = None;
            for (key, entry) in entries.iter_mut() {
                if let Place::At(at) = entry.place {
                    if at <= now {
                        entry.place = Place::Ready;
                        ready.push_back(key.clone());
                    } else {
                        next = Some(next.map_or(at, |next: Instant| next.min(at)));
                    }
                }
            }
            if ready.is_empty() {
                return Err(next);
            }
        }
        let key = ready.pop_front().ok_or(None)?;
        if let Some(entry) = entries.get_mut(&key) {
            entry.place = Place::Busy(None);
        }
        Ok(key)
    }

    fn done(&self, key: &T, next: Next) {
        let mut state = self.lock();
        let Some(entry) = state.entries.get_mut(key) else { return };
        let Place::Busy(again) = std::mem::take(&mut entry.place) else { return };
        let now = Instant::now();
        let own = match next {
            Next::Wait => None,
            Next::After(pause) => Some(now + pause),
            Next::Failed => Some(now + pause(entry.failures)),
        };
        if next == Next::Failed {
            entry.failures += 1;
            entry.floor = Some(now + FLOOR);
        } else {
            entry.failures = 0;
            entry.floor = None;
        }
        let asked = again.map(|again| again.max(entry.floor.unwrap_or(again)));
        match [own, asked].into_iter().flatten().min() {
            None => _ = state.entries.remove(key),
            Some(at) if at <= now => {
                entry.place = Place::Ready;
                state.ready.push_back(key.clone());
            }
            Some(at) => entry.place = Place::At(at),
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Looks at what comes, so many at a time, until `stop`; what is being looked at then is finished.
    pub(crate) async fn run<F>(self: Arc<Self>, at_a_time: usize, stop: CancellationToken, look: impl Fn(T) -> F)
    where
        F: Future<Output = Next> + Send + 'static,
    {
        let mut running = JoinSet::new();
        loop {
            while running.try_join_next().is_some() {}
            if stop.is_cancelled() {
                break;
            }
            if running.len() >= at_a_time {
                running.join_next().await;
                continue;
            }
            match self.take() {
                Ok(key) => {
                    let (queue, looking) = (Arc::clone(&self), look(key.clone()));
                    running.spawn(async move {
                        // A look that panics has failed; its key must not be busy for ever.
                        let guard = Guard { queue, key: Some(key) };
                        let next = looking.await;
                        guard.finish(next);
                    });
                }
                Err(next) => {
                    let due = async {
                        match next {
                            Some(at) => tokio::time::sleep_until(at).await,
                            None => std::future::pending().await,
                        }
                    };
                    tokio::select! {
                        () = self.wake.notified() => {}
                        () = due => {}
                        () = stop.cancelled() => {}
                    }
                }
            }
        }
        while running.join_next().await.is_some() {}
    }
}

/// What is being looked at.
struct Guard<T: Clone + Ord + Send + Sync + 'static> {
    queue: Arc<Queue<T>>,
    key: Option<T>,
}

impl<T: Clone + Ord + Send + Sync + 'static> Guard<T> {
    fn finish(mut self, next: Next) {
        if let Some(key) = self.key.take() {
            self.queue.done(&key, next);
        }
    }
}

impl<T: Clone + Ord + Send + Sync + 'static> Drop for Guard<T> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.queue.done(&key, Next::Failed);
        }
    }
}

fn pause(failures: u32) -> Duration {
    SHORTEST.saturating_mul(2_u32.saturating_pow(failures.min(8))).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Seen = Arc<Mutex<Vec<(&'static str, u64)>>>;

    /// Runs a queue for some seconds of a clock that stands still between them, and says who was looked at when.
    async fn run(
        queue: &Arc<Queue<&'static str>>,
        seconds: u64,
        next: impl Fn(&str, usize) -> Next,
    ) -> Vec<(&'static str, u64)> {
        let (seen, began, stop) = (Seen::default(), Instant::now(), CancellationToken::new());
        let next = Arc::new(next);
        let looking = Arc::clone(queue).run(4, stop.clone(), |key| {
            let mut all = seen.lock().unwrap();
            all.push((key, u64::try_from(began.elapsed().as_millis()).unwrap()));
            let times = all.iter().filter(|(other, _)| *other == key).count();
            std::future::ready(next(key, times))
        });
        let ending = async {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            stop.cancel();
        };
        tokio::join!(looking, ending);
        seen.lock().unwrap().clone()
    }

    #[tokio::test(start_paused = true)]
    async fn several_changes_are_one_look_and_the_earliest_time_counts() {
        let queue = Queue::new();
        queue.add("a");
        queue.add("a");
        queue.add_after("b", Duration::from_secs(5));
        queue.add_after("b", Duration::from_secs(2));
        queue.add_after("b", Duration::from_secs(9));
        assert_eq!(run(&queue, 20, |_, _| Next::Wait).await, [("a", 0), ("b", 2000)]);
        assert!(queue.lock().entries.is_empty(), "nothing is kept of what is done");
    }

    #[tokio::test(start_paused = true)]
    async fn failures_pause_longer_each_time_and_a_success_forgets_them() {
        let queue = Queue::new();
        queue.add("a");
        let seen = run(&queue, 600, |_, times| if times < 12 { Next::Failed } else { Next::Wait }).await;
        let pauses: Vec<_> = seen.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
        assert_eq!(pauses[..4], [500, 1000, 2000, 4000]);
        assert_eq!(pauses[10], 60_000);
        assert!(queue.lock().entries.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn changes_of_what_fails_are_looked_at_once_a_second_at_most() {
        let queue = Queue::new();
        queue.add("a");
        let own = Arc::clone(&queue);
        // Each look writes a status, which is a change.
        let seen = run(&queue, 10, move |key, _| {
            own.add(if key == "a" { "a" } else { "b" });
            Next::Failed
        })
        .await;
        assert!((8..=12).contains(&seen.len()), "{seen:?}");
    }

    #[tokio::test]
    async fn nothing_is_looked_at_twice_at_the_same_time() {
        let queue = Queue::new();
        let stop = CancellationToken::new();
        let (busy, most) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
        let running = {
            let (queue, busy, most, stop) = (Arc::clone(&queue), Arc::clone(&busy), Arc::clone(&most), stop.clone());
            tokio::spawn(Arc::clone(&queue).run(4, stop, move |_: &'static str| {
                let (busy, most) = (Arc::clone(&busy), Arc::clone(&most));
                async move {
                    *busy.lock().unwrap() += 1;
                    let now = *busy.lock().unwrap();
                    {
                        let mut highest = most.lock().unwrap();
                        *highest = now.max(*highest);
                    }
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    *busy.lock().unwrap() -= 1;
                    Next::Wait
                }
            }))
        };
        for _ in 0..50 {
            queue.add("a");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        stop.cancel();
        running.await.unwrap();
        assert_eq!(*most.lock().unwrap(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_panics_has_failed() {
        let queue = Queue::new();
        queue.add("a");
        let stop = CancellationToken::new();
        let times = Arc::new(Mutex::new(0));
        let count = Arc::clone(&times);
        let running = tokio::spawn(Arc::clone(&queue).run(4, stop.clone(), move |_: &'static str| {
            let count = Arc::clone(&count);
            async move {
                *count.lock().unwrap() += 1;
                assert!(*count.lock().unwrap() > 1, "the first look");
                Next::Wait
            }
        }));
        tokio::time::sleep(Duration::from_secs(5)).await;
        stop.cancel();
        running.await.unwrap();
        assert_eq!(*times.lock().unwrap(), 2);
    }
}
