//! What NetworkPolicies say, worked out as whoever enforces them does: they add up, and a Pod that none of them selects is open.

use std::collections::BTreeMap;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::{ContainerPort, Pod};
use k8s_openapi::api::networking::v1::{IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::core::{Selector, SelectorExt as _};

type Labels = BTreeMap<String, String>;

/// Which way a connection goes, seen from the Pod that policies select.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

/// A port, as connections go to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Port {
    pub number: i32,
    pub protocol: String,
}

impl Port {
    pub(super) fn tcp(number: i32) -> Self {
        Self { number, protocol: "TCP".to_owned() }
    }
}

/// One end of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct End {
    pub namespace: String,
    /// Of the namespace.
    pub namespace_labels: Labels,
    /// Of the Pod.
    pub labels: Labels,
    pub addresses: Vec<IpAddr>,
    /// By their names, for rules that name one.
    pub ports: Vec<ContainerPort>,
}

impl End {
    pub(super) fn of(pod: &Pod, namespace: &str, namespace_labels: Labels) -> Self {
        let status = pod.status.iter();
        let addresses = status.flat_map(|status| {
            let more = status.pod_ips.iter().flatten().map(|one| &one.ip);
            more.chain(&status.pod_ip).filter_map(|ip| ip.parse().ok()).collect::<Vec<IpAddr>>()
        });
        let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
        Self {
            namespace: namespace.to_owned(),
            namespace_labels,
            labels: pod.metadata.labels.clone().unwrap_or_default(),
            addresses: addresses.collect(),
            ports: containers.flat_map(|container| container.ports.iter().flatten().cloned()).collect(),
        }
    }
}

/// A rule of either way.
struct Rule<'a> {
    ports: &'a [NetworkPolicyPort],
    peers: &'a [NetworkPolicyPeer],
}

/// The policies that close a Pod for that way.
pub(super) fn closing<'a>(policies: &'a [NetworkPolicy], labels: &Labels, way: Way) -> Vec<&'a NetworkPolicy> {
    let closes = |policy: &&NetworkPolicy| {
        let Some(spec) = &policy.spec else { return false };
        let types = spec.policy_types.as_deref().unwrap_or_default();
        let of_way = match way {
            // Without types it is about what comes in, and about what goes out only if it says anything of that.
            Way::In => types.is_empty() || types.iter().any(|one| one == "Ingress"),
            Way::Out if types.is_empty() => spec.egress.is_some(),
            Way::Out => types.iter().any(|one| one == "Egress"),
        };
        of_way && spec.pod_selector.as_ref().is_none_or(|selector| selects(selector, labels))
    };
    policies.iter().filter(closes).collect()
}

/// Whether the policies of its namespace let a connection between a Pod and somebody pass. `None`: whether there is anybody at all
/// with whom they do.
pub(super) fn passes(policies: &[NetworkPolicy], way: Way, own: &End, other: Option<&End>, port: &Port) -> bool {
    let closing = closing(policies, &own.labels, way);
    let rules = closing.iter().filter_map(|policy| policy.spec.as_ref()).flat_map(|spec| rules(spec, way));
    let target = if way == Way::In { Some(own) } else { other };
    closing.is_empty()
        || rules.into_iter().any(|rule| {
            let to = rule.ports.is_empty() || rule.ports.iter().any(|one| covers(one, port, target));
            let with = rule.peers.is_empty()
                || other.is_none_or(|other| rule.peers.iter().any(|peer| is(peer, &own.namespace, other)));
            to && with
        })
}

fn rules(spec: &k8s_openapi::api::networking::v1::NetworkPolicySpec, way: Way) -> Vec<Rule<'_>> {
    match way {
        Way::In => spec
            .ingress
            .iter()
            .flatten()
            .map(|rule| Rule {
                ports: rule.ports.as_deref().unwrap_or_default(),
                peers: rule.from.as_deref().unwrap_or_default(),
            })
            .collect(),
        Way::Out => spec
            .egress
            .iter()
            .flatten()
            .map(|rule| Rule {
                ports: rule.ports.as_deref().unwrap_or_default(),
                peers: rule.to.as_deref().unwrap_or_default(),
            })
            .collect(),
    }
}

/// Whether that port is meant; a name is that of a port of whom the connection goes to.
fn covers(rule: &NetworkPolicyPort, port: &Port, target: Option<&End>) -> bool {
    if rule.protocol.as_deref().unwrap_or("TCP") != port.protocol {
        return false;
    }
    match (&rule.port, rule.end_port) {
        (None, _) => true,
        (Some(IntOrString::Int(first)), Some(last)) => (*first..=last).contains(&port.number),
        (Some(IntOrString::Int(number)), None) => *number == port.number,
        (Some(IntOrString::String(name)), _) => target.is_some_and(|target| {
            target.ports.iter().any(|one| {
                one.name.as_ref() == Some(name)
                    && one.container_port == port.number
                    && one.protocol.as_deref().unwrap_or("TCP") == port.protocol
            })
        }),
    }
}

/// Whether somebody is meant, by a policy of that namespace.
fn is(peer: &NetworkPolicyPeer, namespace: &str, other: &End) -> bool {
    if let Some(block) = &peer.ip_block {
        return other.addresses.iter().any(|address| inside(block, *address));
    }
    let there = match &peer.namespace_selector {
        Some(selector) => selects(selector, &other.namespace_labels),
        None => other.namespace == namespace,
    };
    there && peer.pod_selector.as_ref().is_none_or(|selector| selects(selector, &other.labels))
}

fn selects(selector: &LabelSelector, labels: &Labels) -> bool {
    Selector::try_from(selector.clone()).is_ok_and(|selector| selector.matches(labels))
}

fn inside(block: &IPBlock, address: IpAddr) -> bool {
    within(&block.cidr, address) && !block.except.iter().flatten().any(|except| within(except, address))
}

/// Whether an address is in a range like `10.0.0.0/8`.
fn within(range: &str, address: IpAddr) -> bool {
    let Some((network, length)) = range.split_once('/') else { return false };
    let (Ok(network), Ok(length)) = (network.parse::<IpAddr>(), length.parse::<u32>()) else { return false };
    let (network, address, bits) = match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (u128::from(network.to_bits()), u128::from(address.to_bits()), 32)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits(), address.to_bits(), 128),
        _ => return false,
    };
    // All of an address is shifted out by a range of everything.
    let host = bits - length.min(bits);
    network.checked_shr(host) == address.checked_shr(host)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn policy(spec: &Value) -> NetworkPolicy {
        serde_json::from_value(json!({"metadata": {"name": "a"}, "spec": spec})).unwrap()
    }

    fn labels(text: &[(&str, &str)]) -> Labels {
        text.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn end(namespace: &str, app: &str, address: &str) -> End {
        let ports = json!([{"name": "web", "containerPort": 8080}]);
        End {
            namespace: namespace.into(),
            namespace_labels: labels(&[("kubernetes.io/metadata.name", namespace)]),
            labels: labels(&[("app", app)]),
            addresses: vec![address.parse().unwrap()],
            ports: serde_json::from_value(ports).unwrap(),
        }
    }

    fn lets_in(ingress: &Value, other: Option<&End>, port: &Port) -> bool {
        let policy = policy(&json!({"podSelector": {"matchLabels": {"app": "a"}}, "ingress": ingress}));
        passes(&[policy], Way::In, &end("shop", "a", "10.0.0.1"), other, port)
    }

    #[test]
    fn who_is_not_selected_is_open_and_policies_add_up() {
        let (own, other) = (end("shop", "a", "10.0.0.1"), end("shop", "b", "10.0.0.2"));
        let closed = policy(&json!({"podSelector": {}, "policyTypes": ["Ingress"]}));
        let web =
            policy(&json!({"podSelector": {"matchLabels": {"app": "a"}}, "ingress": [{"ports": [{"port": 80}]}]}));
        let passes = |policies: &[NetworkPolicy], way, port| super::passes(policies, way, &own, Some(&other), &port);
        assert!(passes(&[], Way::In, Port::tcp(80)));
        assert!(!passes(std::slice::from_ref(&closed), Way::In, Port::tcp(80)));
        assert!(passes(std::slice::from_ref(&closed), Way::Out, Port::tcp(80)), "it is about what comes in");
        let both = [closed, web];
        assert!(passes(&both, Way::In, Port::tcp(80)) && !passes(&both, Way::In, Port::tcp(81)));
    }

    #[test]
    fn ports_are_numbers_names_ranges_or_all() {
        let other = end("shop", "b", "10.0.0.2");
        let ports = |ports: Value, port: i32| lets_in(&json!([{"ports": ports}]), Some(&other), &Port::tcp(port));
        assert!(lets_in(&json!([{}]), Some(&other), &Port::tcp(1)), "all of them");
        assert!(!lets_in(&json!([]), Some(&other), &Port::tcp(1)), "no rule");
        assert!(ports(json!([{"port": "web"}]), 8080) && !ports(json!([{"port": "web"}]), 80));
        assert!(!ports(json!([{"port": "other"}]), 8080));
        let range = json!([{"port": 100, "endPort": 200}]);
        assert!(ports(range.clone(), 100) && ports(range.clone(), 200) && !ports(range, 201));
        assert!(ports(json!([{"protocol": "TCP"}]), 7) && !ports(json!([{"protocol": "UDP"}]), 7));
        assert!(!ports(json!([{"port": 7, "protocol": "UDP"}]), 7));
    }

    #[test]
    fn peers_are_pods_namespaces_and_addresses() {
        let (near, far) = (end("shop", "b", "10.0.0.2"), end("away", "b", "10.9.0.2"));
        let from = |peer: Value, other: &End| lets_in(&json!([{"from": [peer]}]), Some(other), &Port::tcp(1));
        let own = json!({"podSelector": {}});
        assert!(from(own.clone(), &near) && !from(own, &far));
        let named =
            json!({"podSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["b"]}]}});
        assert!(!from(named, &near));
        let away = json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "away"}}});
        assert!(!from(away.clone(), &near) && from(away, &far));
        let both = json!({"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "c"}}});
        assert!(!from(both, &far));
        let block = json!({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.9.0.0/16"]}});
        assert!(from(block.clone(), &near) && !from(block, &far));
        assert!(lets_in(&json!([{"from": [{"podSelector": {}}]}]), None, &Port::tcp(1)), "somebody is let in");
    }

    #[test]
    fn what_goes_out_has_rules_of_its_own() {
        let (own, other) = (end("shop", "a", "10.0.0.1"), end("away", "b", "10.0.0.2"));
        let out = policy(&json!({
            "podSelector": {}, "policyTypes": ["Ingress", "Egress"],
            "egress": [{"ports": [{"port": 443}, {"port": "web"}]}, {"to": [{"podSelector": {}}], "ports": [{"port": 5000}]}],
        }));
        let passes = |port| passes(std::slice::from_ref(&out), Way::Out, &own, Some(&other), &Port::tcp(port));
        assert!(passes(443) && passes(8080) && !passes(5000) && !passes(80));
        let without_types = policy(&json!({"podSelector": {}, "ingress": []}));
        assert_eq!(closing(&[without_types], &own.labels, Way::Out).len(), 0);
    }

    #[test]
    fn ranges_of_addresses() {
        let within = |range: &str, address: &str| super::within(range, address.parse().unwrap());
        assert!(within("10.0.0.0/8", "10.200.3.4") && !within("10.0.0.0/8", "11.0.0.1"));
        assert!(within("0.0.0.0/0", "8.8.8.8") && within("::/0", "fd00::1") && !within("0.0.0.0/0", "fd00::1"));
        assert!(within("10.0.0.7/32", "10.0.0.7") && !within("10.0.0.7/32", "10.0.0.6"));
        assert!(within("fd00::/8", "fd12::1") && !within("nothing", "10.0.0.1"));
    }
}
