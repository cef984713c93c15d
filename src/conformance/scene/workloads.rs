//! Workloads as the cluster shows them: started, waited for, found, and why not.

use std::time::Duration;

use chartwright_contract::crds::{Condition, Host, Workload, WorkloadDeployment};
use kube::ResourceExt as _;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::snapshot::{HostView, view};
use super::{Draft, Stage};
use crate::cluster::ClusterError;
use crate::conformance::check::Stop;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(150);

/// The verbs on workloads in one namespace.
pub(in crate::conformance) struct Workloads<'a> {
    stage: &'a Stage,
    pub namespace: String,
}

/// Where something runs.
#[derive(Clone, Debug)]
pub(in crate::conformance) struct Running {
    pub name: String,
    pub host: String,
    /// `address:port` of each host that runs it.
    pub addresses: Vec<String>,
}

impl Running {
    /// The first of its places.
    pub(in crate::conformance) fn address(&self) -> &str {
        self.addresses.first().map_or("", String::as_str)
    }
}

impl Stage {
    /// Workloads in the namespace of the release.
    pub(in crate::conformance) fn workloads(&self) -> Workloads<'_> {
        Workloads { stage: self, namespace: self.namespace.clone() }
    }

    /// Workloads of another namespace.
    pub(in crate::conformance) fn workloads_in(&self, namespace: &str) -> Workloads<'_> {
        Workloads { stage: self, namespace: namespace.to_owned() }
    }
}

impl Workloads<'_> {
    pub(in crate::conformance) fn deployments(&self) -> Api<WorkloadDeployment> {
        Api::namespaced(self.stage.client.clone(), &self.namespace)
    }

    /// Creates it, and does not wait.
    pub(in crate::conformance) async fn create(&self, draft: &Draft) -> Result<(), Stop> {
        self.try_create(draft).await.map_err(Stop::from)
    }

    /// The same, with the API server's own answer.
    pub(in crate::conformance) async fn try_create(&self, draft: &Draft) -> Result<(), ClusterError> {
        self.stage.try_create(&self.namespace, &draft.object).await
    }

    /// Creates it and waits until all of it runs.
    pub(in crate::conformance) async fn start(&self, draft: &Draft) -> Result<Running, Stop> {
        self.create(draft).await?;
        let replicas = draft.object["spec"]["replicas"].as_i64().unwrap_or(1);
        self.running(&draft.name, i32::try_from(replicas).unwrap_or(1)).await?;
        let addresses = self.addresses(&draft.name).await?;
        Ok(Running { name: draft.name.clone(), host: draft.host.clone(), addresses })
    }

    /// The object as it is.
    pub(in crate::conformance) async fn get(&self, name: &str) -> Result<WorkloadDeployment, Stop> {
        let got = self.deployments().get(name).await;
        Ok(got.map_err(ClusterError::when(format!("look at the WorkloadDeployment {}/{name}", self.namespace)))?)
    }

    /// Waits until so many run and it says that it is ready.
    pub(in crate::conformance) async fn running(&self, name: &str, replicas: i32) -> Result<(), Stop> {
        loop {
            let deployment = self.get(name).await?;
            let status = deployment.status.unwrap_or_default();
            let ready = status.replicas.as_ref().map_or(0, |counts| counts.ready);
            if ready == replicas && status.current_replicas == replicas && is(&status.conditions, "Ready", "True") {
                return Ok(());
            }
            self.stage.at(format!("{ready} of {replicas} run; {}", self.why(name, &status.conditions).await));
            sleep(PAUSE).await;
        }
    }

    /// Waits until a look at its workloads finds what is wanted; says what it saw last when its time is over.
    pub(in crate::conformance) async fn until<T>(
        &self,
        name: &str,
        time: Duration,
        find: impl Fn(&[Workload]) -> Result<T, String>,
    ) -> Result<T, Stop> {
        let end = Instant::now() + time;
        loop {
            let found = find(&self.of(name).await?);
            match found {
                Ok(found) => return Ok(found),
                Err(seen) if Instant::now() > end => {
                    return Err(Stop::failed(format!("after {} s: {seen}", time.as_secs())));
                }
                Err(seen) => self.stage.at(seen),
            }
            sleep(PAUSE).await;
        }
    }

    /// Its Workloads. By name: upstream's carry no label of their deployment.
    pub(in crate::conformance) async fn of(&self, name: &str) -> Result<Vec<Workload>, Stop> {
        let api: Api<Workload> = Api::namespaced(self.stage.client.clone(), &self.namespace);
        let listed = api.list(&ListParams::default()).await.map_err(ClusterError::when("list workloads"))?;
        let prefix = format!("{name}-");
        Ok(listed.items.into_iter().filter(|one| one.name_any().starts_with(&prefix)).collect())
    }

    /// The hosts that run it.
    pub(in crate::conformance) async fn hosts(&self, name: &str) -> Result<Vec<HostView>, Stop> {
        let workloads = self.of(name).await?;
        let api: Api<Host> = Api::namespaced(self.stage.client.clone(), &self.stage.namespace);
        let hosts = api.list(&ListParams::default()).await.map_err(ClusterError::when("list hosts"))?;
        let on = |workload: &Workload| workload.status.as_ref().and_then(|status| status.host_id.clone());
        let ids: Vec<String> = workloads.iter().filter_map(on).collect();
        Ok(ids.iter().filter_map(|id| hosts.items.iter().find(|host| host.spec.host_id == *id)).map(view).collect())
    }

    /// Their addresses, each once.
    pub(in crate::conformance) async fn addresses(&self, name: &str) -> Result<Vec<String>, Stop> {
        let mut addresses: Vec<String> = self.hosts(name).await?.iter().map(address).collect();
        addresses.sort();
        addresses.dedup();
        if addresses.is_empty() {
            return Err(Stop::failed(format!("{name} is ready, and no Host has the id that its Workloads name")));
        }
        Ok(addresses)
    }

    /// Changes its spec.
    pub(in crate::conformance) async fn patch(&self, name: &str, patch: &Value) -> Result<(), Stop> {
        let patched = self.deployments().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await;
        patched.map_err(ClusterError::when(format!("change the WorkloadDeployment {name}")))?;
        Ok(())
    }

    /// Sets its number through the scale subresource.
    pub(in crate::conformance) async fn scale(&self, name: &str, replicas: i32) -> Result<(), Stop> {
        let doing = || ClusterError::when(format!("scale the WorkloadDeployment {name}"));
        let mut scale = self.deployments().get_scale(name).await.map_err(doing())?;
        scale.spec.get_or_insert_default().replicas = Some(replicas);
        self.deployments().replace_scale(name, &PostParams::default(), &scale).await.map_err(doing())?;
        Ok(())
    }

    /// Deletes it, and does not wait.
    pub(in crate::conformance) async fn delete(&self, name: &str) -> Result<(), Stop> {
        let deleted = self.deployments().delete(name, &DeleteParams::default()).await;
        deleted.map_err(ClusterError::when(format!("delete the WorkloadDeployment {name}")))?;
        Ok(())
    }

    /// What keeps it, in the words of its conditions.
    async fn why(&self, name: &str, conditions: &[Condition]) -> String {
        let workloads = self.of(name).await.unwrap_or_default();
        let below = workloads.iter().filter_map(|one| one.status.as_ref()).find_map(|status| unmet(&status.conditions));
        below.or_else(|| unmet(conditions)).unwrap_or_else(|| "it has no condition yet".to_owned())
    }
}

/// `address:port` of its HTTP server.
pub(in crate::conformance) fn address(host: &HostView) -> String {
    socket(&host.address, host.port)
}

/// Address and port; an address of IPv6 stands in brackets.
pub(in crate::conformance) fn socket(address: &str, port: u16) -> String {
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

/// Whether a condition has that status.
pub(in crate::conformance) fn is(conditions: &[Condition], type_: &str, status: &str) -> bool {
    conditions.iter().any(|condition| condition.type_ == type_ && condition.status == status)
}

/// The first condition that is not met.
pub(in crate::conformance) fn unmet(conditions: &[Condition]) -> Option<String> {
    let unmet = conditions.iter().find(|condition| condition.status != "True")?;
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    Some(format!("{} is {}: {} {}", unmet.type_, unmet.status, said(&unmet.reason), said(&unmet.message)))
}
