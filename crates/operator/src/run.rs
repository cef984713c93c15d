//! From options to an operator that works, and to its orderly end.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chartwright_contract::crds::{Artifact, GROUP, Host, Workload, WorkloadDeployment, WorkloadReplicaSet};
use chartwright_contract::nats::{ConnectError, connect};
use chartwright_program::pages::{self, Page};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::ListParams;
use kube::core::PartialObjectMeta;
use kube::{Api, Client, ResourceExt as _};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::bus::Bus;
use crate::cluster::{Cluster, Scope, Sight, watch, watch_metadata};
use crate::controllers::starts::Starts;
use crate::controllers::{self, host, workload};
use crate::election::Election;
use crate::fleet::{Fleet, Pressure, heartbeats, watchdog};
use crate::health::Health;
use crate::metrics::Metrics;
use crate::operator::{Operator, Settings};
use crate::options::Options;
use crate::placement::Policy;
use crate::scrape;

/// How long what is being looked at has to come to its end.
const FINISH: Duration = Duration::from_secs(10);

/// Why an operator does not run, or does not go on.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// Flags of NATS, or files they name.
    #[error(transparent)]
    Nats(#[from] ConnectError),
    /// An address that is taken, or not ours.
    #[error("--{flag}={address}: {why}")]
    Listen {
        /// The flag.
        flag: &'static str,
        /// What it says.
        address: SocketAddr,
        /// Why not.
        why: std::io::Error,
    },
    /// Another operator is the active one now.
    #[error("the Lease is not held any more: another operator may be the active one now")]
    LeaseLost,
    /// The control plane cannot be listened to.
    #[error("hosts cannot be listened to: {0}")]
    Heartbeats(String),
    /// The certificate of the metrics.
    #[error(transparent)]
    Scrape(#[from] scrape::CertificateError),
    /// The list of certificates.
    #[error(transparent)]
    Certificates(#[from] crate::certificates::ConfigError),
}

/// Where an operator listens, once it does.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// `/metrics`.
    pub metrics: Option<SocketAddr>,
    /// Probes.
    pub probes: Option<SocketAddr>,
}

/// Runs an operator until `stop` completes; `ready` is told where it listens.
pub async fn run(
    options: Options,
    client: Client,
    stop: impl Future<Output = ()>,
    ready: oneshot::Sender<Addresses>,
) -> Result<(), OperatorError> {
    let mut stop = std::pin::pin!(stop);
    // Its own certificate may be one that it makes.
    if let Some(list) = &options.certificates {
        tokio::select! {
            made = crate::certificates::first(&client, &options, list) => made?,
            () = &mut stop => return Ok(()),
        }
    }
    let metrics = Arc::new(Metrics::default());
    let connection = connect(&options.nats).await?;
    let health = Arc::new(Health::default());
    let metrics_at = match options.metrics_bind_address {
        Some(address) => Some(scrape::serve(address, &options.metrics_access, client.clone(), &metrics).await?),
        None => None,
    };
    let probes = listen("health-probe-bind-address", options.health_probe_bind_address, {
        let (state, health) = (connection.state(), Arc::clone(&health));
        move |path| health.page(path, &state.borrow())
    })
    .await?;
    _ = ready.send(Addresses { metrics: metrics_at, probes });

    let election = options
        .leader_elect
        .then(|| Election::new(client.clone(), &options.own_namespace, &options.leader_election_id, &options.identity));
    if let Some(election) = &election {
        tracing::info!(lease = options.leader_election_id, "waiting to be the active operator");
        // One that waits is ready to take over.
        health.works();
        tokio::select! {
            () = election.win() => {}
            () = &mut stop => return Ok(()),
        }
    }
    metrics.leads(true);
    tracing::info!(namespace = options.own_namespace, "the operator is the active one");
    let bus = Bus::new(connection);
    let mut lost = std::pin::pin!(async {
        match &election {
            Some(election) => election.hold().await,
            None => std::future::pending().await,
        }
    });
    let result = loop {
        match lead(&options, &client, &bus, &metrics, &health, &mut lost, &mut stop).await {
            Ok(Course::Anew) => {}
            Ok(Course::Over) => break Ok(()),
            Err(err) => break Err(err),
        }
    };
    metrics.leads(false);
    if let (Some(election), Ok(())) = (&election, &result) {
        match tokio::time::timeout(Duration::from_secs(3), election.release()).await {
            Ok(Ok(())) => tracing::info!("the Lease is handed over"),
            Ok(Err(err)) => tracing::warn!(error = %err, "the Lease could not be handed over; it ends by itself"),
            Err(_) => tracing::warn!("the Lease could not be handed over in time; it ends by itself"),
        }
    }
    result
}

/// How the work of the active operator ended.
enum Course {
    /// It was told to stop.
    Over,
    /// It may see more than when it began, and begins anew: it decides nothing by half of what there is.
    Anew,
}

/// What the active operator does.
async fn lead(
    options: &Options,
    client: &Client,
    bus: &Bus,
    metrics: &Arc<Metrics>,
    health: &Arc<Health>,
    lost: &mut Pin<&mut impl Future<Output = ()>>,
    stop: &mut Pin<&mut impl Future<Output = ()>>,
) -> Result<Course, OperatorError> {
    let policy = Policy { shared_hosts: options.allow_shared_hosts, ..Policy::default() };
    let pressure = Pressure { cpu: options.cpu_backpressure_threshold, memory: options.memory_backpressure_threshold };
    let operator = Operator::new(
        Cluster::new(client.clone(), options.own_namespace.clone(), options.identity.clone(), Arc::clone(metrics)),
        bus.clone(),
        Fleet::new(options.heartbeat_timeout, policy, pressure),
        Arc::clone(metrics),
        Settings {
            release: options.release.clone(),
            cluster_domain: options.cluster_domain.clone(),
            artifacts: !options.disable_artifact_controller,
            holds: options.holds,
        },
        Starts::new(options.max_concurrent_starts, options.max_concurrent_starts_per_host),
    );
    // However this ends.
    let _over = operator.over.clone().drop_guard();
    let certificates = match &options.certificates {
        Some(list) => Some(crate::certificates::Keeper::new(client.clone(), options, list, Arc::clone(metrics))?),
        None => None,
    };
    let mut background = JoinSet::new();
    if let Some(keeper) = certificates {
        background.spawn(keeper.run());
    }
    health.begins();
    let sights = watches(&operator, options, health, &mut background);
    let unseen = async {
        crds(client, &options.own_namespace).await;
        sights.unseen(options.heartbeat_timeout / 2).await
    };
    let unseen = tokio::select! {
        unseen = unseen => unseen,
        () = &mut *stop => return Ok(Course::Over),
        () = &mut *lost => return Err(OperatorError::LeaseLost),
    };
    for (namespace, sight) in &unseen {
        tracing::error!(
            namespace,
            "what is in this namespace may not be watched: it is left out. If it is gone, take it out of the release's values"
        );
        sight.leave_out();
        operator.cluster.forget(namespace);
    }
    let sees_all = !unseen.iter().any(|(namespace, _)| options.watch_namespaces.contains(namespace));
    // What another operator knew of hosts, until they are heard.
    for host in operator.cluster.hosts.all() {
        if operator.is_foreign(host.labels()) {
            continue;
        }
        let beat = host::remembered(&host);
        let id = beat.id.clone();
        operator.fleet.expect(beat);
        background.spawn(watchdog::poll(Arc::clone(&operator), id));
    }
    let ending = CancellationToken::new();
    let mut listening = AbortOnDropHandle::new(tokio::spawn(heartbeats::listen(Arc::clone(&operator))));
    background.spawn(watchdog::watch(Arc::clone(&operator), sees_all));
    background.spawn(workload::stop::watch(Arc::clone(&operator)));
    let controllers = AbortOnDropHandle::new(tokio::spawn(controllers::run(Arc::clone(&operator), ending.clone())));
    health.works();
    tracing::info!(
        workloads = operator.cluster.workloads.len(),
        hosts = operator.cluster.hosts.len(),
        "the cluster is known; controllers run"
    );
    let dawns = async {
        let each: Vec<_> = unseen.iter().map(|(_, sight)| Box::pin(sight.dawns())).collect();
        if each.is_empty() { std::future::pending().await } else { futures::future::select_all(each).await.0 }
    };
    let result = tokio::select! {
        () = &mut *stop => Ok(Course::Over),
        () = dawns => {
            tracing::info!("a namespace that was left out may be watched now: beginning anew");
            Ok(Course::Anew)
        }
        () = &mut *lost => Err(OperatorError::LeaseLost),
        ended = &mut listening => {
            let why = ended.map_or_else(|err| err.to_string(), |result| result.err().unwrap_or_default());
            Err(OperatorError::Heartbeats(why))
        }
    };
    // Who lost the Lease writes nothing more, whatever it was about to.
    if result.is_ok() {
        ending.cancel();
        let finish = async {
            _ = controllers.await;
            workload::stop::end(&operator).await;
        };
        tokio::select! {
            _ = tokio::time::timeout(FINISH, finish) => {}
            () = &mut *lost => return Err(OperatorError::LeaseLost),
        }
    }
    background.shutdown().await;
    result
}

/// The namespaces that are watched.
struct Sights {
    /// Where Hosts are: without it there is nothing to do.
    own: Arc<Sight>,
    /// Those of workloads, and of Pods of hosts. One that is gone must not keep the others from being looked after.
    others: BTreeMap<String, Arc<Sight>>,
}

impl Sights {
    /// That of a namespace; all of the cluster (`None`) is seen, or there is nothing to do.
    fn of(&mut self, namespace: Option<&String>, own: &str) -> Arc<Sight> {
        match namespace.filter(|name| *name != own) {
            Some(name) => Arc::clone(self.others.entry(name.clone()).or_default()),
            None => Arc::clone(&self.own),
        }
    }

    /// Waits until each is known or, for so long, may not be seen; returns those.
    async fn unseen(self, patience: Duration) -> Vec<(String, Arc<Sight>)> {
        while !self.own.settled(patience).await {}
        let each = self.others.into_iter().map(async |(name, sight)| (sight.settled(patience).await, name, sight));
        let settled = futures::future::join_all(each).await;
        settled.into_iter().filter(|(seen, ..)| !seen).map(|(_, name, sight)| (name, sight)).collect()
    }
}

/// Starts all watches.
fn watches(operator: &Arc<Operator>, options: &Options, health: &Arc<Health>, tasks: &mut JoinSet<()>) -> Sights {
    let client = operator.cluster.client.clone();
    let mut namespaces: Vec<_> = options.watch_namespaces.iter().cloned().map(Some).collect();
    if namespaces.is_empty() {
        namespaces.push(None);
    }
    let mut pods = options.host_namespaces.clone();
    pods.push(options.own_namespace.clone());
    pods.sort();
    pods.dedup();
    let mut sights = Sights { own: Arc::default(), others: BTreeMap::new() };
    macro_rules! start {
        ($sight:expr, $watch:ident, $kind:ty, $store:ident, $changed:ident, $namespace:expr, $labels:expr) => {{
            let namespace: Option<String> = $namespace.clone();
            let api: Api<$kind> = match &namespace {
                Some(namespace) => Api::namespaced(client.clone(), namespace),
                None => Api::all(client.clone()),
            };
            let (store, operator) = (Arc::clone(&operator.cluster.$store), Arc::clone(operator));
            $sight.begins();
            let scope = Scope { namespace, labels: $labels, health: Arc::clone(health), sight: Arc::clone(&$sight) };
            tasks.spawn($watch(api, scope, store, move |object| operator.$changed(object)));
        }};
    }
    for namespace in &namespaces {
        let sight = sights.of(namespace.as_ref(), &options.own_namespace);
        start!(sight, watch, Workload, workloads, workload_changed, namespace, None);
        start!(sight, watch, WorkloadReplicaSet, replica_sets, replica_set_changed, namespace, None);
        start!(sight, watch, WorkloadDeployment, deployments, deployment_changed, namespace, None);
        start!(sight, watch, Artifact, artifacts, artifact_changed, namespace, None);
        start!(sight, watch, Service, services, service_changed, namespace, None);
        let ours = format!("{}=true", chartwright_contract::crds::names::ROUTE_MANAGER);
        start!(sight, watch, EndpointSlice, slices, slice_changed, namespace, Some(ours));
        start!(sight, watch_metadata, PartialObjectMeta<ConfigMap>, config_maps, config_map_changed, namespace, None);
        start!(sight, watch_metadata, PartialObjectMeta<Secret>, secrets, secret_changed, namespace, None);
    }
    start!(sights.own, watch, Host, hosts, host_changed, Some(options.own_namespace.clone()), None);
    for namespace in &pods {
        let sight = sights.of(Some(namespace), &options.own_namespace);
        let marked = chartwright_contract::crds::names::HOST_POD.to_owned();
        start!(sight, watch, Pod, pods, pod_changed, Some(namespace.clone()), Some(marked));
    }
    sights
}

/// Waits until the cluster knows our kinds: without them every watch would fail for one and the same reason.
async fn crds(client: &Client, namespace: &str) {
    let hosts = Api::<Host>::namespaced(client.clone(), namespace);
    loop {
        match hosts.list(&ListParams::default().limit(1)).await {
            Err(kube::Error::Api(status)) if status.code == 404 => {
                tracing::error!(
                    group = GROUP,
                    "the cluster has no custom resources of this group: install the CRDs of the chart (`helm install` \
                     does, `kubectl apply --server-side -f crds/` too)"
                );
            }
            _ => return,
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

async fn listen(
    flag: &'static str,
    address: Option<SocketAddr>,
    page: impl Fn(&str) -> Page + Send + Sync + 'static,
) -> Result<Option<SocketAddr>, OperatorError> {
    let Some(address) = address else { return Ok(None) };
    pages::serve(address, page).await.map(Some).map_err(|why| OperatorError::Listen { flag, address, why })
}
