//! An operator with its surroundings: namespaces of its own on the shared API server, a NATS server of its own.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use chartwright_contract::crds::{Condition, Workload, WorkloadDeployment};
use chartwright_operator::{Addresses, OperatorError, Options, run};
use k8s_openapi::NamespaceResourceScope;
use kube::api::{ListParams, PostParams};
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::control_plane::ControlPlane;
use crate::nats::Nats;
use crate::scripted::{Script, Scripted};

/// The longest a test waits for something.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// An operator that runs in this process.
pub(crate) struct Running {
    pub(crate) addresses: Addresses,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), OperatorError>>,
}

impl Running {
    /// Ends it in order.
    pub(crate) async fn end(mut self) -> Result<(), OperatorError> {
        _ = self.stop.take().unwrap().send(());
        (&mut self.task).await.unwrap()
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(mut self) -> Result<(), OperatorError> {
        tokio::time::timeout(PATIENCE, &mut self.task).await.expect("the operator goes on").unwrap()
    }

    /// Ends it as a crash does: nothing is finished, nothing handed over.
    pub(crate) fn crash(mut self) {
        self.task.abort();
        _ = self.stop.take();
    }

    /// A page of it.
    pub(crate) async fn page(&self, metrics: bool, path: &str) -> String {
        page(if metrics { self.addresses.metrics } else { self.addresses.probes }.unwrap(), path).await
    }

    /// Waits until it has heard of so many hosts.
    pub(crate) async fn hears(&self, hosts: u32) {
        eventually("the hosts are heard", async || {
            self.metric("chartwright_operator_hosts", &["state=\"live\""]).await > f64::from(hosts) - 0.5
        })
        .await;
    }

    /// The sum of all lines of a metric that have these words.
    pub(crate) async fn metric(&self, name: &str, words: &[&str]) -> f64 {
        sum(&self.page(true, "/metrics").await, name, words)
    }
}

/// What a GET answers, head and all.
pub(crate) async fn page(address: std::net::SocketAddr, path: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
    let mut text = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut text).await.unwrap();
    text
}

/// The sum of all lines of a metric that have these words.
pub(crate) fn sum(page: &str, name: &str, words: &[&str]) -> f64 {
    let lines = page.lines().filter(|line| line.starts_with(name) && words.iter().all(|word| line.contains(word)));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// All of it.
pub(crate) struct Scene {
    pub(crate) client: Client,
    pub(crate) nats: Nats,
    /// Where the operator and Hosts are.
    pub(crate) own: String,
    /// Where workloads are.
    pub(crate) apps: String,
}

impl Scene {
    /// None where a program is missing.
    pub(crate) async fn new() -> Option<Self> {
        Self::on(ControlPlane::shared().await?).await
    }

    pub(crate) async fn on(plane: &ControlPlane) -> Option<Self> {
        Some(Self::with(plane, Nats::start()?).await)
    }

    /// The same, but NATS is not started yet.
    pub(crate) async fn before_nats(plane: &ControlPlane) -> Option<Self> {
        Some(Self::with(plane, Nats::prepared("")?).await)
    }

    async fn with(plane: &ControlPlane, nats: Nats) -> Self {
        let (own, apps) = (plane.namespace("wasmcloud").await, plane.namespace("apps").await);
        Self { client: plane.client(), nats, own, apps }
    }

    /// The arguments of an operator that looks after the namespaces of this scene alone.
    pub(crate) fn arguments(&self, more: &[&str]) -> Vec<String> {
        let mut all = vec![
            format!("--nats-url={}", self.nats.url()),
            format!("--watch-namespaces={}", self.apps),
            "--heartbeat-timeout=4s".into(),
            // Other tests keep the processors busy.
            "--cpu-backpressure-threshold=100".into(),
            "--memory-backpressure-threshold=100".into(),
            "--metrics-bind-address=127.0.0.1:0".into(),
            "--health-probe-bind-address=127.0.0.1:0".into(),
        ];
        all.extend(more.iter().map(|one| (*one).to_owned()));
        all
    }

    /// An operator that holds objects, as one that looks after the whole cluster does.
    pub(crate) async fn operator(&self, more: &[&str]) -> Running {
        self.operator_as(self.client.clone(), more).await
    }

    /// The same, as somebody else to the API server.
    pub(crate) async fn operator_as(&self, client: Client, more: &[&str]) -> Running {
        self.launch(client, &self.arguments(more), true).await
    }

    /// An operator that is what its arguments say, but that it may hold objects though it looks after some namespaces alone.
    pub(crate) async fn launch(&self, client: Client, arguments: &[String], holds: bool) -> Running {
        let own = self.own.clone();
        let options = Options::parse(arguments, |name| (name == "OPERATOR_NAMESPACE").then(|| own.clone())).unwrap();
        assert!(!options.holds, "it looks after some namespaces");
        let options = Options { holds, ..options };
        let (stop, stopped) = oneshot::channel();
        let (ready, addresses) = oneshot::channel();
        let task = tokio::spawn(run(options, client, async { _ = stopped.await }, ready));
        let Ok(addresses) = addresses.await else { panic!("{:?}", task.await) };
        Running { addresses, stop: Some(stop), task }
    }

    pub(crate) async fn host(&self, name: &str) -> Scripted {
        self.host_as(Script::new(name)).await
    }

    pub(crate) async fn host_as(&self, script: Script) -> Scripted {
        Scripted::start(&self.nats.url(), script).await
    }

    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &self.apps)
    }

    /// Makes an object in the namespace of workloads.
    pub(crate) async fn make<K>(&self, value: serde_json::Value) -> K
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
            + Clone
            + Debug
            + DeserializeOwned
            + serde::Serialize,
    {
        let object: K = serde_json::from_value(value).unwrap();
        self.api::<K>().create(&PostParams::default(), &object).await.unwrap()
    }

    pub(crate) async fn workloads(&self) -> Vec<Workload> {
        self.api::<Workload>().list(&ListParams::default()).await.unwrap().items
    }

    /// Waits until an object is as it should be, and returns it.
    pub(crate) async fn until<K>(&self, name: &str, what: &str, is: impl Fn(&K) -> bool) -> K
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    {
        self.until_within(name, what, PATIENCE, is).await
    }

    async fn until_within<K>(&self, name: &str, what: &str, patience: Duration, is: impl Fn(&K) -> bool) -> K
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    {
        let api = self.api::<K>();
        let end = Instant::now() + patience;
        loop {
            let object = api.get_opt(name).await.unwrap();
            if let Some(object) = object.clone().filter(|object| is(object)) {
                return object;
            }
            assert!(Instant::now() < end, "{name}: never {what}: {object:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until so many workloads of a deployment are ready, and no others are there.
    pub(crate) async fn settled(&self, name: &str, replicas: i32) -> WorkloadDeployment {
        self.settled_within(name, replicas, PATIENCE).await
    }

    /// The same, within a time.
    pub(crate) async fn settled_within(&self, name: &str, replicas: i32, patience: Duration) -> WorkloadDeployment {
        let settled = |deployment: &WorkloadDeployment| {
            let status = deployment.status.clone().unwrap_or_default();
            let counts = status.replicas.unwrap_or_default();
            condition(&status.conditions, "Ready").0 == "True"
                && counts.ready == replicas
                && counts.current == replicas
                && counts.expected == replicas
        };
        self.until_within(name, &format!("settled at {replicas}"), patience, settled).await
    }
}

/// Status, reason and message of a condition.
pub(crate) fn condition(conditions: &[Condition], type_: &str) -> (String, String, String) {
    let found = conditions.iter().find(|condition| condition.type_ == type_).cloned().unwrap_or_default();
    (found.status, found.reason.unwrap_or_default(), found.message.unwrap_or_default())
}

/// The same of a Workload.
pub(crate) fn of(workload: &Workload, type_: &str) -> (String, String, String) {
    condition(&workload.status.clone().unwrap_or_default().conditions, type_)
}

/// Waits until something is so.
pub(crate) async fn eventually(what: &str, mut is: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is().await {
        assert!(Instant::now() < end, "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
