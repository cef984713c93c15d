//! A Service: it leads to the hosts that run the workloads which name it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use chartwright_contract::crds::WorkloadDeployment;
use chartwright_contract::crds::names::ROUTE_MANAGER;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::ResourceExt as _;

use super::Failure;
use super::queue::Next;
use crate::cluster::Key;
use crate::conditions::holds;
use crate::endpoints::{self, Backend};
use crate::operator::{Operator, is_of, service_of, uid};

/// The word of the event.
const LEADS_ELSEWHERE: &str = "ServiceLeadsElsewhere";

/// Takes a look.
pub(crate) async fn look(operator: Arc<Operator>, key: Key) -> Result<Next, Failure> {
    let ours = |slice: &EndpointSlice| {
        slice.labels().get("kubernetes.io/service-name") == Some(&key.name)
            && slice.labels().get(ROUTE_MANAGER).is_some_and(|value| value == "true")
    };
    let mut known = operator.cluster.slices.within(&key.namespace);
    known.retain(|slice| ours(slice));
    let service = operator.cluster.services.get(&key).filter(|service| service.metadata.deletion_timestamp.is_none());
    // Without its Service nothing leads anywhere, and the cluster collects what it owned.
    let Some(service) = service else {
        operator.warned.forget(&key);
        return Ok(Next::Wait);
    };
    warn(&operator, &key, &service).await;
    let wanted = endpoints::slices(&service, &backends(&operator, &key));
    let names: BTreeSet<_> = wanted.iter().map(kube::ResourceExt::name_any).collect();
    // First what is new, then what is old goes: there is always something that leads there.
    for slice in &wanted {
        let same = |other: &&Arc<EndpointSlice>| other.name_any() == slice.name_any();
        if !known.iter().find(same).is_some_and(|known| is_as(known, slice)) {
            operator.cluster.apply(slice).await?;
        }
    }
    for slice in known.iter().filter(|slice| !names.contains(&slice.name_any())) {
        operator.cluster.delete(&**slice).await?;
    }
    Ok(Next::Wait)
}

/// Says what is wrong with a Service, to it and to the deployments that name it: once, until that changes.
async fn warn(operator: &Operator, key: &Key, service: &Service) {
    let deployments: Vec<_> = operator.cluster.deployments.within(&key.namespace);
    let of_deployment = |one: &&Arc<WorkloadDeployment>| {
        let kubernetes = one.spec.kubernetes.as_ref().or(one.spec.template.spec.kubernetes.as_ref());
        kubernetes.and_then(|kubernetes| kubernetes.service.as_ref()).is_some_and(|service| service.name == key.name)
    };
    let its: Vec<_> = deployments.iter().filter(of_deployment).collect();
    let named = !its.is_empty()
        || operator
            .cluster
            .workloads
            .within(&key.namespace)
            .iter()
            .any(|workload| service_of(workload).as_ref() == Some(&key.name));
    // Services that no workload names are none of our business.
    let problem = endpoints::problem(service).filter(|_| named);
    let listeners: Vec<_> = its.iter().map(|deployment| uid(&***deployment)).collect();
    let said = problem.as_ref().map(|why| format!("{why} {}", listeners.join(",")));
    let (true, Some(why)) = (operator.warned.is_news(key, said), problem) else { return };
    let note = format!("the Service {key} does not lead to its workload alone: {why}");
    tracing::warn!(service = %key, "{note}");
    operator.cluster.say(service, true, LEADS_ELSEWHERE, "Route", &note).await;
    for deployment in its {
        operator.cluster.say(&**deployment, true, LEADS_ELSEWHERE, "Route", &note).await;
    }
}

/// What was said of Services, so that each is told once.
#[derive(Default)]
pub(crate) struct Warned(Mutex<BTreeMap<Key, String>>);

impl Warned {
    /// Whether there is something to say that was not said before.
    fn is_news(&self, key: &Key, said: Option<String>) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match said {
            Some(said) => known.insert(key.clone(), said.clone()) != Some(said),
            None => {
                known.remove(key);
                false
            }
        }
    }

    fn forget(&self, key: &Key) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// Whether a slice says what it should.
fn is_as(known: &EndpointSlice, wanted: &EndpointSlice) -> bool {
    known.endpoints == wanted.endpoints
        && known.ports == wanted.ports
        && known.address_type == wanted.address_type
        && known.metadata.owner_references == wanted.metadata.owner_references
}

/// The hosts that serve the workloads of a Service.
fn backends(operator: &Operator, service: &Key) -> Vec<Backend> {
    let pods = operator.cluster.pods.all();
    let mut found = Vec::new();
    let mut hosts = HashMap::new();
    for workload in operator.cluster.workloads.within(&service.namespace) {
        if service_of(&workload).as_ref() != Some(&service.name) || workload.metadata.deletion_timestamp.is_some() {
            continue;
        }
        let status = workload.status.clone().unwrap_or_default();
        let runs = holds(&status.conditions, "Ready") && holds(&status.conditions, "Placement");
        let at = status.host_id.filter(|_| runs);
        // Where it was before it moved off a host that drains.
        for host in at.into_iter().chain(operator.fleet.left(&uid(&*workload))) {
            let backend = hosts.entry(host.clone()).or_insert_with(|| backend(operator, &pods, &host));
            found.extend(backend.clone());
        }
    }
    found.sort();
    found
}

/// Where a host is reached; `None` if it serves no HTTP, or nobody knows where it is.
fn backend(operator: &Operator, pods: &[Arc<Pod>], host: &str) -> Option<Backend> {
    let member = operator.fleet.member(host)?;
    let beat = &member.heartbeat;
    let port = u16::try_from(beat.http_port).ok().filter(|port| *port != 0)?;
    let pod = pods.iter().find(|pod| is_of(pod, &beat.hostname));
    let address = beat.hostname.parse::<IpAddr>().ok().or_else(|| {
        let ip = pod.and_then(|pod| pod.status.as_ref()).and_then(|status| status.pod_ip.clone());
        ip.and_then(|ip| ip.parse().ok())
    })?;
    Some(Backend {
        address,
        port,
        node: pod.and_then(|pod| pod.spec.as_ref()).and_then(|spec| spec.node_name.clone()),
        zone: beat.labels.get("topology.kubernetes.io/zone").cloned(),
        ready: !member.draining,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_said_once_until_it_is_another() {
        let (warned, key) = (Warned::default(), Key::new("shop", "web"));
        let is_news = |text: Option<&str>| warned.is_news(&key, text.map(str::to_owned));
        assert!(is_news(Some("a")) && !is_news(Some("a")) && is_news(Some("b")));
        assert!(!is_news(None) && is_news(Some("b")), "it was mended in between");
    }

    #[test]
    fn a_slice_that_says_the_same_is_not_written_again() {
        let slice: EndpointSlice = serde_json::from_value(serde_json::json!({
            "addressType": "IPv4", "endpoints": [{ "addresses": ["10.0.0.1"] }], "metadata": { "name": "web" },
        }))
        .unwrap();
        let mut other = slice.clone();
        other.metadata.resource_version = Some("7".into());
        assert!(is_as(&slice, &other));
        other.endpoints[0].addresses = vec!["10.0.0.2".into()];
        assert!(!is_as(&slice, &other));
    }
}
