//! Serves the requests of one workload's component: instances as its pool says, each request within its time.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;
use wasmtime::component::GuestTaskId;
use wasmtime::{Store, StoreContextMut};
use wasmtime_wasi_http::handler::{HandlerState, Instance, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus};

use super::{Part, Pool};
use crate::engine::{Compiled, Engine, GuestLimits, GuestMemory, State};

/// Nothing: what a request needs, its store has.
pub type RequestData = ();

/// What all handlers of a host share.
#[derive(Clone)]
pub struct HandlerOptions {
    /// The engine of the host.
    pub engine: Arc<Engine>,
    /// Memory of all guests.
    pub memory: Arc<GuestMemory>,
    /// Largest linear memory of one guest, in bytes.
    pub guest_memory: usize,
    /// Time for a request, until its response begins.
    pub request_timeout: Duration,
}

/// Makes instances of one component for one workload.
pub struct Handler {
    options: HandlerOptions,
    compiled: Arc<Compiled>,
    part: Arc<Part>,
}

impl Handler {
    /// A handler; the component must serve HTTP.
    pub fn new(options: HandlerOptions, compiled: Arc<Compiled>, part: Arc<Part>) -> Self {
        Self { options, compiled, part }
    }
}

impl HandlerState for Handler {
    type StoreData = State;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, Expiration, Worker>> {
        let http = self.compiled.http.as_ref().ok_or_else(|| wasmtime::format_err!("the component serves no HTTP"))?;
        let limits = GuestLimits::new(Arc::clone(&self.options.memory), self.options.guest_memory);
        let mut store = Store::new(&self.options.engine.wasmtime, State::new(&self.part, limits));
        store.limiter(|state| &mut state.limits);
        // At each tick a busy guest makes way; whether its time is up is looked at from outside. The first tick is one from
        // now: a store begins at the engine's very first one, and would make way before it did anything.
        store.epoch_deadline_async_yield_and_update(1);
        store.set_epoch_deadline(1);
        let timeout = self.options.request_timeout;
        let proxy = tokio::time::timeout(timeout, http.pre.instantiate_async(&mut store))
            .await
            .map_err(|_| wasmtime::format_err!("the component did not start within {} s", timeout.as_secs()))??;
        Ok(Instance {
            store,
            proxy,
            view: wasmtime_wasi_http::WasiHttpView::http,
            expiration: Expiration::new(timeout, self.part.pool),
            state: Worker { pool: self.part.pool, timeout },
        })
    }
}

/// How an instance is used.
pub struct Worker {
    pool: Pool,
    timeout: Duration,
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
        _store: StoreContextMut<'_, State>,
        _data: RequestData,
        _task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + 'static + Send + Sync>> {
        Box::pin(tokio::time::sleep(self.timeout))
    }

    fn drop(&self, store: Store<State>, result: Result<(), wasmtime::Error>) {
        if let Err(err) = result {
            let part = &store.data().part;
            tracing::warn!(
                namespace = part.namespace, workload = part.workload, component = part.component,
                error = %format!("{err:#}"), "an instance ended"
            );
        }
    }
}

/// When an instance is ended whatever it does.
pub struct Expiration {
    timeout: Duration,
    idle: Option<Duration>,
    until: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Expiration {
    fn new(timeout: Duration, pool: Pool) -> Self {
        let idle = if pool.size == 0 { Some(Duration::ZERO) } else { pool.reclaim_seconds.map(Duration::from_secs) };
        Self { timeout, idle, until: None }
    }
}

impl WorkerExpiration for Expiration {
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>, status: WorkerStatus, start: Instant) -> Poll<()> {
        let limit = match status {
            WorkerStatus::Idle => self.idle,
            WorkerStatus::Requests | WorkerStatus::PostReturn => Some(self.timeout),
        };
        let Some(limit) = limit else { return Poll::Pending };
        let end = start + limit;
        if self.until.as_ref().is_none_or(|(until, _)| *until != end) {
            self.until = Some((end, Box::pin(tokio::time::sleep_until(end.into()))));
        }
        match &mut self.until {
            Some((_, sleep)) => sleep.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}
