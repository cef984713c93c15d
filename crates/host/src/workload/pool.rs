//! How instances of a component are used: how many stay warm, how many calls one takes, and when it is ended.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use wasmtime::component::GuestTaskId;
use wasmtime::{Store, StoreContextMut};
use wasmtime_wasi_http::handler::{ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus};

use crate::engine::{GuestMemory, State};

/// What comes along with a request, beside the request itself.
type RequestData = crate::http::Call;

/// How instances of a component are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Warm instances at most; 0: a new one for each call.
    pub size: usize,
    /// Calls after which an instance is replaced; none: never.
    pub max_invocations: Option<usize>,
    /// Calls at a time on one instance.
    pub max_concurrency: usize,
    /// Idle seconds after which a warm instance is given back; none: never.
    pub reclaim_seconds: Option<u64>,
    /// Warm instances that are kept all the same.
    pub reclaim_floor: usize,
}

impl Default for Pool {
    fn default() -> Self {
        Self { size: 0, max_invocations: None, max_concurrency: 1, reclaim_seconds: None, reclaim_floor: 0 }
    }
}

/// How an instance is used.
pub struct Worker {
    pool: Pool,
    timeout: Duration,
}

impl Worker {
    pub(super) fn new(timeout: Duration, pool: Pool) -> Self {
        Self { pool, timeout }
    }
}

impl WorkerState for Worker {
    type StoreData = State;
    type RequestData = RequestData;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        let most = if self.pool.size == 0 { Some(1) } else { self.pool.max_invocations };
        if most.is_some_and(|most| total >= most) {
            ShouldAccept::Never
        } else if concurrent >= self.pool.max_concurrency {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        store: StoreContextMut<'_, State>,
        data: RequestData,
        _task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + 'static + Send + Sync>> {
        let begun = store.data().calls().begin(data);
        let limit = tokio::time::sleep(self.timeout);
        Box::pin(async move {
            let _begun = begun;
            limit.await;
        })
    }

    fn drop(&self, store: Store<State>, result: Result<(), wasmtime::Error>) {
        if let Err(err) = result {
            broken(&store, &err);
        }
    }
}

/// An instance ends in the middle of things. To be told before the store goes: its bodies end then, and would look
/// complete.
pub(super) fn broken(store: &Store<State>, err: &wasmtime::Error) {
    store.data().calls().break_off();
    let part = store.data().part(0);
    tracing::warn!(
        namespace = part.namespace, workload = part.workload, component = part.component, error = %format!("{err:#}"),
        "an instance ended"
    );
}

/// Idle instances of a component in its workload.
pub(super) struct Warm {
    idle: AtomicUsize,
    /// Those of all workloads.
    all: Arc<GuestMemory>,
    /// The workload is gone: nobody will call them any more.
    over: CancellationToken,
}

/// A place among them, given back when dropped.
struct Place {
    warm: Arc<Warm>,
    /// Whether it still counts as one of the workload's.
    counted: bool,
}

impl Warm {
    /// None yet, of one workload among all.
    pub(super) fn new(all: &Arc<GuestMemory>) -> Arc<Self> {
        Arc::new(Self { idle: AtomicUsize::new(0), all: Arc::clone(all), over: CancellationToken::new() })
    }

    /// Tells idle instances to end.
    pub(super) fn over(&self) -> CancellationToken {
        self.over.clone()
    }

    /// A place, unless all are taken.
    fn enter(self: &Arc<Self>, most: usize) -> Option<Place> {
        let more = |idle| (idle < most).then_some(idle + 1);
        self.idle.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        self.all.warm.fetch_add(1, Ordering::Relaxed);
        Some(Place { warm: Arc::clone(self), counted: true })
    }
}

impl Place {
    /// Gives it back unless so many are to stay; two that leave at once do not both count the other.
    fn leave(mut self, floor: usize) -> Result<(), Self> {
        let less = |idle| (idle > floor).then(|| idle - 1);
        if self.warm.idle.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_err() {
            return Err(self);
        }
        self.counted = false;
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.warm.all.warm.fetch_sub(1, Ordering::Relaxed);
        if self.counted {
            self.warm.idle.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// When an instance is ended whatever it does.
pub struct Expiration {
    timeout: Duration,
    pool: Pool,
    warm: Arc<Warm>,
    over: Pin<Box<WaitForCancellationFutureOwned>>,
    /// While the instance is idle.
    place: Option<Place>,
    until: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Expiration {
    pub(super) fn new(timeout: Duration, pool: Pool, warm: &Arc<Warm>) -> Self {
        let over = Box::pin(warm.over().cancelled_owned());
        Self { timeout, pool, warm: Arc::clone(warm), over, place: None, until: None }
    }

    fn until(&mut self, end: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if self.until.as_ref().is_none_or(|(until, _)| *until != end) {
            self.until = Some((end, Box::pin(tokio::time::sleep_until(end.into()))));
        }
        match &mut self.until {
            Some((_, sleep)) => sleep.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

impl WorkerExpiration for Expiration {
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>, status: WorkerStatus, start: Instant) -> Poll<()> {
        if !matches!(status, WorkerStatus::Idle) {
            self.place = None;
            let end = start + self.timeout;
            return self.until(end, cx);
        }
        if self.over.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if self.place.is_none() {
            self.place = self.warm.enter(self.pool.size);
        }
        if self.place.is_none() {
            // As many as the pool holds are warm already, or none is to be.
            return Poll::Ready(());
        }
        let Some(idle) = self.pool.reclaim_seconds else { return Poll::Pending };
        let end = start + Duration::from_secs(idle);
        if self.until(end, cx).is_pending() {
            return Poll::Pending;
        }
        match self.place.take().map(|place| place.leave(self.pool.reclaim_floor)) {
            Some(Err(place)) => {
                // One of those that stay: it is looked at again after as long a time.
                self.place = Some(place);
                self.until = None;
                let later = Instant::now() + Duration::from_secs(idle.max(1));
                self.until(later, cx)
            }
            _ => Poll::Ready(()),
        }
    }
}
