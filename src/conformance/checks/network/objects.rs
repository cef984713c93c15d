//! The NetworkPolicies of the release, judged by the objects alone.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Container, Pod, Probe};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::ResourceExt;

use super::rules::{End, Port, Way, closing, passes};
use crate::conformance::check::{Outcome, Stop, hold};
use crate::conformance::scene::{INSTANCE, Snapshot};

/// All that have a say on Pods of the release.
pub(super) fn known(snapshot: &Snapshot) -> Result<&[NetworkPolicy], Stop> {
    let Some(all) = snapshot.policies.as_deref() else {
        return Err(Stop::skipped(format!("NetworkPolicies of {} may not be listed", snapshot.namespace)));
    };
    let concerns = |pod: &Pod| [Way::In, Way::Out].iter().any(|way| !closing(all, pod.labels(), *way).is_empty());
    let ours = |policy: &NetworkPolicy| policy.labels().get(INSTANCE) == Some(&snapshot.release);
    if all.iter().any(ours) || snapshot.pods.iter().any(concerns) {
        return Ok(all);
    }
    Err(Stop::skipped(if snapshot.cilium {
        "the release has CiliumNetworkPolicies (`networkPolicy.flavor: cilium`), which are not looked into"
    } else {
        "the release has no NetworkPolicies: `networkPolicy.enabled` is off"
    }))
}

pub(super) fn policies(snapshot: &Snapshot) -> Outcome {
    let all = known(snapshot)?;
    let open = snapshot.pods.iter().filter(|pod| closing(all, pod.labels(), Way::In).is_empty());
    let open: Vec<String> = open.map(ResourceExt::name_any).collect();
    hold!(
        open.is_empty(),
        "no NetworkPolicy closes what comes in to {}: whatever it listens on may be reached by everybody",
        open.join(", ")
    );
    Ok(format!("{} Pods", snapshot.pods.len()))
}

pub(super) fn ports(snapshot: &Snapshot) -> Outcome {
    let all = known(snapshot)?;
    let mut count = 0;
    let mut kept: Vec<String> = Vec::new();
    for pod in &snapshot.pods {
        let own = End::of(pod, &snapshot.namespace, BTreeMap::new());
        for (port, whose) in wanted(snapshot, pod) {
            count += 1;
            if !passes(all, Way::In, &own, None, &port) {
                let whose = whose.into_iter().collect::<Vec<_>>().join(", ");
                kept.push(format!("{}/{} of {} ({whose})", port.number, port.protocol, pod.name_any()));
            }
        }
    }
    hold!(kept.is_empty(), "no NetworkPolicy lets anybody in to {}", kept.join("; "));
    Ok(format!("{count} ports of {} Pods", snapshot.pods.len()))
}

/// The ports of a Pod that somebody is meant to reach, and who says so.
fn wanted(snapshot: &Snapshot, pod: &Pod) -> BTreeMap<Port, BTreeSet<String>> {
    let mut wanted: BTreeMap<Port, BTreeSet<String>> = BTreeMap::new();
    let mut want = |port: Option<Port>, whose: String| {
        if let Some(port) = port {
            wanted.entry(port).or_default().insert(whose);
        }
    };
    let containers = pod.spec.as_ref().map(|spec| spec.containers.as_slice()).unwrap_or_default();
    for service in &snapshot.services {
        let Some(spec) = &service.spec else { continue };
        let Some(selector) = spec.selector.as_ref().filter(|selector| !selector.is_empty()) else { continue };
        if !selector.iter().all(|(key, value)| pod.labels().get(key) == Some(value)) {
            continue;
        }
        for port in spec.ports.iter().flatten() {
            let target = port.target_port.clone().unwrap_or(IntOrString::Int(port.port));
            let protocol = port.protocol.as_deref().unwrap_or("TCP");
            want(number(containers, &target, protocol), format!("Service {}", service.name_any()));
        }
    }
    for container in containers {
        // The node's own probes always pass; who else asks does not.
        let probes = [&container.readiness_probe, &container.liveness_probe, &container.startup_probe];
        for target in probes.into_iter().flatten().filter_map(asked) {
            want(number(std::slice::from_ref(container), &target, "TCP"), "probes".to_owned());
        }
        for port in container.ports.iter().flatten() {
            if port.name.as_deref().is_some_and(|name| name.contains("metrics")) {
                want(Some(Port::tcp(port.container_port)), "metrics".to_owned());
            }
        }
    }
    wanted
}

/// The port that a probe connects to.
fn asked(probe: &Probe) -> Option<IntOrString> {
    let http = probe.http_get.as_ref().map(|http| http.port.clone());
    let tcp = || probe.tcp_socket.as_ref().map(|tcp| tcp.port.clone());
    http.or_else(tcp).or_else(|| probe.grpc.as_ref().map(|grpc| IntOrString::Int(grpc.port)))
}

/// A port by its number or its name; a name that no container has leads nowhere, which is the claim of another check.
fn number(containers: &[Container], target: &IntOrString, protocol: &str) -> Option<Port> {
    let number = match target {
        IntOrString::Int(number) => *number,
        IntOrString::String(name) => {
            let mut ports = containers.iter().flat_map(|container| container.ports.iter().flatten());
            ports.find(|port| port.name.as_ref() == Some(name))?.container_port
        }
    };
    Some(Port { number, protocol: protocol.to_owned() })
}
