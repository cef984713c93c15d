//! From a start request to a plan: everything that can be wrong with a workload before anything is pulled.

use std::collections::{BTreeMap, HashSet};

use chartwright_contract::control::{
    ImagePullPolicy, ImagePullSecret, LocalResources, Volume, VolumeMount, WitInterface, Workload,
};

use super::{Pool, volumes};
use crate::http::{AllowedHosts, HostNames};
use crate::plugins::Capability;

/// What is to run.
#[derive(Debug)]
pub struct Plan {
    /// Namespace of the workload.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its components, at least their settings.
    pub components: Vec<PlannedComponent>,
    /// The part that runs from start to stop.
    pub service: Option<PlannedService>,
    /// What they can mount.
    pub volumes: Vec<Volume>,
    /// The names that HTTP is served under; none without an entry for `wasi:http`.
    pub hosts: Option<HostNames>,
}

/// One component of it.
#[derive(Debug)]
pub struct PlannedComponent {
    /// Its name; the workload's when it has none.
    pub name: String,
    /// OCI reference.
    pub image: String,
    /// When to ask the registry.
    pub policy: ImagePullPolicy,
    /// For the registry.
    pub login: Option<ImagePullSecret>,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// What `wasi:config` shows: the interface's settings under the component's under its environment.
    pub config: BTreeMap<String, String>,
    /// Where HTTP requests may go.
    pub allowed_hosts: AllowedHosts,
    /// Volumes it sees.
    pub mounts: Vec<VolumeMount>,
    /// Largest linear memory, in bytes, if less than the host's own limit.
    pub memory: Option<usize>,
    /// Instances and calls.
    pub pool: Pool,
}

/// The service of a workload.
#[derive(Debug)]
pub struct PlannedService {
    /// What it is.
    pub component: PlannedComponent,
    /// How often it is started again after it failed.
    pub max_restarts: u64,
}

/// Requests at a time on the one instance of a service that serves HTTP.
const SERVICE_CONCURRENCY: usize = 256;

/// What is wrong with a workload. All of it, one a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct PlanError(pub Vec<String>);

impl Plan {
    /// Reads and checks a workload.
    pub fn new(workload: &Workload, capabilities: &[Box<dyn Capability>]) -> Result<Self, PlanError> {
        let mut faults = Vec::new();
        let world = workload.wit_world.clone().unwrap_or_default();
        for capability in capabilities {
            faults.extend(capability.check(workload));
        }
        let hosts = hosts(&world.host_interfaces, &mut faults);
        let config = |entries: &[WitInterface]| {
            let entries = entries.iter().filter(|entry| entry.namespace == "wasi" && entry.package == "config");
            entries.flat_map(|entry| plain(&entry.config)).collect::<BTreeMap<_, _>>()
        };
        let shared = config(&world.host_interfaces);
        volumes::check(&workload.volumes, &mut faults);
        let mut parts = Parts { shared, volumes: &workload.volumes, faults: &mut faults };
        let mut names = HashSet::new();
        let mut components = Vec::new();
        for (index, component) in world.components.iter().enumerate() {
            let name = if component.name.is_empty() { workload.name.clone() } else { component.name.clone() };
            if !names.insert(name.clone()) && !component.name.is_empty() {
                parts.faults.push(format!("two components are called `{name}`"));
            }
            if component.image.is_empty() {
                parts.faults.push(format!("component {index} (`{name}`) names no image"));
            }
            let positive = |number: i32| usize::try_from(number).ok().filter(|number| *number > 0);
            let pool = Pool {
                size: positive(component.pool_size).unwrap_or(0),
                max_invocations: positive(component.max_invocations),
                max_concurrency: positive(component.max_concurrency).unwrap_or(1),
                reclaim_seconds: component.reclaim_window_seconds.and_then(|seconds| u64::try_from(seconds).ok()),
                reclaim_floor: component.reclaim_min_instances.and_then(positive).unwrap_or(0),
            };
            let resources = component.local_resources.clone().unwrap_or_default();
            let planned = parts.plan(name, &component.image, resources, pool);
            let (policy, login) = (component.image_pull_policy, component.image_pull_secret.clone());
            components.push(PlannedComponent { policy, login, ..planned });
        }
        let service = workload.service.as_ref().map(|service| {
            if service.image.is_empty() {
                parts.faults.push("the service names no image".to_owned());
            }
            let pool = Pool { size: 1, max_concurrency: SERVICE_CONCURRENCY, ..Pool::default() };
            let resources = service.local_resources.clone().unwrap_or_default();
            let planned = parts.plan("service".to_owned(), &service.image, resources, pool);
            let (policy, login) = (service.image_pull_policy, service.image_pull_secret.clone());
            let component = PlannedComponent { policy, login, ..planned };
            PlannedService { component, max_restarts: service.max_restarts }
        });
        if faults.is_empty() {
            let (namespace, name) = (workload.namespace.clone(), workload.name.clone());
            Ok(Self { namespace, name, components, service, volumes: workload.volumes.clone(), hosts })
        } else {
            Err(PlanError(faults))
        }
    }
}

/// What the components of a workload share while they are read.
struct Parts<'w> {
    /// What `wasi:config` shows to all of them.
    shared: BTreeMap<String, String>,
    volumes: &'w [Volume],
    faults: &'w mut Vec<String>,
}

impl Parts<'_> {
    fn plan(&mut self, name: String, image: &str, resources: LocalResources, pool: Pool) -> PlannedComponent {
        volumes::check_mounts(&name, &resources.volume_mounts, self.volumes, self.faults);
        let environment = plain(&resources.environment);
        let mut config = self.shared.clone();
        config.extend(plain(&resources.config));
        config.extend(environment.clone());
        let allowed_hosts = AllowedHosts::parse(&resources.allowed_hosts).unwrap_or_else(|bad| {
            self.faults.extend(bad.into_iter().map(|fault| format!("component `{name}`: {fault}")));
            AllowedHosts::default()
        });
        let mebibytes = usize::try_from(resources.memory_limit_mb).ok().filter(|number| *number > 0);
        PlannedComponent {
            name,
            image: image.to_owned(),
            policy: ImagePullPolicy::Unspecified,
            login: None,
            environment,
            config,
            allowed_hosts,
            mounts: resources.volume_mounts,
            memory: mebibytes.map(|number| number.saturating_mul(1 << 20)),
            pool,
        }
    }
}

/// The names HTTP is served under: of the first entry that asks for incoming requests.
fn hosts(entries: &[WitInterface], faults: &mut Vec<String>) -> Option<HostNames> {
    let incoming = |entry: &&WitInterface| {
        entry.namespace == "wasi"
            && entry.package == "http"
            && entry.interfaces.iter().any(|name| name == "incoming-handler" || name == "handler")
    };
    let entry = entries.iter().find(incoming)?;
    let config = plain(&entry.config);
    let aliases = config.get("host-aliases").map(String::as_str).unwrap_or_default();
    let names = HostNames::parse(config.get("host").map(String::as_str), aliases);
    match names.and_then(|names| names.with_local(config.get("localRoute").map(String::as_str))) {
        Ok(names) => Some(names),
        Err(fault) => {
            faults.push(fault);
            None
        }
    }
}

fn plain(settings: &chartwright_contract::control::Settings) -> BTreeMap<String, String> {
    settings.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}
