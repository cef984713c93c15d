//! Requests one after the other while something else happens: is one of them lost?

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::http;
use crate::conformance::probe::{Http, Seen};

/// The first few say enough.
const SHOWN: usize = 20;

/// The loads under way, by name.
#[derive(Default)]
pub(super) struct Loads {
    running: Mutex<HashMap<String, Arc<Notify>>>,
}

impl Loads {
    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Notify>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn rest(&self, name: &str) {
        if let Some(end) = self.running().remove(name) {
            end.notify_one();
        }
    }

    /// Until it is told to rest, or the limit.
    pub(super) async fn run(&self, name: &str, request: &Http, pause: Duration, limit: Duration) -> Seen {
        let end = Arc::new(Notify::new());
        self.running().insert(name.to_owned(), Arc::clone(&end));
        let begun = Instant::now();
        let (mut good, mut bad) = (0, Vec::new());
        while begun.elapsed() < limit {
            match http::run(request).await {
                Seen::Http { answers, error: None } if answers.iter().all(fine) => good += 1,
                Seen::Http { answers, error } => {
                    let said = error.unwrap_or_else(|| {
                        let bad = answers.iter().find(|answer| !fine(answer));
                        bad.map(|bad| bad.error.clone().unwrap_or_else(|| format!("status {}", bad.status)))
                            .unwrap_or_default()
                    });
                    bad.push(format!("after {} ms: {said}", begun.elapsed().as_millis()));
                }
                _ => {}
            }
            // A rest that came meanwhile is kept for us.
            if tokio::time::timeout(pause, end.notified()).await.is_ok() {
                break;
            }
        }
        self.running().remove(name);
        let all = bad.len();
        bad.truncate(SHOWN);
        if all > SHOWN {
            bad.push(format!("and {} more", all - SHOWN));
        }
        Seen::Load { good, bad }
    }
}

fn fine(answer: &crate::conformance::probe::Answer) -> bool {
    answer.error.is_none() && answer.status < 400
}
