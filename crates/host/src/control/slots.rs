//! The workloads a host has in mind, by their ids.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chartwright_contract::control::own::{self, WorkloadList};
use chartwright_contract::control::{WorkloadState, WorkloadStatus};
use tokio_util::sync::CancellationToken;

use crate::workload::{Running, ServiceState};

/// How a workload is.
pub(super) enum Slot {
    /// On its way; a stop cancels it.
    Starting(CancellationToken),
    /// Serving.
    Running(Running),
    /// It failed, and stays in mind until it is stopped or started again, so that whoever asks learns why.
    Failed(String),
}

/// All of them.
#[derive(Default)]
pub(super) struct Slots(Mutex<HashMap<String, Slot>>);

/// Whether a start may go ahead.
pub(super) enum Reserved {
    /// It may, until this is cancelled.
    Yes(CancellationToken),
    /// There is nothing to do: this is how it is.
    Already(WorkloadStatus),
    /// The host has its fill.
    Full,
}

impl Slots {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an id for a start. One that runs or is on its way is no error: a start may come twice.
    pub(super) fn reserve(&self, id: &str, most: Option<usize>) -> Reserved {
        let mut slots = self.lock();
        match slots.get(id) {
            Some(slot @ (Slot::Starting(_) | Slot::Running(_))) => return Reserved::Already(status(id, Some(slot))),
            Some(Slot::Failed(_)) => {}
            None if most.is_some_and(|most| slots.len() >= most) => return Reserved::Full,
            None => {}
        }
        let token = CancellationToken::new();
        slots.insert(id.to_owned(), Slot::Starting(token.clone()));
        Reserved::Yes(token)
    }

    /// Ends a start. What came to run is given back when it was stopped meanwhile.
    pub(super) fn settle(
        &self,
        id: &str,
        token: &CancellationToken,
        result: Result<Running, String>,
    ) -> Option<Running> {
        let mut slots = self.lock();
        if token.is_cancelled() {
            return result.ok();
        }
        let slot = match result {
            Ok(running) => Slot::Running(running),
            Err(message) => Slot::Failed(message),
        };
        slots.insert(id.to_owned(), slot);
        None
    }

    /// Takes a workload out.
    pub(super) fn take(&self, id: &str) -> Option<Slot> {
        let mut slots = self.lock();
        let slot = slots.remove(id);
        // Under the lock: a start that ends at this moment sees that it is not wanted any more.
        if let Some(Slot::Starting(token)) = &slot {
            token.cancel();
        }
        slot
    }

    /// How a workload is.
    pub(super) fn status(&self, id: &str) -> WorkloadStatus {
        status(id, self.lock().get(id))
    }

    /// Ids of the workloads in mind, in order, behind the given one.
    pub(super) fn page(&self, after: &str) -> WorkloadList {
        let mut ids: Vec<String> = self.lock().keys().filter(|id| id.as_str() > after).cloned().collect();
        ids.sort_unstable();
        let more = ids.len() > own::PAGE;
        ids.truncate(own::PAGE);
        WorkloadList { ids, more }
    }

    /// Workloads in mind, and components of those that run.
    pub(super) fn counts(&self) -> (usize, usize) {
        let slots = self.lock();
        let components =
            slots.values().map(|slot| if let Slot::Running(running) = slot { running.components } else { 0 });
        (slots.len(), components.sum())
    }
}

/// How it goes, what whoever asks should know, and in the end which images run.
fn said(how: &str, running: &Running) -> String {
    let mut parts = vec![how.to_owned()];
    parts.extend(running.notes.iter().cloned());
    parts.extend(own::images_said(&running.images));
    parts.join("; ")
}

fn status(id: &str, slot: Option<&Slot>) -> WorkloadStatus {
    let (state, message) = match slot {
        None => (WorkloadState::NotFound, format!("this host has no workload `{id}`")),
        Some(Slot::Starting(_)) => (WorkloadState::Starting, "the workload is being started".to_owned()),
        Some(Slot::Running(running)) => match running.service_state() {
            Some(ServiceState::Failed(why)) => (WorkloadState::Error, why),
            Some(ServiceState::Completed) if running.components == 0 => {
                (WorkloadState::Completed, said("the service completed", running))
            }
            _ => (WorkloadState::Running, said("the workload runs", running)),
        },
        Some(Slot::Failed(why)) => (WorkloadState::Error, why.clone()),
    };
    WorkloadStatus { workload_id: id.to_owned(), workload_state: state, message }
}
