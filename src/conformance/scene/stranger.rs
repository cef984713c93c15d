//! A stranger: a second agent in a namespace of its own, which no policy of the release knows. It is started by whoever comes first.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{Api, PostParams};
use serde_json::json;

use super::{Agent, MADE_FOR, MARK, Stage};
use crate::conformance::check::Stop;
use crate::conformance::probe::{Probe, Seen};

/// Whose it is: the run's, and no check's.
const OWNER: &str = "shared";
/// Another port than the agent's, which policies let hosts out to, or they could not pull from it.
const PORT: u16 = 5001;
/// So long it may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// It runs.
pub(in crate::conformance) struct Stranger {
    agent: Agent,
    /// What it listens on.
    pub port: u16,
    pub namespace: String,
    /// Those of its namespace.
    pub labels: BTreeMap<String, String>,
}

impl Stranger {
    /// `address:port` of what it listens on.
    pub(in crate::conformance) fn address(&self) -> &str {
        &self.agent.registry
    }

    /// The Pod.
    pub(in crate::conformance) fn pod(&self) -> &Pod {
        &self.agent.pod
    }

    /// Why it does not reach that address, if so.
    pub(in crate::conformance) async fn tcp(&self, address: &str) -> Result<Option<String>, Stop> {
        tcp(&self.agent, address).await
    }
}

/// Why nothing answers there.
async fn tcp(agent: &Agent, address: &str) -> Result<Option<String>, Stop> {
    match agent.probe(&Probe::Tcp { address: address.to_owned() }).await? {
        Seen::Tcp { error } => Ok(error),
        other => Err(Stop::failed(format!("the agent answered something else: {other:?}"))),
    }
}

impl Stage {
    /// The stranger. Where it cannot be had, what needs it is not judged.
    pub(in crate::conformance) async fn stranger(&self) -> Result<&Stranger, Stop> {
        self.at("a Pod in a namespace of its own starts");
        let stranger = self.stranger.get_or_init(|| async {
            match tokio::time::timeout(PATIENCE, start(&self.of(OWNER))).await {
                Ok(Ok(stranger)) => Ok(stranger),
                Ok(Err(Stop::Failed { seen, .. } | Stop::Skipped(seen))) => Err(seen),
                Err(_) => Err(format!("it was not ready after {} s", PATIENCE.as_secs())),
            }
        });
        let stranger = stranger.await;
        self.at("");
        stranger.as_ref().map_err(|why| Stop::skipped(format!("no Pod in a namespace of its own: {why}")))
    }

    /// Why the agent does not reach that address, if so.
    pub(in crate::conformance) async fn tcp(&self, address: &str) -> Result<Option<String>, Stop> {
        tcp(self.agent()?, address).await
    }

    /// The labels of a namespace; whoever may not look knows its name, which is a label of it.
    pub(in crate::conformance) async fn labels_of(&self, namespace: &str) -> BTreeMap<String, String> {
        let api: Api<Namespace> = Api::all(self.client.clone());
        let seen = api.get(namespace).await.ok().and_then(|namespace| namespace.metadata.labels);
        seen.unwrap_or_else(|| [("kubernetes.io/metadata.name".to_owned(), namespace.to_owned())].into())
    }
}

/// Creates a Pod in a namespace that is new: its service account takes a moment.
pub(in crate::conformance) async fn create_in_new_namespace(
    pods: &Api<Pod>,
    parameters: &PostParams,
    pod: &Pod,
) -> Result<(), kube::Error> {
    let mut attempts = 50;
    loop {
        match pods.create(parameters, pod).await {
            Err(kube::Error::Api(status)) if status.message.contains("serviceaccount") && attempts > 0 => {
                attempts -= 1;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            created => return created.map(drop),
        }
    }
}

async fn start(stage: &Stage) -> Result<Stranger, Stop> {
    let namespace = stage.name("stranger");
    let labels = json!({"pod-security.kubernetes.io/enforce": "restricted"});
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}});
    stage.own_namespace(object).await?;
    let labels = json!({MARK: stage.run, MADE_FOR: stage.id});
    let image = stage.image.as_deref();
    let agent = Agent::stranger(&stage.client, stage.snapshot(), image, &namespace, PORT, &labels).await;
    let agent = agent.map_err(Stop::skipped)?;
    let labels = stage.labels_of(&namespace).await;
    Ok(Stranger { agent, port: PORT, namespace, labels })
}
