//! A call on an instance of its own, which serves no other.
//!
//! What `ProxyHandler` does for instances that are kept, without its queue and without a task that has to be woken for an answer.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, ready};
use std::time::Duration;

use futures::channel::oneshot;
use tokio::time::{Instant, sleep};
use wasmtime::component::Accessor;
use wasmtime::{AsContextMut as _, Store};
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::handler::{
    ExpirationError, InstantiationError, Prepared, Proxy, Request, Response, TrapOrPanicError,
};

use super::handler::Handler;
use super::pool::broken;
use super::work::Work;
use crate::engine::State;
use crate::http::Call;

type Answer = oneshot::Sender<wasmtime::Result<Response>>;

/// Calls a new instance: its answer, and what it still has to do then.
pub(super) async fn call(handler: &Arc<Handler>, call: Call, request: Request) -> wasmtime::Result<(Response, Work)> {
    let (answer, mut answered) = oneshot::channel();
    let mut work = Work::new(serve(Arc::clone(handler), call, request, answer));
    poll_fn(|cx| {
        work.turn();
        let response = match answered.try_recv() {
            Ok(None) => {
                work.wait(cx);
                return Poll::Pending;
            }
            Ok(Some(Ok(response))) => Ok(response),
            // A guest that ended in the middle tells less by that than how it came to it.
            Ok(Some(Err(err))) => Err(work.failure().unwrap_or(err)),
            Err(_) => Err(work.failure().unwrap_or_else(|| TrapOrPanicError.into())),
        };
        Poll::Ready(response)
    })
    .await
    .map(|response| (response, work))
}

/// All that the instance does, from its beginning to its end.
async fn serve(handler: Arc<Handler>, call: Call, request: Request, answer: Answer) -> wasmtime::Result<()> {
    let (store, proxy) = match handler.instance().await {
        Ok(made) => made,
        Err(error) => {
            let (request, error) = (Mutex::new(request), Arc::new(error));
            _ = answer.send(Err(InstantiationError { request_data: call, request, error }.into()));
            return Ok(());
        }
    };
    let mut instance = Instance { store, over: false };
    let result = run(&mut instance.store, &proxy, handler.timeout(), call, request, answer).await;
    if let Err(err) = &result {
        broken(&instance.store, err);
    }
    instance.over = true;
    // To free an instance takes as long as many a guest: the answer leaves first, unless the next call may need the room.
    // What failed is told at once.
    if result.is_ok() && handler.has_room() {
        next_turn().await;
    }
    result
}

/// Ready at the next turn.
async fn next_turn() {
    let mut now = false;
    poll_fn(|cx| {
        if now {
            return Poll::Ready(());
        }
        now = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Its call, and what it does afterwards, both in as much time as a request has.
async fn run(
    store: &mut Store<State>,
    proxy: &Proxy,
    timeout: Duration,
    call: Call,
    request: Request,
    answer: Answer,
) -> wasmtime::Result<()> {
    let begin = Instant::now();
    let returned = AtomicBool::new(false);
    let function = async |accessor: &Accessor<State>| {
        let (prepared, begun) = accessor.with(|mut store| {
            let prepared = Prepared::new(store.as_context_mut(), proxy, request, State::http, answer)?;
            wasmtime::error::Ok((prepared, store.data_mut().calls().begin(call)))
        })?;
        // Whoever polls from outside does so when the time is up.
        let late = poll_fn(|_| if begin.elapsed() < timeout { Poll::Pending } else { Poll::Ready(()) });
        prepared.run(accessor, late).await?;
        drop(begun);
        returned.store(true, Ordering::Relaxed);
        poll_fn(|cx| accessor.poll_no_interesting_tasks(cx)).await;
        Ok(())
    };
    let mut running = pin!(store.run_concurrent(function));
    // Nothing inside is polled while the guest computes, or waits in a call of the host that has the store for itself. So
    // the time is kept out here, where each tick of the epoch leads to.
    let mut limit = pin!(sleep(timeout));
    let mut after = false;
    poll_fn(|cx| {
        if let Poll::Ready(ended) = running.as_mut().poll(cx) {
            return Poll::Ready(ended.flatten());
        }
        if !after && returned.load(Ordering::Relaxed) {
            after = true;
            limit.as_mut().reset(Instant::now() + timeout);
        }
        ready!(limit.as_mut().poll(cx));
        Poll::Ready(Err(ExpirationError.into()))
    })
    .await
}

/// An instance that is dropped before its end, because of a panic or with the whole host, has not answered completely.
struct Instance {
    store: Store<State>,
    over: bool,
}

impl Drop for Instance {
    fn drop(&mut self) {
        if !self.over {
            broken(&self.store, &wasmtime::format_err!("it was dropped in the middle"));
        }
    }
}
