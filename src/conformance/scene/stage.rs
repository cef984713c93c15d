//! What one check has in hand: names of its own, requests, objects, and the removal of all of it.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use kube::api::DynamicObject;
use serde_json::{Value, json};

use super::{MADE_FOR, MARK, Scene, Snapshot, clear};
use crate::cluster::{ClusterError, Kind};
use crate::conformance::check::Stop;
use crate::conformance::probe::{Act, Answer, Heard, Http, Identity, Nats, Probe, Seen, Shown};

/// The scene, for one check.
#[derive(Clone)]
pub(in crate::conformance) struct Stage {
    scene: Arc<Scene>,
    pub id: &'static str,
    /// What it is at, for when its time is over.
    doing: Arc<Mutex<String>>,
}

impl Deref for Stage {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.scene
    }
}

impl Stage {
    pub(in crate::conformance) fn new(scene: Arc<Scene>, id: &'static str) -> Self {
        Self { scene, id, doing: Arc::default() }
    }

    /// The same scene under another name, for what several checks share.
    pub(super) fn of(&self, id: &'static str) -> Self {
        Self::new(Arc::clone(&self.scene), id)
    }

    pub(in crate::conformance) fn snapshot(&self) -> &Snapshot {
        &self.scene.snapshot
    }

    /// Says what is waited for.
    pub(in crate::conformance) fn at(&self, what: impl Into<String>) {
        *self.doing.lock().unwrap_or_else(PoisonError::into_inner) = what.into();
    }

    /// What was waited for, as the end of a sentence.
    pub(in crate::conformance) fn doing(&self) -> String {
        let doing = self.doing.lock().unwrap_or_else(PoisonError::into_inner);
        if doing.is_empty() { String::new() } else { format!(": {doing}") }
    }

    /// A name for something of this check.
    pub(in crate::conformance) fn name(&self, what: &str) -> String {
        let check = self.id.replace('.', "-");
        let mut name = format!("cw-{}-{what}-{check}", self.run);
        // Replica sets and workloads add to it, and a label holds 63.
        name.truncate(46);
        name.trim_end_matches('-').to_owned()
    }

    /// Creates an object of this check in that namespace.
    pub(in crate::conformance) async fn create(&self, namespace: &str, mut object: Value) -> Result<(), Stop> {
        object["metadata"]["labels"][MARK] = json!(self.run);
        object["metadata"]["labels"][MADE_FOR] = json!(self.id);
        self.try_create(namespace, &object).await.map_err(Stop::from)
    }

    /// The same of an object as it stands, with the API server's own answer.
    pub(in crate::conformance) async fn try_create(&self, namespace: &str, object: &Value) -> Result<(), ClusterError> {
        let text = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
        let kind: Kind = self.kinds.find(&text("apiVersion"), &text("kind")).await?;
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let doing = format!("create the {} {namespace}/{name}", text("kind"));
        let object: DynamicObject = serde_json::from_value(object.clone())
            .map_err(|err| ClusterError::when(doing.clone())(kube::Error::SerdeError(err)))?;
        let made = kind.api(&self.client, namespace).create(&kube::api::PostParams::default(), &object).await;
        made.map(drop).map_err(ClusterError::when(doing))
    }

    /// Creates a namespace of this check; whoever may not is told so.
    pub(in crate::conformance) async fn own_namespace(&self, object: Value) -> Result<(), Stop> {
        match self.create("", object).await {
            Err(Stop::Failed { seen, .. }) if seen.contains("forbidden") => Err(Stop::skipped(seen)),
            other => other,
        }
    }

    /// Removes what this check made.
    pub(in crate::conformance) async fn clear(&self) -> Result<(), ClusterError> {
        clear::all(&self.scene, &format!("{MARK}={},{MADE_FOR}={}", self.run, self.id)).await
    }

    /// Has the agent try something.
    pub(in crate::conformance) async fn probe(&self, probe: &Probe) -> Result<Seen, Stop> {
        self.agent()?.probe(probe).await
    }

    /// A request of a workload, over TLS where its hosts serve that.
    pub(super) fn to_workload(&self, request: Http) -> Http {
        Http { tls: self.snapshot().serves_tls(&request.address), ..request }
    }

    /// Requests of workloads from inside the cluster: every answer, and why there are no more.
    pub(in crate::conformance) async fn http(&self, request: Http) -> Result<(Vec<Answer>, Option<String>), Stop> {
        self.as_it_is(self.to_workload(request)).await
    }

    /// The same of whatever answers there, spoken to as the request says.
    pub(in crate::conformance) async fn as_it_is(&self, request: Http) -> Result<(Vec<Answer>, Option<String>), Stop> {
        match self.probe(&Probe::Http(request)).await? {
            Seen::Http { answers, error } => Ok((answers, error)),
            other => Err(unexpected(&other)),
        }
    }

    /// One request of a workload, which must be answered.
    pub(in crate::conformance) async fn ask(&self, request: Http) -> Result<Answer, Stop> {
        self.ask_as_it_is(self.to_workload(request)).await
    }

    /// The same of whatever answers there.
    pub(super) async fn ask_as_it_is(&self, request: Http) -> Result<Answer, Stop> {
        let what = format!("{} {} of {}", request.path, request.host.as_deref().unwrap_or("no host"), request.address);
        let (answers, error) = self.as_it_is(request).await?;
        let Some(answer) = answers.into_iter().next() else {
            return Err(Stop::failed(format!("{what}: {}", error.unwrap_or_default())));
        };
        Ok(answer)
    }

    /// A GET of a workload.
    pub(in crate::conformance) async fn get(&self, address: &str, host: &str, path: &str) -> Result<Answer, Stop> {
        self.ask(Http { address: address.into(), host: Some(host.into()), path: path.into(), ..Http::default() }).await
    }

    /// A handshake of TLS from inside the cluster.
    pub(in crate::conformance) async fn handshake(&self, address: &str, host: &str) -> Result<Shown, Stop> {
        match self.probe(&Probe::Tls { address: address.into(), name: host.into() }).await? {
            Seen::Tls(shown) => Ok(shown),
            other => Err(unexpected(&other)),
        }
    }

    /// Something on NATS.
    pub(in crate::conformance) async fn nats(&self, identity: Identity, act: Act, seconds: u64) -> Result<Heard, Stop> {
        match self.probe(&Probe::Nats(Nats { identity, act, timeout_ms: seconds * 1000 })).await? {
            Seen::Nats(heard) => Ok(heard),
            other => Err(unexpected(&other)),
        }
    }
}

fn unexpected(seen: &Seen) -> Stop {
    Stop::failed(format!("the agent answered something else: {seen:?}"))
}
