//! The two connections to NATS: each is kept for ever, and a server that is late or away costs readiness and nothing else.

use std::time::Duration;

use chartwright_contract::nats::{ConnectError, Connection, Link, NatsState, connect};

use crate::metrics::Metrics;
use crate::options::Options;

/// Control and data plane. Clones are the same connections.
#[derive(Clone)]
pub(crate) struct Planes {
    /// Commands and heartbeats.
    pub(crate) control: Connection,
    /// Messages, buckets and stores of the workloads.
    pub(crate) data: Connection,
}

/// A plane that was not there in the time that was given for its first connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--nats-connect-timeout={}: the {plane} plane is not there: {why}", humantime::format_duration(*.limit))]
pub struct NotThere {
    /// `control` or `data`.
    pub plane: &'static str,
    /// How long it had.
    pub limit: Duration,
    /// What is known of it.
    pub why: String,
}

impl Planes {
    /// Begins both, and waits for neither.
    pub(crate) async fn connect(options: &Options) -> Result<Self, ConnectError> {
        Ok(Self { control: connect(&options.control).await?, data: connect(&options.data).await? })
    }

    fn each(&self) -> [(&'static str, &Connection); 2] {
        [("control", &self.control), ("data", &self.data)]
    }

    /// Why the host is not ready: a line for each plane that is away.
    pub(crate) fn unready(&self) -> Option<String> {
        let away = self.each().into_iter().filter(|(_, connection)| !connection.is_connected());
        let lines: Vec<_> = away
            .map(|(plane, connection)| format!("the {plane} plane is away: {}", *connection.state().borrow()))
            .collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// How both are, for whoever reads the metrics now.
    pub(crate) fn meter(&self, metrics: &Metrics) {
        for (plane, connection) in self.each() {
            let state = connection.state();
            let state = state.borrow();
            metrics.nats(plane, state.is_connected(), state.reconnects);
        }
    }

    /// Completes if a plane is not there in time, and never otherwise. What was there once may go: it is waited for then.
    pub(crate) async fn missed(&self, limit: Option<Duration>) -> NotThere {
        let Some(limit) = limit else { return std::future::pending().await };
        let deadline = tokio::time::Instant::now() + limit;
        for (plane, connection) in self.each() {
            let mut state = connection.state();
            // Without any time the first refusal is the answer.
            let known = |state: &NatsState| {
                state.link != Link::NeverConnected || (limit.is_zero() && state.failed_attempts > 0)
            };
            let arrived = if limit.is_zero() {
                state.wait_for(known).await.is_ok_and(|state| state.link != Link::NeverConnected)
            } else {
                tokio::time::timeout_at(deadline, state.wait_for(known)).await.is_ok()
            };
            if !arrived {
                return NotThere { plane, limit, why: connection.state().borrow().to_string() };
            }
        }
        std::future::pending().await
    }
}
