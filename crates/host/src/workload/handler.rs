//! Makes the instances that serve the requests of one workload's component.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use wasmtime::Store;
use wasmtime_wasi_http::handler::{HandlerState, Instance, Proxy, ProxyHandler, Request, Response};

use super::pool::{Expiration, Warm, Worker};
use super::{Part, Pool, Work, once};
use crate::engine::{Compiled, Engine, GuestLimits, GuestMemory, State};
use crate::http::Call;

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
    /// The component that serves, and those it is linked to.
    parts: Vec<Arc<Part>>,
    pool: Pool,
    warm: Arc<Warm>,
}

impl Handler {
    /// A handler; the component must serve HTTP. The first of `parts` is the component itself.
    pub fn new(options: HandlerOptions, compiled: Arc<Compiled>, parts: Vec<Arc<Part>>) -> Self {
        let pool = parts.first().map(|part| part.pool).unwrap_or_default();
        let warm = Warm::new(&options.memory);
        Self { options, compiled, parts, pool, warm }
    }

    /// Ends idle instances once it is cancelled.
    pub fn over(&self) -> CancellationToken {
        self.warm.over()
    }

    /// Time for a request, until its response begins.
    pub(super) fn timeout(&self) -> Duration {
        self.options.request_timeout
    }

    /// Whether others find room though an instance is freed later than it could be.
    pub(super) fn has_room(&self) -> bool {
        self.options.memory.has_room() && self.options.engine.has_room()
    }

    /// A new instance, and its store.
    pub(super) async fn instance(&self) -> wasmtime::Result<(Store<State>, Proxy)> {
        let http = self.compiled.http.as_ref().ok_or_else(|| wasmtime::format_err!("the component serves no HTTP"))?;
        let mut store = self.options.store(&self.parts)?;
        let timeout = self.timeout();
        let proxy = tokio::time::timeout(timeout, http.instantiate_async(&mut store))
            .await
            .map_err(|_| wasmtime::format_err!("the component did not start within {} s", timeout.as_secs()))??;
        Ok((store, proxy))
    }
}

/// Who calls a component.
pub enum Caller {
    /// On instances that are kept, each a task that takes one call after the other.
    Kept(ProxyHandler<Handler>),
    /// Each call on an instance of its own.
    Once(Arc<Handler>),
}

impl Caller {
    /// As the component's pool says.
    pub fn new(handler: Handler) -> Self {
        if handler.pool.size == 0 { Self::Once(Arc::new(handler)) } else { Self::Kept(ProxyHandler::new(handler)) }
    }

    /// Calls it: the answer, and what the instance still has to do if no task of its own does that. Not to be polled by
    /// an instance: wasmtime runs none within another.
    pub async fn call(&self, call: Call, request: Request) -> wasmtime::Result<(Response, Option<Work>)> {
        match self {
            Self::Kept(handler) => handler.handle(call, request).await.map(|response| (response, None)),
            Self::Once(handler) => {
                once::call(handler, call, request).await.map(|(response, work)| (response, Some(work)))
            }
        }
    }
}

impl HandlerOptions {
    /// A store for an instance of a component, the first of `parts`, and those it is linked to.
    pub fn store(&self, parts: &[Arc<Part>]) -> wasmtime::Result<Store<State>> {
        // One memory cannot be told from another when it grows, so the most generous of the parts decides.
        let memory = parts.iter().map(|part| part.memory.unwrap_or(self.guest_memory)).max();
        let memory = memory.map_or(self.guest_memory, |memory| memory.min(self.guest_memory));
        let limits = GuestLimits::new(Arc::clone(&self.memory), memory);
        let mut store = Store::new(&self.engine.wasmtime, State::new(parts, limits)?);
        store.limiter(|state| &mut state.limits);
        // At each tick a busy guest makes way; whether its time is up is looked at from outside. The first tick is one from
        // now: a store begins at the engine's very first one, and would make way before it did anything.
        store.epoch_deadline_async_yield_and_update(1);
        store.set_epoch_deadline(1);
        Ok(store)
    }
}

impl HandlerState for Handler {
    type StoreData = State;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, Expiration, Worker>> {
        let (store, proxy) = self.instance().await?;
        let timeout = self.timeout();
        Ok(Instance {
            store,
            proxy,
            view: wasmtime_wasi_http::WasiHttpView::http,
            expiration: Expiration::new(timeout, self.pool, &self.warm),
            state: Worker::new(timeout, self.pool),
        })
    }
}
