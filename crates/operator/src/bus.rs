//! What hosts are asked over NATS.

use std::time::{Duration, Instant};

use chartwright_contract::control::own::{self, WorkloadList, WorkloadListRequest};
use chartwright_contract::control::subjects::{Command, HostId};
use chartwright_contract::control::{
    HostHeartbeat, Message, WorkloadStartRequest, WorkloadStartResponse, WorkloadStatus, WorkloadStatusRequest,
    WorkloadStatusResponse, WorkloadStopRequest, WorkloadStopResponse,
};
use chartwright_contract::nats::Connection;
use chartwright_contract::nats::async_nats::client::RequestErrorKind;
use chartwright_contract::nats::async_nats::{Request, Subscriber};

/// How long each answer is waited for; upstream's times, because its hosts answer nothing while they pull.
const START: Duration = Duration::from_mins(1);
const STATUS: Duration = Duration::from_secs(5);
const STOP: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// We are not connected ourselves: this says nothing about the host.
    #[error("the operator has no connection to NATS")]
    Away,
    /// Nobody listens there.
    #[error("no host listens under this id")]
    Nobody,
    /// Nothing came in time.
    #[error("the host did not answer within {} s", .0.as_secs())]
    Silent(Duration),
    /// What is to be sent is more than the server takes.
    #[error("the request has {0} bytes, more than the NATS server takes: `max_payload` is its limit")]
    TooLarge(usize),
    /// What came is no answer.
    #[error("the host answered something else: {0}")]
    Malformed(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// The control plane.
#[derive(Clone, Debug)]
pub struct Bus {
    connection: Connection,
}

impl Bus {
    /// Over this connection.
    pub fn new(connection: Connection) -> Self {
        Self { connection }
    }

    /// The connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Since when the connection stands, if it does.
    pub fn connected_since(&self) -> Option<Instant> {
        let state = self.connection.state();
        let state = state.borrow();
        state.is_connected().then_some(state.since)
    }

    /// Runs a workload.
    pub async fn start(&self, host: &str, request: &WorkloadStartRequest) -> Result<WorkloadStatus, Unanswered> {
        let answer = self.ask::<WorkloadStartResponse>(host, |id| id.command(Command::Start), request, START).await?;
        answer.workload_status.ok_or_else(no_status)
    }

    /// How is it?
    pub async fn status(&self, host: &str, id: &str) -> Result<WorkloadStatus, Unanswered> {
        let request = WorkloadStatusRequest { workload_id: id.to_owned() };
        let subject = |id: &HostId| id.command(Command::Status);
        let answer = self.ask::<WorkloadStatusResponse>(host, subject, &request, STATUS).await?;
        answer.workload_status.ok_or_else(no_status)
    }

    /// Ends a workload.
    pub async fn stop(&self, host: &str, id: &str) -> Result<WorkloadStatus, Unanswered> {
        let request = WorkloadStopRequest { workload_id: id.to_owned() };
        let subject = |id: &HostId| id.command(Command::Stop);
        let answer = self.ask::<WorkloadStopResponse>(host, subject, &request, STOP).await?;
        answer.workload_status.ok_or_else(no_status)
    }

    /// Asks for a heartbeat.
    pub async fn heartbeat(&self, host: &str) -> Result<HostHeartbeat, Unanswered> {
        let payload = WorkloadListRequest::default();
        self.ask(host, |id| id.command(Command::Heartbeat), &payload, STATUS).await
    }

    /// What a host has in mind; only ours answer.
    pub async fn workloads(&self, host: &str) -> Result<Vec<String>, Unanswered> {
        let mut all: Vec<String> = Vec::new();
        loop {
            let request = WorkloadListRequest { after: all.last().cloned().unwrap_or_default() };
            let page: WorkloadList = self.ask(host, |id| id.own_command(own::WORKLOADS), &request, STATUS).await?;
            let more = page.more && !page.ids.is_empty();
            all.extend(page.ids);
            if !more {
                return Ok(all);
            }
        }
    }

    /// Listens.
    pub async fn subscribe(&self, subject: String) -> Result<Subscriber, String> {
        self.connection.client().subscribe(subject).await.map_err(|err| err.to_string())
    }

    async fn ask<A: Message>(
        &self,
        host: &str,
        subject: impl Fn(&HostId) -> String,
        request: &impl Message,
        limit: Duration,
    ) -> Result<A, Unanswered> {
        let host = HostId::new(host).map_err(|err| Unanswered::Other(err.to_string()))?;
        if !self.connection.is_connected() {
            return Err(Unanswered::Away);
        }
        let payload = request.to_json();
        let size = payload.len();
        let request = Request::new().payload(payload.into()).timeout(Some(limit));
        let answer = self.connection.client().send_request(subject(&host), request).await;
        let answer = answer.map_err(|err| match err.kind() {
            // Who was cut off meanwhile knows nothing of the host.
            RequestErrorKind::TimedOut if !self.connection.is_connected() => Unanswered::Away,
            RequestErrorKind::TimedOut => Unanswered::Silent(limit),
            RequestErrorKind::NoResponders => Unanswered::Nobody,
            RequestErrorKind::MaxPayloadExceeded => Unanswered::TooLarge(size),
            _ => Unanswered::Other(err.to_string()),
        })?;
        A::from_json(&answer.payload).map_err(|err| Unanswered::Malformed(err.to_string()))
    }
}

fn no_status() -> Unanswered {
    Unanswered::Malformed("an answer without `workloadStatus`".into())
}
