//! What makes the Pods of a release: Deployments, StatefulSets and DaemonSets alike.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use kube::ResourceExt;

use crate::cluster::part;

/// One of them, of a part of the platform.
#[derive(Clone, Debug)]
pub(in crate::conformance) struct Controller {
    /// As in `wasmcloud-operator`.
    pub name: String,
    pub labels: BTreeMap<String, String>,
    /// `operator`, `host` or `nats`.
    pub part: &'static str,
    pub template: PodTemplateSpec,
    /// Whether somebody has looked at its present version.
    pub is_observed: bool,
    /// Pods: how many there should be, how many serve, and how many are of the present version.
    pub wanted: i32,
    pub available: i32,
    pub updated: i32,
}

impl Controller {
    fn new(object: &impl ResourceExt, template: PodTemplateSpec, observed: Option<i64>) -> Option<Self> {
        Some(Self {
            name: object.name_any(),
            labels: object.labels().clone(),
            part: part(template.metadata.as_ref()?.labels.as_ref())?,
            template,
            is_observed: observed == object.meta().generation,
            wanted: 0,
            available: 0,
            updated: 0,
        })
    }

    pub(in crate::conformance) fn of_deployment(object: &Deployment) -> Option<Self> {
        let (spec, status) = (object.spec.clone()?, object.status.clone().unwrap_or_default());
        Some(Self {
            wanted: spec.replicas.unwrap_or(1),
            available: status.available_replicas.unwrap_or_default(),
            updated: status.updated_replicas.unwrap_or_default(),
            ..Self::new(object, spec.template, status.observed_generation)?
        })
    }

    pub(in crate::conformance) fn of_stateful_set(object: &StatefulSet) -> Option<Self> {
        let (spec, status) = (object.spec.clone()?, object.status.clone().unwrap_or_default());
        Some(Self {
            wanted: spec.replicas.unwrap_or(1),
            available: status.available_replicas.unwrap_or_default(),
            updated: status.updated_replicas.unwrap_or_default(),
            ..Self::new(object, spec.template, status.observed_generation)?
        })
    }

    pub(in crate::conformance) fn of_daemon_set(object: &DaemonSet) -> Option<Self> {
        let (spec, status) = (object.spec.clone()?, object.status.clone().unwrap_or_default());
        Some(Self {
            wanted: status.desired_number_scheduled,
            available: status.number_available.unwrap_or_default(),
            updated: status.updated_number_scheduled.unwrap_or_default(),
            ..Self::new(object, spec.template, status.observed_generation)?
        })
    }
}
