//! From a Workload object to what a host is asked to run: references to `ConfigMap`s and Secrets resolved, as late as
//! possible, and never logged.

mod consumers;
pub mod pull_secret;

use std::collections::{BTreeMap, BTreeSet};

use chartwright_contract::control::{
    self, ImagePullPolicy, ImagePullSecret, Settings, VolumeSource, WitInterface, WitWorld, WorkloadStartRequest,
};
use chartwright_contract::crds::{
    ConfigLayer, HostInterface, LocalObjectReference, LocalResources, Workload, WorkloadSpec,
};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};

/// The objects a workload refers to, by name; those of its namespace.
#[derive(Default)]
pub struct References {
    /// `ConfigMap`s.
    pub config_maps: BTreeMap<String, ConfigMap>,
    /// Secrets.
    pub secrets: BTreeMap<String, Secret>,
}

/// Names of what a workload refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needed {
    /// `ConfigMap`s.
    pub config_maps: BTreeSet<String>,
    /// Secrets.
    pub secrets: BTreeSet<String>,
}

/// What keeps a workload from being described. All of it, one a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct Faults(pub Vec<String>);

/// What a spec refers to.
pub fn needed(spec: &WorkloadSpec) -> Needed {
    let mut needed = Needed::default();
    let names = |references: &[LocalObjectReference]| references.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    let resources = spec.components.iter().map(|component| &component.local_resources);
    let resources = resources.chain(spec.service.iter().map(|service| &service.local_resources));
    let layers = resources.flatten().filter_map(|resources| resources.environment.as_ref());
    for layer in layers {
        needed.config_maps.extend(names(&layer.config_from));
        needed.secrets.extend(names(&layer.secret_from));
    }
    for interface in &spec.host_interfaces {
        needed.config_maps.extend(names(&interface.config_from));
        needed.secrets.extend(names(&interface.secret_from));
    }
    let pulls = spec.components.iter().map(|component| &component.image_pull_secret);
    let pulls = pulls.chain(spec.service.iter().map(|service| &service.image_pull_secret));
    needed.secrets.extend(pulls.flatten().map(|one| one.name.clone()).filter(|name| !name.is_empty()));
    needed
}

/// The request that starts a workload. `owner` is the deployment whose replica it is, if it is one; `domain` is the cluster's
/// DNS domain, `cluster.local` in most.
pub fn build(
    workload: &Workload,
    owner: Option<&str>,
    references: &References,
    domain: &str,
) -> Result<WorkloadStartRequest, Faults> {
    let namespace = workload.metadata.namespace.clone().unwrap_or_default();
    let mut builder = Builder { namespace: &namespace, references, faults: Vec::new() };
    let spec = &workload.spec;
    let components = spec.components.iter().map(|component| control::Component {
        image: component.image.clone(),
        local_resources: Some(builder.resources(component.local_resources.as_ref())),
        pool_size: component.pool_size,
        max_invocations: component.max_invocations,
        image_pull_secret: builder.login(component.image_pull_secret.as_ref(), &component.image),
        name: component.name.clone(),
        image_pull_policy: policy(component.image_pull_policy.as_deref()),
        max_concurrency: component.max_concurrency,
        reclaim_window_seconds: component.reclaim_window_seconds,
        reclaim_min_instances: component.reclaim_min_instances,
    });
    let mut components: Vec<_> = components.collect();
    let mut service = spec.service.as_ref().map(|service| control::Service {
        image: service.image.clone(),
        local_resources: Some(builder.resources(service.local_resources.as_ref())),
        max_restarts: u64::try_from(service.max_restarts).unwrap_or_default(),
        image_pull_secret: builder.login(service.image_pull_secret.as_ref(), &service.image),
        image_pull_policy: policy(service.image_pull_policy.as_deref()),
    });
    let aliases = spec.kubernetes.as_ref().and_then(|kubernetes| kubernetes.service.as_ref());
    let aliases = aliases.map(|service| service_names(&service.name, &namespace, domain));
    let interfaces = spec.host_interfaces.iter().map(|interface| builder.interface(interface, aliases.as_deref()));
    let host_interfaces: Vec<_> = interfaces.collect();
    let volumes = spec.volumes.iter().map(|volume| control::Volume {
        name: volume.name.clone(),
        source: match &volume.host_path {
            Some(path) => VolumeSource::HostPath(path.path.clone()),
            None => VolumeSource::EmptyDir,
        },
    });
    let volumes = volumes.collect();
    if let Some(owner) = owner {
        consumers::group(&mut components, service.as_mut(), &host_interfaces, &namespace, owner);
    }
    if !builder.faults.is_empty() {
        return Err(Faults(builder.faults));
    }
    let world = WitWorld { components, host_interfaces };
    Ok(WorkloadStartRequest {
        workload_id: workload.metadata.uid.clone().unwrap_or_default(),
        workload: Some(control::Workload {
            name: workload.metadata.name.clone().unwrap_or_default(),
            annotations: workload.metadata.annotations.clone().unwrap_or_default(),
            service,
            wit_world: Some(world),
            volumes,
            namespace,
        }),
    })
}

/// All names by which a Service is reached from inside the cluster.
fn service_names(service: &str, namespace: &str, domain: &str) -> Vec<String> {
    vec![
        service.to_owned(),
        format!("{service}.{namespace}"),
        format!("{service}.{namespace}.svc"),
        format!("{service}.{namespace}.svc.{domain}"),
    ]
}

fn policy(text: Option<&str>) -> ImagePullPolicy {
    match text {
        Some("Always") => ImagePullPolicy::Always,
        Some("IfNotPresent") => ImagePullPolicy::IfNotPresent,
        Some("Never") => ImagePullPolicy::Never,
        _ => ImagePullPolicy::Unspecified,
    }
}

struct Builder<'r> {
    namespace: &'r str,
    references: &'r References,
    faults: Vec<String>,
}

impl Builder<'_> {
    fn resources(&mut self, resources: Option<&LocalResources>) -> control::LocalResources {
        let resources = resources.cloned().unwrap_or_default();
        let environment = resources.environment.unwrap_or_default();
        let mounts = resources.volume_mounts.into_iter().map(|mount| control::VolumeMount {
            name: mount.name,
            mount_path: mount.mount_path,
            read_only: mount.read_only,
        });
        control::LocalResources {
            config: Settings(resources.config),
            environment: self.layer(&environment),
            volume_mounts: mounts.collect(),
            allowed_hosts: resources.allowed_hosts,
            allowed_ip_name_lookups: resources.allowed_ip_name_lookups,
            allowed_host_loopback_ports: resources.allowed_host_loopback_ports,
            ..control::LocalResources::default()
        }
    }

    fn interface(&mut self, interface: &HostInterface, aliases: Option<&[String]>) -> WitInterface {
        let layer = ConfigLayer {
            config: interface.config.clone(),
            config_from: interface.config_from.clone(),
            secret_from: interface.secret_from.clone(),
        };
        let mut config = self.layer(&layer);
        let serves = interface.namespace == "wasi"
            && interface.package == "http"
            && interface.interfaces.iter().any(|name| name == "incoming-handler" || name == "handler");
        if let (true, Some(aliases)) = (serves, aliases) {
            // The user's own come first, and stay.
            let own = config.get("host-aliases").cloned().unwrap_or_default();
            let mut all: Vec<&str> = own.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
            for alias in aliases {
                if !all.contains(&alias.as_str()) {
                    all.push(alias);
                }
            }
            config.insert("host-aliases".to_owned(), all.join(","));
        }
        WitInterface {
            namespace: interface.namespace.clone(),
            package: interface.package.clone(),
            version: interface.version.clone().unwrap_or_default(),
            interfaces: interface.interfaces.clone(),
            config,
            name: interface.name.clone().unwrap_or_default(),
        }
    }

    /// Inline settings under `ConfigMap`s under Secrets, each in the order of its list.
    fn layer(&mut self, layer: &ConfigLayer) -> Settings {
        let mut settings = layer.config.clone();
        for LocalObjectReference { name } in &layer.config_from {
            match self.references.config_maps.get(name) {
                Some(map) => settings.extend(map.data.clone().unwrap_or_default()),
                None => self.missing("ConfigMap", name),
            }
        }
        for LocalObjectReference { name } in &layer.secret_from {
            let Some(secret) = self.references.secrets.get(name) else {
                self.missing("Secret", name);
                continue;
            };
            for (key, value) in secret.data.iter().flatten() {
                match String::from_utf8(value.0.clone()) {
                    Ok(text) => _ = settings.insert(key.clone(), text),
                    Err(_) => self.faults.push(format!(
                        "the Secret {}/{name} holds under `{key}` bytes that are no text",
                        self.namespace
                    )),
                }
            }
        }
        Settings(settings)
    }

    fn login(&mut self, reference: Option<&LocalObjectReference>, image: &str) -> Option<ImagePullSecret> {
        let name = &reference.filter(|reference| !reference.name.is_empty())?.name;
        let Some(secret) = self.references.secrets.get(name) else {
            self.missing("Secret", name);
            return None;
        };
        match pull_secret::login(secret, image) {
            Ok(login) => Some(login),
            Err(why) => {
                self.faults.push(format!("the pull Secret {}/{name} {why}", self.namespace));
                None
            }
        }
    }

    fn missing(&mut self, kind: &str, name: &str) {
        self.faults.push(format!("there is no {kind} {}/{name}", self.namespace));
    }
}

#[cfg(test)]
mod tests;
