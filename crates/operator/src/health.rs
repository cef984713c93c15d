//! What the probes of the operator are told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use chartwright_contract::nats::NatsState;
use chartwright_program::pages::{Page, StatusCode};

/// Whether it does its work, and what it is kept from.
#[derive(Default)]
pub(crate) struct Health {
    working: AtomicBool,
    /// By kind and namespace, what the API server says to who may not watch them.
    refused: Mutex<BTreeMap<String, String>>,
}

impl Health {
    /// It works, or is ready to take over.
    pub(crate) fn works(&self) {
        self.working.store(true, Ordering::Relaxed);
    }

    /// All watches begin anew.
    pub(crate) fn begins(&self) {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// A watch is refused; none: it is not any more.
    pub(crate) fn refused(&self, watch: &str, why: Option<String>) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match why {
            Some(why) => _ = refused.insert(watch.to_owned(), why),
            None => _ = refused.remove(watch),
        }
    }

    /// The answer to a probe. An operator that may not see what it is to act on is alive, and not ready.
    pub(crate) fn page(&self, path: &str, nats: &NatsState) -> Page {
        let ok = |text: &str| (StatusCode::OK, "text/plain", text.to_owned());
        let not = |text: String| (StatusCode::SERVICE_UNAVAILABLE, "text/plain", text);
        match path {
            "/healthz" | "/livez" => ok("alive\n"),
            "/readyz" => {
                let why = self.unready(nats);
                why.map_or_else(|| ok("ready\n"), |why| not(format!("{why}\n")))
            }
            _ => (StatusCode::NOT_FOUND, "text/plain", "/livez, /healthz and /readyz are here\n".into()),
        }
    }

    fn unready(&self, nats: &NatsState) -> Option<String> {
        if !nats.is_connected() {
            let problem = nats.problem.as_ref().map_or("not there yet", |problem| problem.text.as_str());
            return Some(format!("no connection to NATS: {problem}"));
        }
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if !refused.is_empty() {
            let each: Vec<String> = refused.iter().map(|(watch, why)| format!("{watch}: {why}")).collect();
            return Some(format!("may not watch {}", each.join("\nmay not watch ")));
        }
        (!self.working.load(Ordering::Relaxed)).then(|| "the cluster is not known yet".to_owned())
    }
}
