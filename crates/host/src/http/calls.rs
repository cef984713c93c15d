//! What the host knows of the requests that an instance serves.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::front::Admitted;
use crate::telemetry::Trace;

/// One request on its way to a guest.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// Whether the client came over TLS.
    pub https: bool,
    /// The trace it belongs to.
    pub trace: Trace,
    /// Its place among those under way, held until the guest has answered, also when the client is gone.
    pub admitted: Option<Arc<Admitted>>,
    /// Whether its answer broke off.
    pub broken: Arc<AtomicBool>,
}

/// The requests of one instance. One at a time, nearly always.
#[derive(Clone, Default)]
pub struct Calls(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    entries: Vec<Entry>,
    /// Of all whose answers may still be on their way.
    broken: Vec<Weak<AtomicBool>>,
}

struct Entry {
    call: Call,
    over: bool,
    /// Tells entries apart.
    id: u64,
}

impl Calls {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request begins; it is over when what this returns is dropped.
    pub fn begin(&self, mut call: Call) -> Begun {
        let admitted = call.admitted.take();
        let mut inner = self.lock();
        inner.broken.retain(|flag| flag.strong_count() > 0);
        inner.broken.push(Arc::downgrade(&call.broken));
        inner.entries.retain(|entry| !entry.over);
        let id = inner.entries.last().map_or(0, |entry| entry.id + 1);
        inner.entries.push(Entry { call, over: false, id });
        Begun { calls: self.clone(), id, _admitted: admitted }
    }

    /// The instance ends in the middle of things: answers on their way are not complete.
    pub fn break_off(&self) {
        for flag in self.lock().broken.iter().filter_map(Weak::upgrade) {
            flag.store(true, Ordering::Relaxed);
        }
    }

    /// The request being served; none where there are several, because nobody knows then which one asks. One that is
    /// over counts until the next begins: a guest may go on after its answer.
    pub fn current(&self) -> Option<Call> {
        match self.lock().entries.as_slice() {
            [entry] => Some(entry.call.clone()),
            _ => None,
        }
    }
}

/// A request that is being served.
pub struct Begun {
    calls: Calls,
    id: u64,
    _admitted: Option<Arc<Admitted>>,
}

impl Drop for Begun {
    fn drop(&mut self) {
        let entries = &mut self.calls.lock().entries;
        if entries.len() > 1 {
            entries.retain(|entry| entry.id != self.id);
        } else if let Some(entry) = entries.iter_mut().find(|entry| entry.id == self.id) {
            entry.over = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(https: bool) -> Call {
        Call { https, ..Call::default() }
    }

    #[test]
    fn what_is_served_is_known_while_it_is_one() {
        let calls = Calls::default();
        let seen = || calls.current().map(|call| call.https);
        assert_eq!(seen(), None);
        let first = calls.begin(call(true));
        assert_eq!(seen(), Some(true));
        let second = calls.begin(call(false));
        assert_eq!(seen(), None, "which of the two?");
        drop(first);
        assert_eq!(seen(), Some(false));
        drop(second);
        assert_eq!(seen(), Some(false), "it may still be at work");
        let _third = calls.begin(call(true));
        assert_eq!(seen(), Some(true));
    }
}
