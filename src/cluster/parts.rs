//! The parts of the platform, as its Pods show them, whoever installed it.

use std::collections::BTreeMap;

use chartwright_contract::crds::names;
use k8s_openapi::api::core::v1::{Container, PodSpec};

/// The part a Pod belongs to, by the labels that operators themselves go by.
pub fn part(labels: Option<&BTreeMap<String, String>>) -> Option<&'static str> {
    let labels = labels?;
    if labels.contains_key(names::HOST_POD) {
        return Some("host");
    }
    match labels.get(names::COMPONENT).map(String::as_str) {
        Some(names::OPERATOR) => Some("operator"),
        Some("nats") => Some("nats"),
        _ => None,
    }
}

/// The container that is named as the part, or the first.
pub fn main(spec: &PodSpec) -> Option<&Container> {
    let named = |container: &&Container| matches!(container.name.as_str(), "operator" | "host" | "nats" | "manager");
    spec.containers.iter().find(named).or_else(|| spec.containers.first())
}
