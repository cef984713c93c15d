//! An instance at work, polled by whoever waits for its answer.
//!
//! A task of its own would cost more than many a guest needs: two threads are woken for each answer, one that works and
//! one that hears of it. So the instance runs where its request came in, and becomes a task of its own only when nobody
//! waits for it any more and it still has something to do.

use std::mem;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures::FutureExt as _;
use tokio::runtime::Handle;
use wasmtime_wasi_http::handler::TrapOrPanicError;

type Ends = Pin<Box<dyn Future<Output = wasmtime::Result<()>> + Send>>;

/// What an instance still has to do. It goes on when this is dropped, whoever waited for it.
pub struct Work {
    /// None once it ended.
    rest: Option<Ends>,
    bell: Arc<Bell>,
    /// How it ended, if badly.
    failure: Option<wasmtime::Error>,
}

impl Work {
    /// Work that has not begun. A panic in it is a failure of it, and of nobody who polls it.
    pub(super) fn new(work: impl Future<Output = wasmtime::Result<()>> + Send + 'static) -> Self {
        let work = AssertUnwindSafe(work).catch_unwind();
        let work = work.map(|ended| ended.unwrap_or_else(|_| Err(TrapOrPanicError.into())));
        Self { rest: Some(Box::pin(work)), bell: Arc::default(), failure: None }
    }

    /// Lets it go on, if there is something it can go on with; whether there was.
    pub(crate) fn turn(&mut self) -> bool {
        let Some(rest) = &mut self.rest else { return false };
        if !self.bell.silence() {
            return false;
        }
        let waker = Waker::from(Arc::clone(&self.bell));
        if let Poll::Ready(ended) = rest.as_mut().poll(&mut Context::from_waker(&waker)) {
            self.rest = None;
            self.failure = ended.err();
        }
        true
    }

    /// Waits until it can go on.
    pub(super) fn wait(&self, cx: &Context<'_>) {
        self.bell.wait(cx.waker());
    }

    /// Why it ended, if badly.
    pub(super) fn failure(&mut self) -> Option<wasmtime::Error> {
        self.failure.take()
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(rest) = self.rest.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(rest);
        }
    }
}

/// What wakes the work rings it. While the work has its turn nobody needs to be woken for that: it is enough to know.
struct Bell(Mutex<Rung>);

enum Rung {
    No,
    Yes,
    /// Somebody waits for it.
    Wakes(Waker),
}

impl Default for Bell {
    /// Work that has not begun can go on.
    fn default() -> Self {
        Self(Mutex::new(Rung::Yes))
    }
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, Rung> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it rang.
    fn silence(&self) -> bool {
        let mut rung = self.lock();
        let rang = matches!(*rung, Rung::Yes);
        if rang {
            *rung = Rung::No;
        }
        rang
    }

    fn wait(&self, waker: &Waker) {
        let mut rung = self.lock();
        match &mut *rung {
            Rung::Yes => {
                drop(rung);
                waker.wake_by_ref();
            }
            Rung::Wakes(other) => other.clone_from(waker),
            Rung::No => *rung = Rung::Wakes(waker.clone()),
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let before = mem::replace(&mut *self.lock(), Rung::Yes);
        if let Rung::Wakes(waker) = before {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn it_has_turns_while_it_can_go_on() {
        let mut work = Work::new(async {
            tokio::task::yield_now().await;
            Ok(())
        });
        // The runtime rings for those that yield once the task is over that polls them.
        assert!(work.turn());
        poll_fn(|cx| {
            if work.turn() {
                return Poll::Ready(());
            }
            work.wait(cx);
            Poll::Pending
        })
        .await;
        assert!(work.rest.is_none() && work.failure().is_none() && !work.turn());
    }

    #[tokio::test]
    async fn what_waits_has_no_turn_until_it_is_woken() {
        let (sender, receiver) = oneshot::channel::<()>();
        let mut work = Work::new(async {
            _ = receiver.await;
            Ok(())
        });
        assert!(work.turn() && !work.turn());
        _ = sender.send(());
        assert!(work.turn() && work.rest.is_none());
    }

    #[tokio::test]
    async fn who_waits_is_woken_once() {
        struct Count(AtomicUsize);
        impl Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let woken = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&woken));
        let bell = Arc::new(Bell::default());
        assert!(bell.silence() && !bell.silence());
        bell.wait(&waker);
        bell.wait(&waker);
        bell.wake_by_ref();
        bell.wake_by_ref();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        bell.wait(&waker);
        assert_eq!(woken.0.load(Ordering::Relaxed), 2, "it rang before anybody waited");
        assert!(bell.silence());
    }

    #[tokio::test]
    async fn a_panic_is_its_own() {
        let mut work = Work::new(async { panic!("the host's fault") });
        assert!(work.turn() && work.failure().is_some_and(|err| err.is::<TrapOrPanicError>()));
    }

    #[tokio::test]
    async fn it_goes_on_when_nobody_waits_any_more() {
        let (start, started) = oneshot::channel::<()>();
        let (end, ended) = oneshot::channel::<()>();
        let mut work = Work::new(async {
            _ = started.await;
            _ = end.send(());
            pending().await
        });
        assert!(work.turn());
        drop(work);
        _ = start.send(());
        ended.await.unwrap();
    }
}
