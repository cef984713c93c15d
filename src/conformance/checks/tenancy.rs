//! What one namespace sees of another.

use std::time::Duration;

use chartwright_contract::crds::Workload;
use serde_json::json;

use super::super::check::{Outcome, Stop, checks, hold};
use super::super::scene::{Draft, Stage, unmet};

checks! {
    "tenancy.secret" parallel(secret) [Guests, Namespaces] 60 s
        "A workload cannot refer to a Secret of another namespace"
        hint "references are names without a namespace: the operator must look in the workload's own"
    "tenancy.host-name" parallel(host_name) [Guests, Namespaces, OurHost] 60 s
        "A workload cannot take a host name that another namespace has"
        hint "the first to have a name keeps it: the host must refuse the second"
    "tenancy.service" parallel(service) [Guests, Namespaces] 60 s
        "A workload cannot lead the Service of another namespace to itself"
        hint "the operator must look for the Service in the workload's own namespace"
}

/// A namespace beside that of the release.
async fn neighbour(stage: &Stage) -> Result<String, Stop> {
    let name = stage.name("ns");
    stage.own_namespace(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})).await?;
    Ok(name)
}

/// Of the neighbour, on the hosts of the release.
fn shared_host(stage: &Stage, draft: Draft) -> Draft {
    let environment = stage.snapshot().hosts.iter().map(|host| host.environment.clone()).next().unwrap_or_default();
    draft.spec("environment", json!(environment))
}

/// Until it says why it does not run; that it runs is the failure.
async fn kept_out(stage: &Stage, namespace: &str, draft: &Draft, words: &[&str]) -> Outcome {
    let workloads = stage.workloads_in(namespace);
    workloads.create(draft).await?;
    let ended = |all: &[Workload]| {
        let mut seen = "no condition yet".to_owned();
        for status in all.iter().filter_map(|one| one.status.as_ref()) {
            match unmet(&status.conditions) {
                None if !status.conditions.is_empty() => return Ok(Err("it runs".to_owned())),
                Some(said) if words.iter().any(|word| said.contains(word)) => return Ok(Ok(said)),
                Some(said) => seen = said,
                None => {}
            }
        }
        Err(format!("it does not run, and does not say why: {seen}"))
    };
    workloads.until(&draft.name, Duration::from_secs(40), ended).await?.map_err(Stop::failed)
}

async fn secret(stage: &Stage) -> Outcome {
    let name = stage.name("secret");
    let object =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"COLOUR": "ours"}});
    stage.create(&stage.namespace, object).await?;
    let namespace = neighbour(stage).await?;
    let draft = Draft::hello(stage, "thief")?.given("environment", json!({"secretFrom": [{"name": name}]}));
    kept_out(stage, &namespace, &shared_host(stage, draft), &[&name]).await
}

async fn host_name(stage: &Stage) -> Outcome {
    let host = stage.shared().await?.host();
    let namespace = neighbour(stage).await?;
    let interfaces =
        json!([{"namespace": "wasi", "package": "http", "interfaces": ["incoming-handler"], "config": {"host": host}}]);
    let draft = Draft::hello(stage, "squats")?.spec("hostInterfaces", interfaces);
    let seen = kept_out(stage, &namespace, &shared_host(stage, draft), &[&host]).await?;
    let shared = stage.shared().await?;
    let answer = stage.get(&shared.address(), &host, "/").await?;
    hold!(answer.status == 200, "whose name it is gets {}", answer.status);
    Ok(seen)
}

async fn service(stage: &Stage) -> Outcome {
    let shared = stage.shared().await?.clone();
    let namespace = neighbour(stage).await?;
    let draft = Draft::hello(stage, "leads")?.service(&shared.service);
    let draft = shared_host(stage, draft);
    stage.workloads_in(&namespace).create(&draft).await?;
    // It may run, or be kept out because of the Service's name: either way nothing leads to it.
    let decided = |all: &[Workload]| {
        let statuses = all.iter().filter_map(|one| one.status.as_ref());
        let placed = statuses.filter(|status| status.conditions.iter().any(|one| one.type_ == "Placement"));
        if placed.count() > 0 { Ok(()) } else { Err("nobody has placed it".to_owned()) }
    };
    stage.workloads_in(&namespace).until(&draft.name, Duration::from_secs(20), decided).await?;
    let api: kube::Api<k8s_openapi::api::discovery::v1::EndpointSlice> = kube::Api::all(stage.client.clone());
    let label = format!("kubernetes.io/service-name={}", shared.service);
    for _ in 0..5 {
        let listed = api.list(&kube::api::ListParams::default().labels(&label)).await;
        let listed = listed.map_err(crate::cluster::ClusterError::when("list endpointslices"))?;
        let of = |place: &str| {
            listed.items.iter().filter(|slice| slice.metadata.namespace.as_deref() == Some(place)).count()
        };
        hold!(of(&shared.namespace) > 0, "the Service of {} has lost its endpoints", shared.namespace);
        hold!(of(&namespace) == 0, "there are endpoints in {namespace}, which has no such Service");
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    Ok("the Service leads where it led".to_owned())
}
