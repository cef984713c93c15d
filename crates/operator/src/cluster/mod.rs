//! The cluster: what it holds of the kinds we look after, and what we write to it.

mod key;
mod sight;
mod store;
mod watch;
mod write;

use std::sync::Arc;

use chartwright_contract::crds::{Artifact, Host, Workload, WorkloadDeployment, WorkloadReplicaSet};
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::core::PartialObjectMeta;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::{Client, Resource};

pub use key::Key;
pub(crate) use sight::Sight;
pub use store::Store;
pub(crate) use watch::{Scope, watch, watch_metadata};
pub(crate) use write::{Kept, is_gone};

use crate::metrics::Metrics;

/// How we are called as the owner of fields, and in events.
pub(crate) const MANAGER: &str = "chartwright-operator";

/// All of it.
pub struct Cluster {
    /// The API server.
    pub client: Client,
    /// Where Hosts and the Lease are.
    pub own_namespace: String,
    /// Workloads.
    pub workloads: Arc<Store<Workload>>,
    /// Their ReplicaSets.
    pub replica_sets: Arc<Store<WorkloadReplicaSet>>,
    /// The Deployments of those.
    pub deployments: Arc<Store<WorkloadDeployment>>,
    /// Artifacts.
    pub artifacts: Arc<Store<Artifact>>,
    /// Hosts.
    pub hosts: Arc<Store<Host>>,
    /// Services.
    pub services: Arc<Store<Service>>,
    /// The `EndpointSlice`s that are ours.
    pub slices: Arc<Store<EndpointSlice>>,
    /// Pods of hosts.
    pub pods: Arc<Store<Pod>>,
    /// Names and versions of `ConfigMap`s.
    pub config_maps: Arc<Store<PartialObjectMeta<ConfigMap>>>,
    /// Names and versions of Secrets.
    pub secrets: Arc<Store<PartialObjectMeta<Secret>>>,
    recorder: Recorder,
    metrics: Arc<Metrics>,
}

impl Cluster {
    /// A cluster of which nothing is known yet. `instance` is who we are among several.
    pub fn new(client: Client, own_namespace: String, instance: String, metrics: Arc<Metrics>) -> Self {
        let reporter = Reporter { controller: MANAGER.into(), instance: Some(instance) };
        Self {
            recorder: Recorder::new(client.clone(), reporter),
            client,
            own_namespace,
            workloads: Arc::default(),
            replica_sets: Arc::default(),
            deployments: Arc::default(),
            artifacts: Arc::default(),
            hosts: Arc::default(),
            services: Arc::default(),
            slices: Arc::default(),
            pods: Arc::default(),
            config_maps: Arc::default(),
            secrets: Arc::default(),
            metrics,
        }
    }

    /// Forgets what is known of a namespace: half of it is no basis.
    pub(crate) fn forget(&self, namespace: &str) {
        macro_rules! forget {
            ($($store:ident),+) => { $(self.$store.forget(namespace);)+ };
        }
        forget!(workloads, replica_sets, deployments, artifacts, services, slices, pods, config_maps, secrets);
    }

    /// Says something about an object that people see with `kubectl events`. The same again is counted, not repeated.
    pub(crate) async fn say<K>(&self, object: &K, warning: bool, reason: &str, action: &str, note: &str)
    where
        K: Resource<DynamicType = ()>,
    {
        // An event holds 1 kB of text.
        let note: String = note.chars().take(1000).collect();
        let event = Event {
            type_: if warning { EventType::Warning } else { EventType::Normal },
            reason: reason.into(),
            note: Some(note),
            action: action.into(),
            secondary: None,
        };
        self.metrics.write("events");
        if let Err(err) = self.recorder.publish(&event, &object.object_ref(&())).await {
            tracing::warn!(object = %Key::of(object), reason, error = %err, "an event could not be written");
        }
    }
}
