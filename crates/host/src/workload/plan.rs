//! From a start request to a plan: everything that can be wrong with a workload before anything is pulled.

use std::collections::{BTreeMap, HashSet};

use chartwright_contract::control::{Component, ImagePullPolicy, LocalResources, WitInterface, Workload};

use super::Pool;
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
    pub login: Option<chartwright_contract::control::ImagePullSecret>,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// What `wasi:config` shows: the interface's settings under the component's under its environment.
    pub config: BTreeMap<String, String>,
    /// Where HTTP requests may go.
    pub allowed_hosts: AllowedHosts,
    /// Instances and calls.
    pub pool: Pool,
}

/// What is wrong with a workload. All of it, one a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct PlanError(pub Vec<String>);

impl Plan {
    /// Reads and checks a workload.
    pub fn new(workload: &Workload, capabilities: &[Box<dyn Capability>]) -> Result<Self, PlanError> {
        let mut faults = Vec::new();
        let world = workload.wit_world.clone().unwrap_or_default();
        if workload.service.is_some() {
            faults.push("services are not supported by this host yet".to_owned());
        }
        for capability in capabilities {
            faults.extend(capability.check(workload));
        }
        let hosts = hosts(&world.host_interfaces, &mut faults);
        let config = |entries: &[WitInterface]| {
            let entries = entries.iter().filter(|entry| entry.namespace == "wasi" && entry.package == "config");
            entries.flat_map(|entry| plain(&entry.config)).collect::<BTreeMap<_, _>>()
        };
        let shared = config(&world.host_interfaces);
        let mut names = HashSet::new();
        let mut components = Vec::new();
        for (index, component) in world.components.iter().enumerate() {
            let name = if component.name.is_empty() { workload.name.clone() } else { component.name.clone() };
            if !names.insert(name.clone()) && !component.name.is_empty() {
                faults.push(format!("two components are called `{name}`"));
            }
            if component.image.is_empty() {
                faults.push(format!("component {index} (`{name}`) names no image"));
            }
            components.push(plan(component, name, &shared, &mut faults));
        }
        if faults.is_empty() {
            Ok(Self { namespace: workload.namespace.clone(), name: workload.name.clone(), components, hosts })
        } else {
            Err(PlanError(faults))
        }
    }
}

fn plan(
    component: &Component,
    name: String,
    shared: &BTreeMap<String, String>,
    faults: &mut Vec<String>,
) -> PlannedComponent {
    let resources: LocalResources = component.local_resources.clone().unwrap_or_default();
    if !resources.volume_mounts.is_empty() {
        faults.push(format!("component `{name}`: volume mounts are not supported by this host yet"));
    }
    let environment = plain(&resources.environment);
    let mut config = shared.clone();
    config.extend(plain(&resources.config));
    config.extend(environment.clone());
    let allowed_hosts = AllowedHosts::parse(&resources.allowed_hosts).unwrap_or_else(|bad| {
        faults.extend(bad.into_iter().map(|fault| format!("component `{name}`: {fault}")));
        AllowedHosts::default()
    });
    let positive = |number: i32| usize::try_from(number).ok().filter(|number| *number > 0);
    PlannedComponent {
        image: component.image.clone(),
        policy: component.image_pull_policy,
        login: component.image_pull_secret.clone(),
        environment,
        config,
        allowed_hosts,
        pool: Pool {
            size: positive(component.pool_size).unwrap_or(0),
            max_invocations: positive(component.max_invocations),
            max_concurrency: positive(component.max_concurrency).unwrap_or(1),
            reclaim_seconds: component.reclaim_window_seconds.and_then(|seconds| u64::try_from(seconds).ok()),
        },
        name,
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
