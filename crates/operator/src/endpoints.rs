//! Where a Service leads: one `EndpointSlice` for each family of addresses and each port of its hosts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use chartwright_contract::crds::names::ROUTE_MANAGER;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointConditions, EndpointPort, EndpointSlice};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use crate::template::fnv;

/// A host that runs a workload of the Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Backend {
    /// Its address.
    pub address: IpAddr,
    /// Port of its HTTP server.
    pub port: u16,
    /// The node it is on, which traffic policies look at.
    pub node: Option<String>,
    /// Its zone.
    pub zone: Option<String>,
    /// Whether it takes new requests; one that drains still serves those that come.
    pub ready: bool,
}

/// Names of Services are at most this long in the name of a slice.
const NAME: usize = 54;

/// The slices of a Service; those of before that are not among them are to be deleted. The name of the first is that
/// of upstream's.
pub fn slices(service: &Service, backends: &[Backend]) -> Vec<EndpointSlice> {
    let name = service.metadata.name.clone().unwrap_or_default();
    let hash = fnv(name.as_bytes());
    let short: String = name.chars().take(NAME).collect();
    let base = format!("{}-{hash:08x}", short.trim_end_matches(['-', '.']));
    // Several workloads on one host are one endpoint.
    let mut groups = BTreeMap::<(bool, u16), BTreeMap<IpAddr, &Backend>>::new();
    for backend in backends {
        let known = groups.entry((backend.address.is_ipv6(), backend.port)).or_default();
        let entry = known.entry(backend.address).or_insert(backend);
        if backend.ready && !entry.ready {
            *entry = backend;
        }
    }
    let ports = port_names(service);
    let made = groups.iter().enumerate().map(|(place, ((ipv6, port), members))| EndpointSlice {
        metadata: ObjectMeta {
            name: Some(if place == 0 {
                base.clone()
            } else {
                format!("{base}-{}{port}", if *ipv6 { "v6-" } else { "" })
            }),
            namespace: service.metadata.namespace.clone(),
            labels: Some(BTreeMap::from([
                ("kubernetes.io/service-name".to_owned(), name.clone()),
                (ROUTE_MANAGER.to_owned(), "true".to_owned()),
            ])),
            owner_references: owner(service).map(|owner| vec![owner]),
            ..ObjectMeta::default()
        },
        address_type: if *ipv6 { "IPv6" } else { "IPv4" }.to_owned(),
        endpoints: members.values().map(|backend| endpoint(backend)).collect(),
        ports: Some(
            ports
                .iter()
                .map(|name| EndpointPort {
                    name: Some(name.clone()),
                    port: Some(i32::from(*port)),
                    protocol: Some("TCP".to_owned()),
                    app_protocol: None,
                })
                .collect(),
        ),
    });
    made.collect()
}

/// What keeps a Service from leading to hosts alone. They are among where it leads all the same, as with upstream's operator.
pub fn problem(service: &Service) -> Option<String> {
    let spec = service.spec.as_ref()?;
    if spec.type_.as_deref() == Some("ExternalName") {
        let elsewhere = spec.external_name.as_deref().unwrap_or_default();
        return Some(format!(
            "it is of the type ExternalName and leads to `{elsewhere}`, never to the hosts of a workload"
        ));
    }
    let selector = spec.selector.as_ref().filter(|selector| !selector.is_empty())?;
    let selector: Vec<_> = selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
    Some(format!(
        "it has a selector ({}): Kubernetes leads it to the Pods with these labels too, which answer for the workload; take the \
         selector away",
        selector.join(",")
    ))
}

/// The names of the Service's TCP ports: kube-proxy joins ports by name, so each needs one of its own.
fn port_names(service: &Service) -> BTreeSet<String> {
    let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_ref());
    let tcp = ports.into_iter().flatten().filter(|port| port.protocol.as_deref().unwrap_or("TCP") == "TCP");
    tcp.map(|port| port.name.clone().unwrap_or_default()).collect()
}

fn endpoint(backend: &Backend) -> Endpoint {
    Endpoint {
        addresses: vec![backend.address.to_string()],
        conditions: Some(EndpointConditions {
            ready: Some(backend.ready),
            serving: Some(true),
            terminating: Some(!backend.ready),
        }),
        node_name: backend.node.clone(),
        zone: backend.zone.clone(),
        ..Endpoint::default()
    }
}

fn owner(service: &Service) -> Option<OwnerReference> {
    Some(OwnerReference {
        api_version: "v1".to_owned(),
        kind: "Service".to_owned(),
        name: service.metadata.name.clone()?,
        uid: service.metadata.uid.clone()?,
        controller: Some(true),
        block_owner_deletion: Some(true),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(ports: &serde_json::Value) -> Service {
        serde_json::from_value(json!({
            "metadata": { "name": "web", "namespace": "shop", "uid": "u1" }, "spec": { "ports": ports },
        }))
        .unwrap()
    }

    fn backend(address: &str, port: u16) -> Backend {
        Backend { address: address.parse().unwrap(), port, node: Some("n1".into()), zone: None, ready: true }
    }

    #[test]
    fn a_slice_for_each_family_and_port_with_the_service_s_own_port_names() {
        let service = service(&json!([{ "name": "http", "port": 80 }, { "name": "web", "port": 8080 }, {
            "name": "dns", "port": 53, "protocol": "UDP" }]));
        let hosts =
            [backend("10.0.0.1", 9191), backend("10.0.0.1", 9191), backend("10.0.0.2", 9292), backend("fd00::1", 9191)];
        let slices = slices(&service, &hosts);
        let shape: Vec<_> = slices.iter().map(|slice| (slice.address_type.as_str(), slice.endpoints.len())).collect();
        assert_eq!(shape, [("IPv4", 1), ("IPv4", 1), ("IPv6", 1)]);
        let names: BTreeSet<_> = slices.iter().map(|slice| slice.metadata.name.clone().unwrap()).collect();
        assert_eq!(names.len(), 3, "{names:?}");
        let ports = slices[0].ports.as_ref().unwrap();
        let ports: Vec<_> = ports.iter().map(|port| (port.name.clone().unwrap(), port.port.unwrap())).collect();
        assert_eq!(ports, [("http".to_owned(), 9191), ("web".to_owned(), 9191)]);
        assert_eq!(slices[0].endpoints[0].node_name.as_deref(), Some("n1"));
        assert!(super::slices(&service, &[]).is_empty());
    }

    #[test]
    fn a_service_that_leads_elsewhere_too_is_named() {
        let mut service = service(&json!([{ "port": 80 }]));
        assert_eq!(problem(&service), None);
        let spec = service.spec.as_mut().unwrap();
        spec.selector = Some(BTreeMap::from([("app".into(), "web".into()), ("tier".into(), "x".into())]));
        assert!(problem(&service).unwrap().contains("a selector (app=web,tier=x)"));
        let spec = service.spec.as_mut().unwrap();
        spec.selector = Some(BTreeMap::new());
        assert_eq!(problem(&service), None);
        let spec = service.spec.as_mut().unwrap();
        (spec.type_, spec.external_name) = (Some("ExternalName".into()), Some("db.example".into()));
        assert!(problem(&service).unwrap().contains("leads to `db.example`"));
    }

    #[test]
    fn a_host_that_drains_is_terminating_and_still_serves() {
        let draining = Backend { ready: false, ..backend("10.0.0.1", 9191) };
        let slices = slices(&service(&json!([{ "port": 80 }])), &[draining]);
        let conditions = slices[0].endpoints[0].conditions.clone().unwrap();
        assert_eq!(
            (conditions.ready, conditions.serving, conditions.terminating),
            (Some(false), Some(true), Some(true))
        );
        assert_eq!(slices[0].ports.as_ref().unwrap()[0].name.as_deref(), Some(""));
    }
}
