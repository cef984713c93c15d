//! A host that behaves like upstream's to the letter, and runs nothing: strict about what it is told, silent about what it does
//! not understand, one command at a time, an ERROR for a repeated start.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chartwright_contract::control::subjects::{Command, HostId, Subject};
use chartwright_contract::control::{
    HostHeartbeat, Message, Timestamp, WorkloadStartRequest, WorkloadStartResponse, WorkloadState, WorkloadStatus,
    WorkloadStatusRequest, WorkloadStatusResponse, WorkloadStopRequest, WorkloadStopResponse, strict,
};
use chartwright_contract::nats::async_nats;
use futures::StreamExt as _;
use tokio::task::JoinHandle;

/// What a script says.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) environment: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) hostname: String,
    pub(crate) http_port: u32,
    /// How long a start takes.
    pub(crate) start: Duration,
    pub(crate) heartbeat: Duration,
    pub(crate) version: String,
}

impl Script {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            environment: String::new(),
            labels: BTreeMap::from([("hostgroup".to_owned(), "default".to_owned())]),
            hostname: "10.0.0.1".into(),
            http_port: 9191,
            start: Duration::ZERO,
            heartbeat: Duration::from_secs(1),
            version: "2.7.0".into(),
        }
    }
}

/// What such a host saw and has.
#[derive(Default)]
pub(crate) struct Seen {
    /// Ids of workloads, and how they are.
    pub(crate) slots: BTreeMap<String, WorkloadState>,
    /// Every start, in order: the id of the workload.
    pub(crate) starts: Vec<String>,
    /// The requests as they came.
    pub(crate) requests: Vec<WorkloadStartRequest>,
    pub(crate) stops: Vec<String>,
    pub(crate) refused: Vec<String>,
    /// What it is not told about: images with this in their names fail as a pull does.
    pub(crate) bad: Option<String>,
    /// Commands are taken and not answered.
    pub(crate) deaf: bool,
    /// Heartbeats are not sent.
    pub(crate) mute: bool,
}

/// Such a host.
pub(crate) struct Scripted {
    pub(crate) id: String,
    pub(crate) seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

impl Scripted {
    pub(crate) async fn start(url: &str, script: Script) -> Self {
        static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let id = format!("5b0f6c1e-6a51-4d1c-9a65-{number:012}");
        let client = async_nats::ConnectOptions::new().retry_on_initial_connect().connect(url).await.unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let host = HostId::new(&id).unwrap();
        let commands = client.subscribe(host.commands()).await.unwrap();
        client.flush().await.unwrap();
        let task = tokio::spawn(run(client, host, commands, script, Arc::clone(&seen)));
        Self { id, seen, task }
    }

    /// Workloads that run.
    pub(crate) fn running(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.slots.iter().filter(|(_, state)| **state == WorkloadState::Running).map(|(id, _)| id.clone()).collect()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap());
    }

    /// Goes without a word.
    pub(crate) fn kill(&self) {
        self.task.abort();
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn run(
    client: async_nats::Client,
    host: HostId,
    mut commands: async_nats::Subscriber,
    script: Script,
    seen: Arc<Mutex<Seen>>,
) {
    let started = Timestamp::now();
    let mut clock = tokio::time::interval(script.heartbeat);
    loop {
        let beat = |seen: &Seen| HostHeartbeat {
            id: host.to_string(),
            hostname: script.hostname.clone(),
            friendly_name: script.name.clone(),
            version: script.version.clone(),
            labels: script.labels.clone(),
            started_at: Some(started),
            os_arch: "x86_64".into(),
            os_name: "linux".into(),
            os_kernel: "unix".into(),
            system_cpu_usage: 7.5,
            system_memory_total: 8 << 30,
            system_memory_free: 6 << 30,
            component_count: seen.slots.len() as u64,
            workload_count: seen.slots.len() as u64,
            http_port: script.http_port,
            environment: script.environment.clone(),
            ..HostHeartbeat::default()
        };
        // One loop for all of it, as upstream's.
        tokio::select! {
            _ = clock.tick() => {
                let payload = { let seen = seen.lock().unwrap(); (!seen.mute).then(|| beat(&seen).to_json()) };
                if let Some(payload) = payload {
                    client.publish(host.heartbeat(), payload.into()).await.unwrap();
                }
            }
            message = commands.next() => {
                let Some(message) = message else { return };
                let command = Subject::parse(&message.subject);
                if seen.lock().unwrap().deaf {
                    continue;
                }
                let answer = match command {
                    Some(Subject::Command(_, Command::Heartbeat)) => Some(beat(&seen.lock().unwrap()).to_json()),
                    Some(Subject::Command(_, Command::Start)) => start(&message.payload, &script, &seen).await,
                    Some(Subject::Command(_, Command::Status)) => status(&message.payload, &seen),
                    Some(Subject::Command(_, Command::Stop)) => stop(&message.payload, &seen),
                    _ => None,
                };
                if let (Some(reply), Some(answer)) = (message.reply, answer) {
                    client.publish(reply, answer.into()).await.unwrap();
                }
            }
        }
    }
}

fn checked<M: Message>(payload: &[u8], seen: &Mutex<Seen>) -> Option<M> {
    let result = strict::check(M::NAME, payload).and_then(|()| M::from_json(payload).map_err(|err| err.to_string()));
    result.map_err(|why| seen.lock().unwrap().refused.push(why)).ok()
}

fn described(id: &str, state: WorkloadState, message: &str) -> WorkloadStatus {
    WorkloadStatus { workload_id: id.to_owned(), workload_state: state, message: message.to_owned() }
}

async fn start(payload: &[u8], script: &Script, seen: &Mutex<Seen>) -> Option<Vec<u8>> {
    let request: WorkloadStartRequest = checked(payload, seen)?;
    let id = request.workload_id.clone();
    let bad = {
        let mut seen = seen.lock().unwrap();
        seen.starts.push(id.clone());
        seen.requests.push(request.clone());
        let images = request.workload.iter().flat_map(|workload| &workload.wit_world);
        let mut images = images.flat_map(|world| &world.components).map(|component| component.image.clone());
        let bad = seen.bad.clone();
        images.find(|image| bad.as_ref().is_some_and(|bad| image.contains(bad)))
    };
    tokio::time::sleep(script.start).await;
    let answer = if let Some(image) = bad {
        // No slot is kept of a pull that failed.
        described(&id, WorkloadState::Error, &format!("pull of {image} failed: 404"))
    } else {
        let mut seen = seen.lock().unwrap();
        match seen.slots.get(&id) {
            Some(_) => described(&id, WorkloadState::Error, "workload already exists"),
            None => {
                seen.slots.insert(id.clone(), WorkloadState::Running);
                described(&id, WorkloadState::Running, "started")
            }
        }
    };
    Some(WorkloadStartResponse::from(answer).to_json())
}

fn status(payload: &[u8], seen: &Mutex<Seen>) -> Option<Vec<u8>> {
    let id = checked::<WorkloadStatusRequest>(payload, seen)?.workload_id;
    let state = seen.lock().unwrap().slots.get(&id).copied().unwrap_or(WorkloadState::NotFound);
    Some(WorkloadStatusResponse::from(described(&id, state, "")).to_json())
}

fn stop(payload: &[u8], seen: &Mutex<Seen>) -> Option<Vec<u8>> {
    let id = checked::<WorkloadStopRequest>(payload, seen)?.workload_id;
    let mut seen = seen.lock().unwrap();
    seen.stops.push(id.clone());
    let state = if seen.slots.remove(&id).is_some() { WorkloadState::Stopping } else { WorkloadState::NotFound };
    Some(WorkloadStopResponse::from(described(&id, state, "")).to_json())
}
