//! A host in this process, and an operator as strict as upstream's.

use std::time::Duration;

use chartwright_contract::control::{Message, WorkloadState, WorkloadStatus, WorkloadStatusResponse, strict};
use chartwright_contract::nats::async_nats;
use chartwright_host::{Addresses, HostError, Options, run};
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::guests;
use crate::nats::Nats;
use crate::registry::Registry;

/// The longest a test waits for something.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A running host.
pub(crate) struct Host {
    pub(crate) addresses: Addresses,
    pub(crate) operator: async_nats::Client,
    pub(crate) life: Life,
}

/// What a host runs as.
pub(crate) enum Life {
    /// A part of this process.
    Task { stop: Option<oneshot::Sender<()>>, running: JoinHandle<Result<(), HostError>> },
    /// A process of its own.
    Process(std::process::Child),
}

/// A host with its surroundings, and the reference of a component to run.
pub(crate) struct Scene {
    pub(crate) nats: Nats,
    pub(crate) registry: Registry,
    pub(crate) image: String,
    pub(crate) host: Host,
}

impl Scene {
    /// None where there is no NATS server.
    pub(crate) async fn new(arguments: &[&str]) -> Option<Self> {
        Self::with(arguments, |_| None).await
    }

    /// With environment variables.
    pub(crate) async fn with(arguments: &[&str], environment: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let nats = Nats::start()?;
        let registry = Registry::start();
        let image = registry.put("hello", "1", guests::hello());
        let host = Host::start_with(&nats, arguments, environment).await;
        Some(Self { nats, registry, image, host })
    }
}

/// An answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) body: String,
}

impl Host {
    /// Starts a host; more arguments may override.
    pub(crate) async fn start(nats: &Nats, more: &[&str]) -> Self {
        Self::start_with(nats, more, |_| None).await
    }

    async fn start_with(nats: &Nats, more: &[&str], environment: impl Fn(&str) -> Option<String>) -> Self {
        let host = Self::begin_with(nats, async_nats::ConnectOptions::new(), more, environment).await;
        host.answers().await;
        host
    }

    /// The same without waiting until it answers. The operator knows how to connect.
    pub(crate) async fn begin(nats: &Nats, operator: async_nats::ConnectOptions, more: &[&str]) -> Self {
        Self::begin_with(nats, operator, more, |_| None).await
    }

    async fn begin_with(
        nats: &Nats,
        operator: async_nats::ConnectOptions,
        more: &[&str],
        environment: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let options = Options::parse(&arguments(nats, more), environment).unwrap();
        let (stop, stopped) = oneshot::channel();
        let (ready, addresses) = oneshot::channel();
        let running = tokio::spawn(run(options, async { _ = stopped.await }, ready));
        let Ok(addresses) = addresses.await else { panic!("{:?}", running.await) };
        let operator = operator.retry_on_initial_connect().connect(nats.url()).await.unwrap();
        Self { addresses, operator, life: Life::Task { stop: Some(stop), running } }
    }

    /// Waits until it hears commands: it runs before NATS is there.
    pub(crate) async fn answers(&self) {
        let subject = format!("runtime.host.{}.heartbeat", self.addresses.id);
        let asking = async {
            while self.operator.request(subject.clone(), "{}".into()).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("the host does not answer");
    }

    /// Waits until the readiness says so; returns it.
    pub(crate) async fn readiness(&self, wanted: impl Fn(&Answer) -> bool) -> String {
        let asking = async {
            loop {
                let answer = self.probe("/readyz").await;
                if wanted(&answer) {
                    return answer.body;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if let Ok(body) = tokio::time::timeout(PATIENCE, asking).await {
            return body;
        }
        panic!("readiness is {:?}", self.probe("/readyz").await)
    }

    /// Waits until it is ready.
    pub(crate) async fn ready(&self) {
        self.readiness(|answer| answer.status == 200).await;
    }

    /// Sends a command as upstream's operator does and reads the answer as strictly as it does.
    pub(crate) async fn command(&self, command: &str, payload: Value) -> Option<WorkloadStatus> {
        let subject = format!("runtime.host.{}.{command}", self.addresses.id);
        let request =
            async_nats::Request::new().payload(payload.to_string().into()).timeout(Some(Duration::from_mins(1)));
        let answer = self.operator.send_request(subject, request).await.ok()?;
        strict::check("WorkloadStatusResponse", &answer.payload).unwrap();
        WorkloadStatusResponse::from_json(&answer.payload).unwrap().workload_status
    }

    /// Starts a workload of one component that serves `host`, and says how that went.
    pub(crate) async fn run(&self, id: &str, image: &str, host: &str, component: Value) -> WorkloadStatus {
        let mut part = json!({ "name": "api", "image": image, "localResources": {} });
        part.as_object_mut().unwrap().extend(component.as_object().unwrap().clone());
        self.workload(id, json!({ "witWorld": { "components": [part], "hostInterfaces": [serves(host)] } })).await
    }

    /// Starts a workload of the namespace `shop`.
    pub(crate) async fn workload(&self, id: &str, workload: Value) -> WorkloadStatus {
        let mut whole = json!({ "namespace": "shop", "name": format!("{id}-name") });
        whole.as_object_mut().unwrap().extend(workload.as_object().unwrap().clone());
        self.command("workload.start", json!({ "workloadId": id, "workload": whole })).await.unwrap()
    }

    /// Stops it.
    pub(crate) async fn end(&self, id: &str) -> WorkloadState {
        self.command("workload.stop", json!({ "workloadId": id })).await.unwrap().workload_state
    }

    /// The state of a workload.
    pub(crate) async fn state(&self, id: &str) -> WorkloadState {
        self.command("workload.status", json!({ "workloadId": id })).await.unwrap().workload_state
    }

    /// The next heartbeat.
    pub(crate) async fn heartbeat(&self) -> Value {
        let mut heartbeats = self.operator.subscribe("runtime.operator.heartbeat.>").await.unwrap();
        let message = tokio::time::timeout(Duration::from_secs(20), heartbeats.next()).await.unwrap().unwrap();
        strict::check("HostHeartbeat", &message.payload).unwrap();
        serde_json::from_slice(&message.payload).unwrap()
    }

    /// A GET with a `Host` header.
    pub(crate) async fn get(&self, host: &str, path: &str) -> Answer {
        self.send(host, path, "").await
    }

    /// A POST with a body, or a GET without.
    pub(crate) async fn send(&self, host: &str, path: &str, body: &str) -> Answer {
        request(&self.addresses.http.unwrap().to_string(), host, path, body).await
    }

    /// A page of the probes.
    pub(crate) async fn probe(&self, path: &str) -> Answer {
        request(&self.addresses.probes.unwrap().to_string(), "probe", path, "").await
    }

    /// The metrics.
    pub(crate) async fn metrics(&self) -> String {
        request(&self.addresses.metrics.unwrap().to_string(), "metrics", "/metrics", "").await.body
    }

    /// Ends it, as SIGTERM does.
    pub(crate) async fn stop(mut self) {
        self.drain();
        self.ended().await;
    }

    /// Waits for the end of one that was told to.
    pub(crate) async fn ended(mut self) {
        match &mut self.life {
            Life::Task { running, .. } => running.await.unwrap().unwrap(),
            Life::Process(child) => assert!(child.wait().unwrap().success(), "the host ended badly"),
        }
    }

    /// Tells it to end, and does not wait.
    pub(crate) fn drain(&mut self) {
        match &mut self.life {
            Life::Task { stop, .. } => _ = stop.take().unwrap().send(()),
            Life::Process(child) => {
                let id = child.id().to_string();
                assert!(std::process::Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
            }
        }
    }
}

/// The entry of a workload that serves a name.
pub(crate) fn serves(host: &str) -> Value {
    json!({
        "namespace": "wasi", "package": "http", "version": "0.2.2",
        "interfaces": ["incoming-handler"], "config": { "host": host },
    })
}

/// Looks until it is so, for a while.
pub(crate) async fn until<F: Future<Output = bool>>(mut so: impl FnMut() -> F) {
    let looking = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), looking).await.unwrap();
}

impl Drop for Life {
    fn drop(&mut self) {
        if let Self::Process(child) = self {
            _ = child.kill();
            _ = child.wait();
        }
    }
}

/// What a host is told in a test, besides what the test tells it.
pub(crate) fn arguments(nats: &Nats, more: &[&str]) -> Vec<String> {
    let mut arguments = vec![
        format!("--scheduler-nats-url={}", nats.url()),
        format!("--data-nats-url={}", nats.url()),
        "--http-addr=127.0.0.1:0".to_owned(),
        "--probe-addr=127.0.0.1:0".to_owned(),
        "--metrics-addr=127.0.0.1:0".to_owned(),
        "--allow-insecure-registries".to_owned(),
        "--core-instances=50".to_owned(),
        "--default-heap-memory=64Mi".to_owned(),
    ];
    let given = |argument: &str| more.iter().any(|one| one.split('=').next() == argument.split('=').next());
    arguments.retain(|argument| !given(argument));
    arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
    arguments
}

/// One request.
pub(crate) async fn request(address: &str, host: &str, path: &str, body: &str) -> Answer {
    use http_body_util::{BodyExt as _, Full};
    use hyper_util::{client::legacy::Client, rt::TokioExecutor};
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<bytes::Bytes>>();
    let method = if body.is_empty() { "GET" } else { "POST" };
    let request = http::Request::builder().method(method).uri(format!("http://{address}{path}")).header("host", host);
    let response = client.request(request.body(Full::from(body.to_owned())).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let reason = response.headers().get("x-chartwright-reason").map(|reason| reason.to_str().unwrap().to_owned());
    // A body that breaks off is an answer as well.
    let body = response.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Answer { status, reason: reason.unwrap_or_default(), body: String::from_utf8(body.to_vec()).unwrap() }
}
