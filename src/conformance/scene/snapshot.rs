//! The objects of the release as they were when the run began. What can be judged by them alone is judged by this.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::{Duration, Instant};

use chartwright_contract::crds::Host;
use chartwright_contract::crds::names::HOST_DRAINING;
use chartwright_contract::flags::{Implementation, Program, flags};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Container, Pod, PodTemplateSpec, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, ListParams};
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;

use super::controller::Controller;
use super::{SceneError, Wanted};
use crate::cluster::{Client, ClusterError, main, part};

/// Which release objects belong to.
pub(in crate::conformance) const INSTANCE: &str = "app.kubernetes.io/instance";

/// A host as its operator sees it.
#[derive(Clone, Debug, Default)]
pub(in crate::conformance) struct HostView {
    pub name: String,
    pub id: String,
    pub address: String,
    pub port: u16,
    pub environment: String,
    pub ready: bool,
}

/// All of it.
#[derive(Debug, Default)]
pub(in crate::conformance) struct Snapshot {
    pub namespace: String,
    pub release: String,
    pub controllers: Vec<Controller>,
    pub pods: Vec<Pod>,
    pub services: Vec<Service>,
    pub accounts: BTreeSet<String>,
    pub config_maps: BTreeSet<String>,
    /// `None`: we may not look.
    pub secrets: Option<BTreeSet<String>>,
    pub definitions: Option<Vec<CustomResourceDefinition>>,
    /// All of the namespace, whoever made them: they add up.
    pub policies: Option<Vec<NetworkPolicy>>,
    /// Whether the release has policies of Cilium's own kind.
    pub cilium: bool,
    pub hosts: Vec<HostView>,
    pub host_objects: Vec<Host>,
}

/// All objects of a kind in the namespace.
async fn list<K>(client: &Client, namespace: &str) -> Result<Vec<K>, ClusterError>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(client.clone(), namespace);
    let listed = api.list(&ListParams::default()).await;
    Ok(listed.map_err(ClusterError::when(format!("list {} in {namespace}", K::plural(&()))))?.items)
}

/// Heartbeats come every fifteen seconds; an operator that connected after a host knows it with the next one.
const FIRST_HEARTBEAT: Duration = Duration::from_secs(20);

/// Where a Pod is.
pub(in crate::conformance) fn pod_address(pod: &Pod) -> Option<&str> {
    pod.status.as_ref()?.pod_ip.as_deref()
}

/// Whether a Pod says that it is ready.
pub(in crate::conformance) fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

impl Snapshot {
    /// Looks at the cluster once every host of it had the time to be heard: just after an install that is a matter of seconds.
    pub(super) async fn settled(
        client: &Client,
        wanted: &Wanted,
        note: &mut (dyn FnMut(String) + Send),
    ) -> Result<Self, SceneError> {
        let end = Instant::now() + FIRST_HEARTBEAT;
        let mut told = false;
        loop {
            let snapshot = Self::take(client, wanted).await?;
            let unheard =
                snapshot.pods_of("host").filter(|pod| is_ready(pod)).filter(|pod| snapshot.host_of(pod).is_none());
            let unheard = unheard.count();
            if unheard == 0 || Instant::now() > end {
                return Ok(snapshot);
            }
            if !std::mem::replace(&mut told, true) {
                note(format!("waiting for the heartbeats of {unheard} hosts"));
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// The Host of a Pod.
    pub(in crate::conformance) fn host_of(&self, pod: &Pod) -> Option<&HostView> {
        let address = pod_address(pod)?;
        self.hosts.iter().find(|host| host.address == address)
    }

    /// Looks at the cluster.
    async fn take(client: &Client, wanted: &Wanted) -> Result<Self, SceneError> {
        let namespace = wanted.namespace.as_str();
        let mut controllers = controllers(client, namespace).await?;
        let release = release(namespace, wanted, &controllers)?;
        let ours = |labels: &std::collections::BTreeMap<String, String>| {
            release.is_empty() || labels.get(INSTANCE).is_none_or(|instance| *instance == release)
        };
        controllers.retain(|one| ours(&one.labels));
        let pods: Vec<Pod> = list(client, namespace).await?;
        let services: Vec<Service> = list(client, namespace).await?;
        let names = |names: Vec<String>| names.into_iter().collect::<BTreeSet<_>>();
        let accounts: Vec<ServiceAccount> = list(client, namespace).await?;
        let config_maps: Vec<ConfigMap> = list(client, namespace).await?;
        let host_objects: Vec<Host> = list(client, namespace).await?;
        let host_objects: Vec<Host> = host_objects.into_iter().filter(|host| !ends(host)).collect();
        Ok(Self {
            namespace: namespace.to_owned(),
            controllers,
            pods: pods
                .into_iter()
                .filter(|pod| part(pod.metadata.labels.as_ref()).is_some() && ours(pod.labels()))
                // What is on its way out belongs to the past.
                .filter(|pod| pod.metadata.deletion_timestamp.is_none())
                .collect(),
            services: services.into_iter().filter(|one| one.labels().get(INSTANCE) == Some(&release)).collect(),
            accounts: names(accounts.iter().map(ResourceExt::name_any).collect()),
            config_maps: names(config_maps.iter().map(ResourceExt::name_any).collect()),
            secrets: secrets(client, namespace).await?,
            definitions: definitions(client).await?,
            policies: policies(client, namespace).await?,
            cilium: cilium(client, namespace, &release).await,
            hosts: host_objects.iter().map(view).collect(),
            host_objects,
            release,
        })
    }

    /// Pods of a part: `operator`, `host` or `nats`.
    pub(in crate::conformance) fn pods_of(&self, wanted: &str) -> impl Iterator<Item = &Pod> {
        self.pods.iter().filter(move |pod| part(pod.metadata.labels.as_ref()) == Some(wanted))
    }

    /// Whether a Pod, of whatever time, belongs to that part of this release and is there to stay.
    pub(super) fn has(&self, wanted: &str, pod: &Pod) -> bool {
        let instance = pod.labels().get(INSTANCE);
        part(pod.metadata.labels.as_ref()) == Some(wanted)
            && (self.release.is_empty() || instance.is_none_or(|instance| *instance == self.release))
            && pod.metadata.deletion_timestamp.is_none()
    }

    /// What Pods are made from, with the names of what makes them.
    pub(in crate::conformance) fn templates(&self) -> Vec<(String, &'static str, &PodTemplateSpec)> {
        self.controllers.iter().map(|one| (one.name.clone(), one.part, &one.template)).collect()
    }

    /// The template of a part.
    pub(in crate::conformance) fn template(&self, wanted: &str) -> Option<&PodTemplateSpec> {
        self.templates().into_iter().find(|(_, part, _)| *part == wanted).map(|(_, _, template)| template)
    }

    /// The container that is the part itself.
    pub(in crate::conformance) fn main(&self, wanted: &str) -> Option<&Container> {
        main(self.template(wanted)?.spec.as_ref()?)
    }

    /// The image of a part.
    pub(super) fn image(&self, wanted: &str) -> Option<String> {
        self.main(wanted)?.image.clone()
    }

    /// The images of all host groups.
    pub(super) fn host_images(&self) -> Vec<String> {
        let hosts = self.templates().into_iter().filter(|(_, part, _)| *part == "host");
        let images: BTreeSet<String> =
            hosts.filter_map(|(_, _, template)| main(template.spec.as_ref()?)?.image.clone()).collect();
        images.into_iter().collect()
    }

    /// Whether the operator is this program: upstream's has no verb.
    pub(in crate::conformance) fn our_operator(&self) -> bool {
        arguments(self.main("operator")).first().is_some_and(|verb| verb == "operator")
    }

    /// Whether all hosts are this program: they are given flags that upstream's does not have.
    pub(in crate::conformance) fn our_hosts(&self) -> bool {
        let only_ours = |argument: &String| {
            let name = argument.trim_start_matches('-').split('=').next().unwrap_or_default();
            let knows = |implementation| flags(Program::Host, implementation).iter().any(|flag| flag.is_called(name));
            argument.starts_with("--") && knows(Implementation::Chartwright) && !knows(Implementation::Wasmcloud)
        };
        let hosts: Vec<_> = self.templates().into_iter().filter(|(_, part, _)| *part == "host").collect();
        !hosts.is_empty()
            && hosts
                .iter()
                .all(|(_, _, template)| arguments(template.spec.as_ref().and_then(main)).iter().any(only_ours))
    }

    /// Why no workload of this namespace can be followed to a host, if so.
    pub(super) fn has_half(&self) -> Option<String> {
        match (self.main("operator"), self.main("host")) {
            (_, None) => Some("the release has no hosts".to_owned()),
            (None, _) if self.hosts.is_empty() => {
                Some("the release has no operator: its Hosts are in the namespace of another one's".to_owned())
            }
            _ => None,
        }
    }

    /// Why hosts do not pull from a registry without TLS, if so.
    pub(super) fn refuses(&self, registry: &str) -> Option<String> {
        let name = registry.split(':').next().unwrap_or(registry);
        let allowed = |flags: &[String]| {
            let all = |flag: &String| {
                matches!(flag.as_str(), "--allow-insecure-registries" | "--allow-insecure-registries=true")
            };
            flags.iter().any(all)
                || flags.iter().filter_map(|flag| flag.strip_prefix("--insecure-registry=")).any(|list| {
                    list.split(',')
                        .any(|entry| entry.eq_ignore_ascii_case(registry) || entry.eq_ignore_ascii_case(name))
                })
        };
        self.templates()
            .into_iter()
            .filter(|(_, part, _)| *part == "host")
            .find(|(_, _, template)| !allowed(&arguments(template.spec.as_ref().and_then(main))))
            .map(|(name, _, _)| {
                format!("{name} does not pull from the agent: add {registry} to `hostDefaults.oci.insecureRegistries`")
            })
    }

    /// What to set so that hosts pull from a registry without TLS, besides those that they have already.
    pub(super) fn lets_pull(&self, registry: &str) -> String {
        if !self.our_hosts() {
            // Upstream's have no list.
            return "hostDefaults.oci.allowInsecure=true".to_owned();
        }
        let flags = arguments(self.main("host"));
        let known = flags.iter().filter_map(|flag| flag.strip_prefix("--insecure-registry="));
        let all: Vec<&str> = known.flat_map(|list| list.split(',')).chain([registry]).collect();
        format!("hostDefaults.oci.insecureRegistries={{{}}}", all.join(","))
    }

    /// Why workloads of another namespace do not run on these hosts, if so.
    pub(super) fn keeps_to_itself(&self) -> Option<String> {
        let flags = arguments(self.main("operator"));
        if flags.iter().any(|flag| flag == "--allow-shared-hosts=false" || flag == "-allow-shared-hosts=false") {
            return Some("the operator keeps hosts to their own namespace".to_owned());
        }
        let watched = flags.iter().find(|flag| flag.trim_start_matches('-').starts_with("watch-namespaces="));
        watched.map(|flag| format!("the operator watches certain namespaces only: {flag}"))
    }
}

/// Its arguments.
pub(in crate::conformance) fn arguments(container: Option<&Container>) -> Vec<String> {
    container.and_then(|container| container.args.clone()).unwrap_or_default()
}

/// All of the namespace, of whatever release.
async fn controllers(client: &Client, namespace: &str) -> Result<Vec<Controller>, ClusterError> {
    let deployments: Vec<Deployment> = list(client, namespace).await?;
    let stateful: Vec<StatefulSet> = list(client, namespace).await?;
    let daemons: Vec<DaemonSet> = list(client, namespace).await?;
    let mut all: Vec<Controller> = deployments.iter().filter_map(Controller::of_deployment).collect();
    all.extend(stateful.iter().filter_map(Controller::of_stateful_set));
    all.extend(daemons.iter().filter_map(Controller::of_daemon_set));
    Ok(all)
}

fn release(namespace: &str, wanted: &Wanted, controllers: &[Controller]) -> Result<String, SceneError> {
    if controllers.is_empty() {
        return Err(SceneError::Nothing(namespace.to_owned()));
    }
    let releases: BTreeSet<String> = controllers.iter().filter_map(|one| one.labels.get(INSTANCE).cloned()).collect();
    let there = releases.iter().cloned().collect::<Vec<_>>().join(", ");
    match &wanted.release {
        Some(release) if releases.contains(release) => Ok(release.clone()),
        Some(release) => {
            Err(SceneError::NoRelease { namespace: namespace.to_owned(), release: release.clone(), there })
        }
        None if releases.len() > 1 => Err(SceneError::Several { namespace: namespace.to_owned(), releases: there }),
        None => Ok(there),
    }
}

/// Names only; whoever may not see Secrets can still run the rest.
async fn secrets(client: &Client, namespace: &str) -> Result<Option<BTreeSet<String>>, ClusterError> {
    let api: Api<k8s_openapi::api::core::v1::Secret> = Api::namespaced(client.clone(), namespace);
    match api.list_metadata(&ListParams::default()).await {
        Ok(listed) => Ok(Some(listed.items.iter().map(ResourceExt::name_any).collect())),
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(None),
        Err(err) => Err(ClusterError::when(format!("list secrets in {namespace}"))(err)),
    }
}

async fn policies(client: &Client, namespace: &str) -> Result<Option<Vec<NetworkPolicy>>, ClusterError> {
    match list(client, namespace).await {
        Ok(listed) => Ok(Some(listed)),
        Err(err) if err.code() == Some(403) => Ok(None),
        Err(err) => Err(err),
    }
}

/// A cluster without that kind, or one that does not show it, has none that could be told of.
async fn cilium(client: &Client, namespace: &str, release: &str) -> bool {
    let kind = GroupVersionKind::gvk("cilium.io", "v2", "CiliumNetworkPolicy");
    let kind = ApiResource::from_gvk_with_plural(&kind, "ciliumnetworkpolicies");
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &kind);
    let of_release = ListParams::default().labels(&format!("{INSTANCE}={release}"));
    api.list_metadata(&of_release).await.is_ok_and(|listed| !listed.items.is_empty())
}

async fn definitions(client: &Client) -> Result<Option<Vec<CustomResourceDefinition>>, ClusterError> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    match api.list(&ListParams::default()).await {
        Ok(listed) => {
            let ours = |one: &CustomResourceDefinition| one.spec.group == "runtime.wasmcloud.dev";
            Ok(Some(listed.items.into_iter().filter(ours).collect()))
        }
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(None),
        Err(err) => Err(ClusterError::when("list customresourcedefinitions")(err)),
    }
}

/// Whether a host has said that it is about to end: it answers nobody soon, and belongs to the past like its Pod.
pub(super) fn ends(host: &Host) -> bool {
    let conditions = host.status.iter().flat_map(|status| &status.conditions);
    conditions
        .into_iter()
        .any(|condition| condition.type_ == "Ready" && condition.reason.as_deref() == Some(HOST_DRAINING))
}

pub(super) fn view(host: &Host) -> HostView {
    let conditions = host.status.iter().flat_map(|status| &status.conditions);
    HostView {
        name: host.name_any(),
        id: host.spec.host_id.clone(),
        address: host.spec.hostname.clone().unwrap_or_default(),
        port: host.spec.http_port.and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
        environment: host.spec.environment.clone().unwrap_or_default(),
        ready: conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True"),
    }
}
