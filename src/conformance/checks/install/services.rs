//! Services, and the Pods behind them.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::ResourceExt as _;

use crate::conformance::check::{Outcome, hold};
use crate::conformance::scene::Snapshot;

fn selected<'a>(snapshot: &'a Snapshot, selector: &BTreeMap<String, String>) -> Vec<&'a Pod> {
    let has = |pod: &&Pod| selector.iter().all(|(key, value)| pod.labels().get(key) == Some(value));
    snapshot.pods.iter().filter(has).collect()
}

fn with_selector(snapshot: &Snapshot) -> impl Iterator<Item = (&Service, &BTreeMap<String, String>)> {
    snapshot.services.iter().filter_map(|service| {
        Some((service, service.spec.as_ref()?.selector.as_ref().filter(|selector| !selector.is_empty())?))
    })
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

pub(super) fn selectors(snapshot: &Snapshot) -> Outcome {
    let mut count = 0;
    for (service, selector) in with_selector(snapshot) {
        let pods = selected(snapshot, selector);
        let name = service.name_any();
        hold!(!pods.is_empty(), "{name} selects no Pod of the release by {selector:?}");
        hold!(pods.iter().any(|pod| is_ready(pod)), "{name} selects {} Pods, and none of them is ready", pods.len());
        count += 1;
    }
    Ok(format!("{count} Services"))
}

pub(super) fn ports(snapshot: &Snapshot) -> Outcome {
    let mut count = 0;
    for (service, selector) in with_selector(snapshot) {
        for port in service.spec.iter().flat_map(|spec| spec.ports.iter().flatten()) {
            let target = port.target_port.clone().unwrap_or(IntOrString::Int(port.port));
            for pod in selected(snapshot, selector) {
                let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
                let mut open = containers.flat_map(|container| container.ports.iter().flatten());
                let found = open.any(|open| match &target {
                    IntOrString::Int(number) => open.container_port == *number,
                    IntOrString::String(name) => open.name.as_ref() == Some(name),
                });
                let said = match &target {
                    IntOrString::Int(number) => number.to_string(),
                    IntOrString::String(name) => name.clone(),
                };
                hold!(
                    found,
                    "port {} of {} leads to `{said}`, which {} does not have",
                    port.port,
                    service.name_any(),
                    pod.name_any()
                );
            }
            count += 1;
        }
    }
    Ok(format!("{count} ports"))
}
