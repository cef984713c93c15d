//! Where checks run: the release that was found, the agent inside the cluster, and what a check makes for itself.

mod agent;
mod clear;
mod controller;
mod draft;
mod enforcement;
mod lack;
mod load;
mod logs;
mod metrics;
#[cfg(test)]
pub(super) mod sample;
mod shared;
mod snapshot;
mod stage;
mod stranger;
mod tls;
mod workloads;

use tokio::sync::OnceCell;

use super::Need;
use super::check::{Outcome, Stop};
use super::report::{Entry, Facts, Status};
use crate::cluster::{Client, ClusterError, Kinds};

pub(super) use agent::Agent;
pub(super) use controller::Controller;
pub(super) use draft::Draft;
pub(super) use lack::Lack;
pub(super) use shared::Shared;
pub(super) use snapshot::{INSTANCE, Snapshot, arguments, is_ready, pod_address};
pub(super) use stage::Stage;
pub(super) use stranger::{Stranger, create_in_new_namespace};
pub(super) use tls::Source;
pub(super) use workloads::{Running, address, is, socket, unmet};

/// The label of everything a run makes; its value is the run.
pub(super) const MARK: &str = "chartwright.dev/conformance";
/// The label with the check it was made for.
pub(super) const MADE_FOR: &str = "chartwright.dev/conformance-check";

/// Which release is judged.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Where it is.
    pub namespace: String,
    /// Its name; `None`: the only one there.
    pub release: Option<String>,
    /// The image of the agent; `None`: that of our operator or host.
    pub image: Option<String>,
    /// Whether Pods of the release may be ended.
    pub disruptive: bool,
}

/// Why there is nothing to judge.
#[derive(Debug, thiserror::Error)]
pub(super) enum SceneError {
    #[error("no operator and no host of wasmCloud in namespace {0}: name the namespace of the release with -n")]
    Nothing(String),
    #[error("namespace {namespace} has the releases {releases}: name one with --release")]
    Several { namespace: String, releases: String },
    #[error("namespace {namespace} has no release {release}; there is {there}")]
    NoRelease { namespace: String, release: String, there: String },
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

/// All of it.
pub(super) struct Scene {
    pub client: Client,
    pub kinds: Kinds,
    pub namespace: String,
    /// What marks the objects of this run.
    pub run: String,
    pub snapshot: Snapshot,
    kubernetes: String,
    agent: Result<Agent, String>,
    disruptive: bool,
    /// The image that somebody named for Pods of ours.
    image: Option<String>,
    shared: OnceCell<Result<Shared, String>>,
    stranger: OnceCell<Result<Stranger, String>>,
    /// Whether NetworkPolicies are enforced.
    enforcement: OnceCell<Outcome>,
}

impl Scene {
    /// Looks at the release, and brings the agent if it is wanted.
    pub(super) async fn set(
        client: Client,
        wanted: &Wanted,
        with_agent: bool,
        tell: &mut (dyn FnMut(String) + Send),
    ) -> Result<Self, SceneError> {
        let version = client.apiserver_version().await.map_err(ClusterError::when("ask the API server who it is"))?;
        let snapshot = Snapshot::settled(&client, wanted, tell).await?;
        tell(format!(
            "release {} in {}: {} hosts, Kubernetes {}",
            snapshot.release,
            wanted.namespace,
            snapshot.hosts.len(),
            version.git_version
        ));
        let run = run_name();
        let agent = if with_agent {
            tell("starting the agent".to_owned());
            let agent = Agent::start(&client, &snapshot, wanted, &run).await;
            if let (Ok(agent), Some(true)) = (&agent, snapshot.policies.as_ref().map(|all| !all.is_empty())) {
                agent.let_in().await;
            }
            agent
        } else {
            Err("no selected check needs it".to_owned())
        };
        if let (true, Err(why)) = (with_agent, &agent) {
            tell(format!("no agent: {why}"));
        }
        Ok(Self {
            kinds: Kinds::new(client.clone()),
            client,
            namespace: wanted.namespace.clone(),
            run,
            snapshot,
            kubernetes: version.git_version,
            agent,
            disruptive: wanted.disruptive,
            image: wanted.image.clone(),
            shared: OnceCell::new(),
            stranger: OnceCell::new(),
            enforcement: OnceCell::new(),
        })
    }

    /// The selector of what this run made.
    pub(super) fn mark(&self) -> String {
        format!("{MARK}={}", self.run)
    }

    /// Why a check is not run here, if so.
    pub(super) fn lacks(&self, needs: &[Need], claimed: Option<&[Need]>) -> Option<Lack> {
        Lack::of(needs, claimed, |need| self.lack(need))
    }

    fn lack(&self, need: Need) -> Option<String> {
        match need {
            Need::Agent => self.agent.as_ref().err().map(|why| format!("no agent: {why}")),
            Need::Guests => match &self.agent {
                Err(why) => Some(format!("no agent: {why}")),
                Ok(agent) => (self.snapshot.has_half())
                    .or_else(|| self.snapshot.refuses(&agent.registry))
                    .or_else(|| self.snapshot.wants_certificates()),
            },
            Need::Identities => match &self.agent {
                Err(why) => Some(format!("no agent: {why}")),
                Ok(agent) => agent.no_identities.clone(),
            },
            Need::TwoHosts => {
                let hosts = self.snapshot.hosts.iter().filter(|host| host.ready).count();
                (hosts < 2).then(|| {
                    format!("{hosts} host is ready; set `hostDefaults.replicas` to 2 (a DaemonSet needs another node)")
                })
            }
            Need::BundledNats => {
                self.snapshot.template("nats").is_none().then(|| "the release uses a NATS server of others".to_owned())
            }
            Need::OurHost => (!self.snapshot.our_hosts()).then(|| "the hosts are not chartwright's".to_owned()),
            Need::OurOperator => {
                (!self.snapshot.our_operator()).then(|| "the operator is not chartwright's".to_owned())
            }
            Need::Namespaces => self.snapshot.keeps_to_itself(),
            Need::Disruptive => (!self.disruptive).then(|| "it ends Pods of the release: --disruptive".to_owned()),
        }
    }

    /// What is judged, for the report.
    pub(super) fn facts(&self) -> Facts {
        let features = Need::ALL.into_iter().filter(|need| self.lack(*need).is_none());
        Facts {
            namespace: self.namespace.clone(),
            release: self.snapshot.release.clone(),
            kubernetes: self.kubernetes.clone(),
            operator: self.snapshot.image("operator").unwrap_or_default(),
            hosts: self.snapshot.host_images(),
            features: features.map(Need::name).collect(),
        }
    }

    /// How to have those judged that were not, because hosts do not pull from the agent: most of what is claimed about a platform.
    pub(super) fn advice(&self, entries: &[Entry]) -> Option<String> {
        let registry = &self.agent.as_ref().ok()?.registry;
        let why = self.snapshot.refuses(registry)?;
        let unjudged = entries.iter().filter(|entry| entry.status != Status::Passed && entry.seen.contains(&why));
        let unjudged = unjudged.count();
        let release = match self.snapshot.release.as_str() {
            "" => String::new(),
            release => format!(" --release {release}"),
        };
        (unjudged > 0).then(|| {
            format!(
                "{unjudged} checks run a workload, and none of them was judged: hosts pull their components from the agent, whose \
                 registry is not among the values of the release. Add it, and run this again:\n  \
                 chartwright upgrade -n {}{release} --reuse-values --set '{}'",
                self.namespace,
                self.snapshot.lets_pull(registry)
            )
        })
    }

    fn shared_cell(&self) -> &OnceCell<Result<Shared, String>> {
        &self.shared
    }

    /// The agent, which a check that asks for it needs.
    pub(super) fn agent(&self) -> Result<&Agent, Stop> {
        self.agent.as_ref().map_err(|why| Stop::skipped(format!("no agent: {why}")))
    }
}

/// Short, and another one at each run: it is part of names.
fn run_name() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut number = now.as_millis() ^ (u128::from(std::process::id()) << 20);
    let mut text = String::new();
    for _ in 0..6 {
        let digit = u8::try_from(number % 26).unwrap_or_default();
        text.push(char::from(b'a' + digit));
        number /= 26;
    }
    text
}
