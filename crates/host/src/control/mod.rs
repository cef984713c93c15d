//! The control plane: heartbeats on a clock of their own, commands beside each other, an answer to each.

mod commands;
mod heartbeat;
mod slots;

use std::sync::Arc;
use std::time::Duration;

use chartwright_contract::control::subjects::{Command, HostId, Subject};
use chartwright_contract::control::{Message as _, own};
use chartwright_contract::nats::{Connection, async_nats};
use futures::StreamExt as _;
use tokio::sync::{Semaphore, watch};
use tokio::time::MissedTickBehavior;

pub(crate) use heartbeat::{Heartbeats, Identity};
use slots::Slots;

use crate::shared::Shared;

/// How often the host says that it is there; upstream's operator gives a host up after a minute of silence.
const PERIOD: Duration = Duration::from_secs(15);
/// Starts that wait or are under way; what is beyond is refused at once. Other commands wait for nothing.
const STARTS: usize = 16 << 10;

/// The host as the operator sees it.
pub(crate) struct Control {
    shared: Arc<Shared>,
    slots: Slots,
    starts: Semaphore,
    waiting: Semaphore,
    heartbeats: Heartbeats,
}

impl Control {
    pub(crate) fn new(shared: Arc<Shared>, heartbeats: Heartbeats) -> Arc<Self> {
        let starts = Semaphore::new(shared.options.max_concurrent_starts.max(1));
        Arc::new(Self { shared, slots: Slots::default(), starts, waiting: Semaphore::new(STARTS), heartbeats })
    }

    /// Serves commands and sends heartbeats until `stop` says so.
    pub(crate) async fn run(
        self: Arc<Self>,
        connection: &Connection,
        host: &HostId,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), async_nats::SubscribeError> {
        // First the ear, then the voice: who hears a heartbeat may send a command at once.
        let commands = connection.client().subscribe(host.commands()).await?;
        let own = connection.client().subscribe(host.own_commands()).await?;
        let beating =
            tokio::spawn(Arc::clone(&self).beat(connection.client().clone(), host.heartbeat(), connection.state()));
        let mut commands = std::pin::pin!(futures::stream::select(commands, own));
        let mut draining = self.shared.draining.clone();
        let mut said = false;
        loop {
            let message = tokio::select! {
                message = commands.next() => message,
                // Without what it holds, which must not wait for anything.
                () = async { _ = draining.wait_for(|draining| *draining).await }, if !said => {
                    said = true;
                    // Whoever routes here hears of it before the next heartbeat is missed.
                    let subject = host.own_report(own::DRAINING);
                    if let Err(err) = connection.client().publish(subject, "".into()).await {
                        tracing::warn!(error = %err, "nobody could be told that the host drains");
                    }
                    continue;
                }
                () = async { _ = stop.wait_for(|stop| *stop).await } => break,
            };
            let Some(message) = message else { break };
            let (control, client) = (Arc::clone(&self), connection.client().clone());
            tokio::spawn(async move { control.answer(&client, message).await });
        }
        beating.abort();
        Ok(())
    }

    async fn answer(&self, client: &async_nats::Client, message: async_nats::Message) {
        let subject = message.subject.as_str();
        let answer = match Subject::parse(subject) {
            Some(Subject::Command(_, Command::Heartbeat)) => self.heartbeat(),
            Some(Subject::Command(_, Command::Start)) => match self.waiting.try_acquire() {
                Ok(_permit) => self.start(&message.payload).await,
                Err(_) => Self::too_many(&message.payload),
            },
            Some(Subject::Command(_, Command::Status)) => self.status(&message.payload),
            Some(Subject::Command(_, Command::Stop)) => self.stop(&message.payload),
            Some(Subject::OwnCommand(_, topic)) if topic == own::WORKLOADS => {
                let after = own::WorkloadListRequest::from_json(&message.payload).unwrap_or_default().after;
                self.slots.page(&after).to_json()
            }
            _ => {
                tracing::warn!(subject, "a command that nobody knows");
                return;
            }
        };
        if let Some(reply) = message.reply
            && let Err(err) = client.publish(reply, answer.into()).await
        {
            tracing::warn!(subject, error = %err, "an answer could not be sent");
        }
    }

    fn heartbeat(&self) -> Vec<u8> {
        let (workloads, components) = self.slots.counts();
        self.heartbeats.now(workloads, components).to_json()
    }

    fn count(&self) {
        let (workloads, _) = self.slots.counts();
        self.shared.metrics.workloads.set(i64::try_from(workloads).unwrap_or(i64::MAX));
    }

    /// Heartbeats: at once, at each new connection, and every fifteen seconds. None is kept for a server that is away.
    async fn beat(
        self: Arc<Self>,
        client: async_nats::Client,
        subject: String,
        mut state: watch::Receiver<chartwright_contract::nats::NatsState>,
    ) {
        let mut clock = tokio::time::interval(PERIOD);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = clock.tick() => {}
                changed = state.changed() => if changed.is_err() { return },
            }
            let connected = state.borrow_and_update().is_connected();
            if connected && let Err(err) = client.publish(subject.clone(), self.heartbeat().into()).await {
                tracing::warn!(error = %err, "a heartbeat could not be sent");
            }
        }
    }
}
