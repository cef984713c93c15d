//! Services that lead to workloads.

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{Api, ListParams};
use serde_json::json;

use crate::cluster::ClusterError;
use crate::conformance::check::{Outcome, Stop, hold};
use crate::conformance::scene::{Draft, Stage};

pub(super) async fn answers_behind(stage: &Stage) -> Outcome {
    let shared = stage.shared().await?;
    super::answers(stage, &shared.service_address, &shared.host()).await?;
    Ok(shared.service_address.clone())
}

/// The addresses that a Service leads to, `address:port`, those that are ready.
async fn slices(stage: &Stage, service: &str) -> Result<BTreeSet<String>, Stop> {
    let api: Api<EndpointSlice> = Api::namespaced(stage.client.clone(), &stage.namespace);
    let list = ListParams::default().labels(&format!("kubernetes.io/service-name={service}"));
    let listed = api.list(&list).await.map_err(ClusterError::when("list endpointslices"))?;
    Ok(listed.items.iter().flat_map(ready).collect())
}

pub(super) fn ready(slice: &EndpointSlice) -> Vec<String> {
    let ports: Vec<i32> = slice.ports.iter().flatten().filter_map(|port| port.port).collect();
    let endpoints = slice.endpoints.iter();
    let ready = endpoints.filter(|one| one.conditions.as_ref().and_then(|one| one.ready) != Some(false));
    let at = |address: &String| if address.contains(':') { format!("[{address}]") } else { address.clone() };
    let addresses: Vec<String> = ready.flat_map(|endpoint| endpoint.addresses.iter().map(at)).collect();
    addresses.iter().flat_map(|address| ports.iter().map(move |port| format!("{address}:{port}"))).collect()
}

pub(super) async fn endpoints(stage: &Stage) -> Outcome {
    let shared = stage.shared().await?;
    let wanted: BTreeSet<String> = stage.workloads().addresses(&shared.running.name).await?.into_iter().collect();
    let mut found = BTreeSet::new();
    for _ in 0..50 {
        found = slices(stage, &shared.service).await?;
        if found == wanted {
            return Ok(found.into_iter().collect::<Vec<_>>().join(", "));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Err(Stop::failed(format!("it leads to {found:?}, and the workload runs at {wanted:?}")))
}

pub(super) async fn follows(stage: &Stage) -> Outcome {
    let service = stage.name("svc");
    let draft = Draft::hello(stage, "led")?.service(&service);
    stage.workloads().start(&draft).await?;
    // The Service after the workload, as users may write it.
    let object = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": service},
        "spec": {"ports": [{"name": "http", "port": 80}]},
    });
    stage.create(&stage.namespace, object).await?;
    for (there, what) in [(true, "the workload runs"), (false, "the workload was deleted")] {
        if !there {
            stage.workloads().delete(&draft.name).await?;
        }
        let mut found = BTreeSet::new();
        for _ in 0..100 {
            found = slices(stage, &service).await?;
            if found.is_empty() != there {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        hold!(found.is_empty() != there, "20 s after {what} it leads to {found:?}");
    }
    Ok("it came after the Service, and went with the workload".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_that_are_not_ready_do_not_count() {
        let slice: EndpointSlice = serde_json::from_value(json!({
            "addressType": "IPv4",
            "ports": [{"name": "http", "port": 9191}],
            "endpoints": [
                {"addresses": ["10.0.0.1"], "conditions": {"ready": true}},
                {"addresses": ["10.0.0.2"], "conditions": {"ready": false, "terminating": true}},
                {"addresses": ["10.0.0.3"]},
            ],
        }))
        .unwrap();
        assert_eq!(ready(&slice), ["10.0.0.1:9191", "10.0.0.3:9191"]);
    }
}
