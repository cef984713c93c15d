//! Everything the controllers share, and what one thing that happens means for the others.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chartwright_contract::crds::names::WORKLOAD_FINALIZER;
use chartwright_contract::crds::{Artifact, Host, Workload, WorkloadDeployment, WorkloadReplicaSet};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::core::PartialObjectMeta;
use kube::{Resource, ResourceExt as _};
use tokio_util::sync::CancellationToken;

use crate::bus::Bus;
use crate::cluster::{Cluster, Kept, Key, is_gone};
use crate::controllers::queue::Queue;
use crate::controllers::route::Warned;
use crate::controllers::starts::Starts;
use crate::fleet::intake::Intake;
use crate::fleet::{Fleet, RELEASE, watchdog};
use crate::metrics::Metrics;
use crate::request;

/// Several changes of what belongs together are one look.
const SOON: Duration = Duration::from_millis(50);

/// What the controllers are told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The release whose hosts are ours; `None`: all hosts are.
    pub release: Option<String>,
    /// The cluster's DNS domain.
    pub cluster_domain: String,
    /// Whether Artifacts are looked after.
    pub artifacts: bool,
    /// Whether objects are held by a finalizer until their end is seen to.
    pub holds: bool,
}

/// One queue for each controller.
pub(crate) struct Queues {
    pub(crate) workloads: Arc<Queue<Key>>,
    pub(crate) replica_sets: Arc<Queue<Key>>,
    pub(crate) deployments: Arc<Queue<Key>>,
    pub(crate) artifacts: Arc<Queue<Key>>,
    pub(crate) routes: Arc<Queue<Key>>,
    /// By the id of the host.
    pub(crate) hosts: Arc<Queue<String>>,
}

/// All of it.
pub struct Operator {
    /// The cluster.
    pub cluster: Cluster,
    /// The control plane.
    pub bus: Bus,
    /// The hosts.
    pub fleet: Fleet,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What we were told.
    pub settings: Settings,
    pub(crate) queues: Queues,
    pub(crate) starts: Starts,
    /// What was said of Services.
    pub(crate) warned: Warned,
    /// The uids of workloads that we delete ourselves, until they are gone.
    retired: Mutex<HashSet<String>>,
    /// Cancelled once this operator is not the active one any more: what goes on beside the controllers ends with it.
    pub(crate) over: CancellationToken,
}

impl Operator {
    pub(crate) fn new(
        cluster: Cluster,
        bus: Bus,
        fleet: Fleet,
        metrics: Arc<Metrics>,
        settings: Settings,
        starts: Starts,
    ) -> Arc<Self> {
        let queues = Queues {
            workloads: Queue::new(),
            replica_sets: Queue::new(),
            deployments: Queue::new(),
            artifacts: Queue::new(),
            routes: Queue::new(),
            hosts: Queue::new(),
        };
        let (warned, retired, over) = (Warned::default(), Mutex::default(), CancellationToken::new());
        Arc::new(Self { cluster, bus, fleet, metrics, settings, queues, starts, warned, retired, over })
    }

    /// Does something beside the controllers, for as long as this operator is the active one.
    pub(crate) fn beside(&self, task: impl Future<Output = ()> + Send + 'static) {
        let over = self.over.clone();
        tokio::spawn(async move { over.run_until_cancelled(task).await });
    }

    /// An object with the first of these finalizers; or with none of them where we hold nothing: it may have one of another time.
    pub(crate) async fn held<K: Kept>(&self, object: Arc<K>, finalizers: &[&str]) -> kube::Result<Arc<K>> {
        if self.settings.holds {
            return self.cluster.hold(&object, finalizers[0]).await;
        }
        if self.is_retired(&*object) {
            return Ok(object);
        }
        self.cluster.release(&*object, finalizers).await?;
        Ok(K::store(&self.cluster).get(&Key::of(&*object)).unwrap_or(object))
    }

    /// Deletes a workload of ours. It is held until its host was told, wherever we hold nothing else: what takes its place waits
    /// for that.
    pub(crate) async fn retire(&self, workload: &Arc<Workload>) -> kube::Result<()> {
        if self.settings.holds {
            return self.cluster.delete(&**workload).await;
        }
        self.retired().insert(uid(&**workload));
        match self.cluster.hold(workload, WORKLOAD_FINALIZER).await {
            Ok(workload) => self.cluster.delete(&*workload).await,
            Err(err) if is_gone(&err) => Ok(()),
            Err(err) => Err(err),
        }
    }

    fn retired(&self) -> MutexGuard<'_, HashSet<String>> {
        self.retired.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_retired(&self, object: &impl Resource) -> bool {
        self.retired().contains(&uid(object))
    }

    // --- What changed in the cluster ---------------------------------------------------------------------------------

    pub(crate) fn workload_changed(&self, workload: &Workload) {
        let key = Key::of(workload);
        let host = workload.status.as_ref().and_then(|status| status.host_id.as_deref());
        if let Some(host) = host.filter(|_| !self.settings.holds)
            && self.cluster.workloads.get(&key).is_none_or(|one| uid(&*one) != uid(workload))
            && !self.retired().remove(&uid(workload))
        {
            // It may have gone before anybody looked at it, and its host is to be told.
            self.fleet.assign(&uid(workload), host, &key.to_string());
        }
        self.queues.workloads.add(key);
        let namespace = workload.namespace().unwrap_or_default();
        if let Some(owner) = owner::<WorkloadReplicaSet>(workload) {
            self.queues.replica_sets.add_after(Key::new(&namespace, owner), SOON);
        }
        if let Some(service) = service_of(workload) {
            self.queues.routes.add_after(Key::new(&namespace, service), SOON);
        }
    }

    pub(crate) fn replica_set_changed(&self, set: &WorkloadReplicaSet) {
        self.queues.replica_sets.add_after(Key::of(set), SOON);
        if let Some(owner) = owner::<WorkloadDeployment>(set) {
            self.queues.deployments.add_after(Key::new(set.namespace().unwrap_or_default(), owner), SOON);
        }
    }

    pub(crate) fn deployment_changed(&self, deployment: &WorkloadDeployment) {
        self.queues.deployments.add(Key::of(deployment));
        // An artifact that goes waits for those who refer to it.
        for entry in &deployment.spec.artifacts {
            let namespace = deployment.namespace().unwrap_or_default();
            self.queues.artifacts.add_after(Key::new(namespace, &entry.artifact_from.name), SOON);
        }
    }

    pub(crate) fn artifact_changed(&self, artifact: &Artifact) {
        self.queues.artifacts.add(Key::of(artifact));
        let key = Key::of(artifact);
        for deployment in self.cluster.deployments.within(&key.namespace) {
            if deployment.spec.artifacts.iter().any(|entry| entry.artifact_from.name == key.name) {
                self.queues.deployments.add_after(Key::of(&*deployment), SOON);
            }
        }
    }

    pub(crate) fn host_changed(&self, host: &Host) {
        if self.is_foreign(host.labels()) {
            return;
        }
        self.queues.hosts.add(host.spec.host_id.clone());
        let key = Key::of(host);
        let intake = self.cluster.hosts.get(&key).map_or(Intake::Open, |host| Intake::of(&host));
        if !self.fleet.takes(&key.name, intake) {
            return;
        }
        tracing::info!(host = key.name, ?intake, "what a host is given has changed");
        match intake {
            Intake::Open => self.host_came(&host.spec.host_id),
            Intake::Cordoned => {}
            Intake::Drained => self.is_emptied(&host.spec.host_id),
        }
    }

    pub(crate) fn service_changed(&self, service: &Service) {
        self.queues.routes.add_after(Key::of(service), SOON);
    }

    pub(crate) fn slice_changed(&self, slice: &EndpointSlice) {
        if let Some(service) = slice.labels().get("kubernetes.io/service-name") {
            self.queues.routes.add_after(Key::new(slice.namespace().unwrap_or_default(), service), SOON);
        }
    }

    pub(crate) fn pod_changed(self: &Arc<Self>, pod: &Pod) {
        let key = Key::of(pod);
        let members = self.fleet.members();
        let its: Vec<_> = members.iter().filter(|member| is_of(pod, &member.heartbeat.hostname)).collect();
        if self.cluster.pods.get(&key).is_none() {
            // What it ran is gone with it; unless another Pod has its address already, nobody listens there.
            for member in its {
                self.beside(watchdog::poll(Arc::clone(self), member.heartbeat.id.clone()));
            }
        } else if pod.metadata.deletion_timestamp.is_some() {
            for member in its {
                self.host_drains(&member.heartbeat.id);
            }
            self.release_pod(pod);
        } else {
            for member in its {
                self.routes_of(&member.heartbeat.id);
            }
        }
    }

    pub(crate) fn config_map_changed(&self, map: &PartialObjectMeta<ConfigMap>) {
        self.referrers(&Key::of(map), |needed, name| needed.config_maps.contains(name));
    }

    pub(crate) fn secret_changed(&self, secret: &PartialObjectMeta<Secret>) {
        self.referrers(&Key::of(secret), |needed, name| needed.secrets.contains(name));
    }

    fn referrers(&self, key: &Key, refers: impl Fn(&request::Needed, &str) -> bool) {
        for workload in self.cluster.workloads.within(&key.namespace) {
            if refers(&request::needed(&workload.spec), &key.name) {
                self.starts.forgive(&uid(&*workload));
                self.queues.workloads.add_after(Key::of(&*workload), SOON);
            }
        }
    }

    /// Whether labels are those of a host of another release, which has an operator of its own.
    pub(crate) fn is_foreign(&self, labels: &BTreeMap<String, String>) -> bool {
        matches!((&self.settings.release, labels.get(RELEASE)), (Some(own), Some(other)) if own != other)
    }

    // --- What happened to a host -------------------------------------------------------------------------------------

    /// A host came: those that wait for one may go there.
    pub(crate) fn host_came(&self, id: &str) {
        self.queues.hosts.add(id.to_owned());
        for workload in self.cluster.workloads.all() {
            let host = workload.status.as_ref().and_then(|status| status.host_id.as_deref());
            if host.is_none()
                || host == Some(id)
                || host.is_some_and(|host| self.fleet.member(host).is_none_or(|member| member.draining))
            {
                self.queues.workloads.add(Key::of(&*workload));
            }
        }
    }

    /// Another process came under the name of this one, which therefore is gone.
    pub(crate) fn host_replaced(&self, id: &str, name: &str) {
        tracing::info!(host = name, id, "its former process is gone");
        self.moves_off(id);
    }

    /// A host is about to end.
    pub(crate) fn host_drains(&self, id: &str) {
        if self.fleet.drains(id) {
            tracing::info!(id, "a host drains");
            self.moves_off(id);
            self.routes_of(id);
        }
    }

    /// A host is given up.
    pub(crate) async fn host_lost(&self, id: &str, why: &str) {
        let Some(member) = self.fleet.remove(id) else { return };
        self.metrics.host_lost();
        let key = Key::new(&self.cluster.own_namespace, &member.heartbeat.friendly_name);
        let host = self.cluster.hosts.get(&key);
        self.queues.hosts.add(id.to_owned());
        self.moves_off(id);
        self.routes_of(id);
        if let Some(host) = host {
            let note = format!("the host is given up: {why}; what it ran moves elsewhere");
            self.cluster.say(&*host, true, "HostLost", "Remove", &note).await;
        }
    }

    /// What a host runs is to be replaced elsewhere: by its ReplicaSet, or where there is none, by a look at itself.
    fn is_emptied(&self, id: &str) {
        for workload in self.of_host(id) {
            self.workload_changed(&workload);
        }
    }

    fn moves_off(&self, id: &str) {
        self.queues.hosts.add(id.to_owned());
        for workload in self.of_host(id) {
            self.queues.workloads.add(Key::of(&*workload));
        }
    }

    /// The Services that lead to a host are looked at.
    pub(crate) fn routes_of(&self, id: &str) {
        let keys: HashSet<_> = self
            .of_host(id)
            .iter()
            .filter_map(|workload| Some(Key::new(workload.namespace().unwrap_or_default(), service_of(workload)?)))
            .collect();
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.sort();
        for key in keys {
            self.queues.routes.add(key);
        }
    }

    fn of_host(&self, id: &str) -> Vec<Arc<Workload>> {
        let mut all = self.cluster.workloads.all();
        all.retain(|workload| {
            workload.status.as_ref().is_some_and(|status| status.host_id.as_deref() == Some(id))
                || self.fleet.left(&uid(&**workload)).as_deref() == Some(id)
        });
        all
    }

    /// Whether a workload with this uid is, or was just now, meant to be on this host.
    pub(crate) fn belongs(&self, workload: &str, host: &str) -> bool {
        self.fleet.is_assigned(workload, host) || self.fleet.left(workload).as_deref() == Some(host)
    }

    /// A Pod with upstream's finalizer: we hold none, and what it was for is done already.
    fn release_pod(self: &Arc<Self>, pod: &Pod) {
        use chartwright_contract::crds::names::HOST_POD_FINALIZER;
        if !pod.finalizers().iter().any(|one| one == HOST_POD_FINALIZER) {
            return;
        }
        let (operator, pod) = (Arc::clone(self), pod.clone());
        self.beside(async move {
            if let Err(err) = operator.cluster.release(&pod, &[HOST_POD_FINALIZER]).await {
                tracing::warn!(pod = %Key::of(&pod), error = %err, "a finalizer could not be taken away");
            }
        });
    }
}

/// Whether a Pod is the one of a host that calls itself so.
pub(crate) fn is_of(pod: &Pod, hostname: &str) -> bool {
    if hostname.is_empty() {
        return false;
    }
    let ip = pod.status.as_ref().and_then(|status| status.pod_ip.as_deref());
    let own = pod.spec.as_ref().and_then(|spec| spec.hostname.as_deref());
    ip == Some(hostname) || own == Some(hostname) || pod.metadata.name.as_deref() == Some(hostname)
}

/// The uid of an object.
pub(crate) fn uid<K: Resource>(object: &K) -> String {
    object.meta().uid.clone().unwrap_or_default()
}

/// The name of the object of this kind that controls another.
pub(crate) fn owner<K: Resource<DynamicType = ()>>(object: &impl Resource) -> Option<String> {
    let owners = object.meta().owner_references.as_deref().unwrap_or_default();
    let ours = |owner: &&k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference| {
        owner.controller == Some(true) && owner.kind == K::kind(&()) && owner.api_version == K::api_version(&())
    };
    owners.iter().find(ours).map(|owner| owner.name.clone())
}

/// The Service that leads to a workload.
pub(crate) fn service_of(workload: &Workload) -> Option<String> {
    let service = workload.spec.kubernetes.as_ref()?.service.as_ref()?;
    Some(service.name.clone()).filter(|name| !name.is_empty())
}
