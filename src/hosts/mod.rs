//! Hosts of a running platform: closed to new workloads, emptied, and opened again.
//!
//! What is wanted stands as an annotation on the Host, so that it outlives whoever asked and the operator too; the operator does it,
//! and says so in the condition `Schedulable`. A new Pod is a new Host, and open.

mod error;

use std::time::Duration;

use chartwright_contract::crds::names::{CORDON, CORDONED, DRAINED, SCHEDULABLE};
use chartwright_contract::crds::{Condition, Host, Workload};
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, Client, ResourceExt};
use serde_json::json;
use tokio::time::Instant;

use crate::cluster::{ClusterError, patiently};

pub use error::HostsError;

/// Who wrote the annotation.
const MANAGER: &str = "chartwright-hosts";
/// How long an operator has to say that it took note.
const NOTE: Duration = Duration::from_secs(15);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(300);

/// What a host is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake {
    /// Whatever fits.
    Open,
    /// Nothing new.
    Cordoned,
    /// Nothing new, and what it has moves elsewhere.
    Drained,
}

impl Intake {
    const fn word(self) -> Option<&'static str> {
        match self {
            Self::Open => None,
            Self::Cordoned => Some(CORDONED),
            Self::Drained => Some(DRAINED),
        }
    }

    /// Whether a condition of the operator says just that.
    fn is_said_by(self, condition: Option<&Condition>) -> bool {
        let Some(condition) = condition else { return self == Self::Open };
        let reason = condition.reason.as_deref().unwrap_or_default();
        match self {
            Self::Open => condition.status == "True",
            Self::Cordoned => condition.status == "False" && reason == "Cordoned",
            Self::Drained => condition.status == "False" && reason == "Drained",
        }
    }
}

/// What is still on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staying {
    /// `shop/web-0`.
    pub workload: String,
    /// Why it has no other place, or what the operator says of it.
    pub why: String,
}

/// The hosts that an operator in this namespace knows.
pub struct Hosts {
    client: Client,
    namespace: String,
}

impl Hosts {
    /// Those of the operator in this namespace.
    pub fn new(client: Client, namespace: &str) -> Self {
        Self { client, namespace: namespace.to_owned() }
    }

    fn api(&self) -> Api<Host> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// The Host of this name; an unknown one is told with the names there are.
    async fn find(&self, name: &str) -> Result<Host, HostsError> {
        let found = self.api().get_opt(name).await;
        if let Some(host) = found.map_err(ClusterError::when(format!("read the Host {}/{name}", self.namespace)))? {
            return Ok(host);
        }
        let all = self.api().list(&ListParams::default()).await;
        let all = all.map_err(ClusterError::when(format!("list the Hosts in {}", self.namespace)))?;
        let known = all.iter().map(ResourceExt::name_any).collect();
        Err(HostsError::Unknown { name: name.to_owned(), namespace: self.namespace.clone(), known })
    }

    /// Writes down what hosts are to be given, all or none, and waits until the operator took note.
    pub async fn give(&self, names: &[String], intake: Intake) -> Result<(), HostsError> {
        for name in names {
            self.find(name).await?;
        }
        let patch = Patch::Merge(json!({ "metadata": { "annotations": { CORDON: intake.word() } } }));
        let params = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        for name in names {
            let written = self.api().patch(name, &params, &patch).await;
            written.map_err(ClusterError::when(format!("annotate the Host {}/{name}", self.namespace)))?;
        }
        let end = Instant::now() + NOTE;
        for name in names {
            while !self.took_note(name, intake, end).await? {
                if Instant::now() > end {
                    return Err(HostsError::NoNote { name: name.clone(), seconds: NOTE.as_secs() });
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    async fn took_note(&self, name: &str, intake: Intake, end: Instant) -> Result<bool, HostsError> {
        let host = patiently(end, || self.find(name)).await?;
        let conditions = host.status.map(|status| status.conditions).unwrap_or_default();
        Ok(intake.is_said_by(conditions.iter().find(|condition| condition.type_ == SCHEDULABLE)))
    }

    /// Waits until hosts have nothing left that has another place; tells `watch` what they still have each time that changed.
    /// Returns what stays, because it names the host it wants.
    pub async fn emptied(
        &self,
        names: &[String],
        end: Instant,
        mut watch: impl FnMut(&[Staying]),
    ) -> Result<Vec<Staying>, HostsError> {
        let mut told = None;
        loop {
            let (moving, pinned) = patiently(end, || self.left(names)).await?;
            if moving.is_empty() {
                watch(&moving);
                return Ok(pinned);
            }
            if Instant::now() > end {
                return Err(HostsError::NotEmpty(moving));
            }
            if told.as_ref() != Some(&moving) {
                watch(&moving);
                told = Some(moving);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What these hosts still have: what is to move, and what names its host.
    async fn left(&self, names: &[String]) -> Result<(Vec<Staying>, Vec<Staying>), HostsError> {
        let mut ids = Vec::new();
        for name in names {
            ids.push(self.find(name).await?.spec.host_id);
        }
        let workloads = self.workloads().await?;
        let there = workloads.into_iter().filter(|workload| {
            let on = workload.status.as_ref().and_then(|status| status.host_id.as_ref());
            on.is_some_and(|on| ids.contains(on))
        });
        let (pinned, moving): (Vec<_>, Vec<_>) = there.partition(|workload| workload.spec.host_id.is_some());
        let staying = |workload: &Workload, why: String| Staying {
            workload: format!("{}/{}", workload.namespace().unwrap_or_default(), workload.name_any()),
            why,
        };
        let moving = moving.iter().map(|workload| staying(workload, state(workload))).collect();
        let pinned = pinned.iter().map(|workload| staying(workload, "its `hostId` names this host".into())).collect();
        Ok((moving, pinned))
    }

    /// All workloads, or where nobody lets us see all, those of the operator's namespace.
    async fn workloads(&self) -> Result<Vec<Workload>, HostsError> {
        let all: Api<Workload> = Api::all(self.client.clone());
        match all.list(&ListParams::default()).await {
            Err(kube::Error::Api(status)) if status.code == 403 => {
                let own: Api<Workload> = Api::namespaced(self.client.clone(), &self.namespace);
                let list = own.list(&ListParams::default()).await;
                Ok(list.map_err(ClusterError::when(format!("list the Workloads in {}", self.namespace)))?.items)
            }
            list => Ok(list.map_err(ClusterError::when("list the Workloads"))?.items),
        }
    }
}

/// How a workload stands, in a few words.
fn state(workload: &Workload) -> String {
    if workload.metadata.deletion_timestamp.is_some() {
        return "it is stopping".into();
    }
    let conditions = workload.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    match conditions.iter().find(|condition| condition.type_ == "Ready") {
        Some(ready) if ready.status == "True" => "it runs, until another one does elsewhere".into(),
        Some(ready) => ready.message.clone().unwrap_or_else(|| "it is not ready".into()),
        None => "it is not ready".into(),
    }
}
