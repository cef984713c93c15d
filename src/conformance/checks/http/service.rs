//! Services that lead to workloads.

use std::collections::BTreeSet;
use std::time::Duration;

use chartwright_contract::crds::Workload;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{Api, ListParams};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::cluster::ClusterError;
use crate::conformance::check::{Outcome, Stop, hold};
use crate::conformance::probe::Http;
use crate::conformance::scene::{Draft, Stage};

/// So long a Service may lead to a workload that was deleted.
const GONE: Duration = Duration::from_secs(10);
/// So long may it take until the workloads of a deployment that was deleted are asked to go.
const COLLECTED: Duration = Duration::from_secs(30);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) async fn answers_behind(stage: &Stage) -> Outcome {
    let shared = stage.shared().await?;
    super::answers(stage, &shared.service_address, &shared.host()).await?;
    Ok(shared.service_address.clone())
}

/// All names of a Service inside the cluster, and what each is called.
fn names_of(service: &str, namespace: &str, domain: &str) -> [(String, &'static str); 4] {
    [
        (service.to_owned(), "bare name"),
        (format!("{service}.{namespace}"), "name with its namespace"),
        (format!("{service}.{namespace}.svc"), "name with `svc`"),
        (format!("{service}.{namespace}.svc.{domain}"), "fully qualified name"),
    ]
}

pub(super) async fn names(stage: &Stage) -> Outcome {
    let shared = stage.shared().await?;
    let (mut known, mut kept) = (Vec::new(), Vec::new());
    for (name, what) in names_of(&shared.service, &shared.namespace, &stage.agent()?.domain) {
        // Of a host itself: whether the Service leads there is the claim of another check.
        let answer = stage.get(&shared.address(), &name, "/").await?;
        match answer.status {
            200 => known.push(name),
            404 => kept.push(format!("`Host: {name}` gets 404: {what} not among the aliases of its workload")),
            status => kept.push(format!("`Host: {name}` gets {status}")),
        }
    }
    hold!(kept.is_empty(), "{}", kept.join("; "));
    Ok(known.join(", "))
}

async fn slices(stage: &Stage, service: &str) -> Result<Vec<EndpointSlice>, Stop> {
    let api: Api<EndpointSlice> = Api::namespaced(stage.client.clone(), &stage.namespace);
    let list = ListParams::default().labels(&format!("kubernetes.io/service-name={service}"));
    Ok(api.list(&list).await.map_err(ClusterError::when("list endpointslices"))?.items)
}

/// The addresses that a Service leads to, `address:port`, those that are ready.
async fn leads_to(stage: &Stage, service: &str) -> Result<BTreeSet<String>, Stop> {
    Ok(slices(stage, service).await?.iter().flat_map(ready).collect())
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
        found = leads_to(stage, &shared.service).await?;
        if found == wanted {
            return Ok(found.into_iter().collect::<Vec<_>>().join(", "));
        }
        sleep(PAUSE).await;
    }
    Err(Stop::failed(format!("it leads to {found:?}, and the workload runs at {wanted:?}")))
}

fn object(name: &str, ports: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": ports}})
}

pub(super) async fn ports(stage: &Stage) -> Outcome {
    for (what, ports, wanted) in [
        ("named", json!([{"name": "web", "port": 80}, {"name": "more", "port": 8080}]), &["more", "web"][..]),
        // A single port needs no name, which is a name as well.
        ("unnamed", json!([{"port": 80}]), &[""][..]),
    ] {
        let draft = Draft::hello(stage, what)?;
        let service = draft.name.clone();
        stage.create(&stage.namespace, object(&service, &ports)).await?;
        stage.workloads().start(&draft.service(&service)).await?;
        let mut judged = Ok(());
        for _ in 0..50 {
            judged = join(wanted, &slices(stage, &service).await?);
            if judged.is_ok() {
                break;
            }
            sleep(PAUSE).await;
        }
        judged.map_err(Stop::failed)?;
    }
    Ok("`web` and `more`, and one without a name".to_owned())
}

/// Whether the ports of a Service are among those of each of its slices, by their names.
fn join(wanted: &[&str], slices: &[EndpointSlice]) -> Result<(), String> {
    if slices.is_empty() {
        return Err("the Service has no EndpointSlice".to_owned());
    }
    for slice in slices {
        let ports = slice.ports.iter().flatten();
        let names: Vec<&str> = ports.map(|port| port.name.as_deref().unwrap_or_default()).collect();
        if !wanted.iter().all(|name| names.contains(name)) {
            return Err(format!(
                "the Service calls its ports {wanted:?}, and its EndpointSlice calls them {names:?}: nodes join the two by \
                 name, and lead nowhere"
            ));
        }
    }
    Ok(())
}

pub(super) async fn follows(stage: &Stage) -> Outcome {
    let service = stage.name("svc");
    let draft = Draft::hello(stage, "led")?.service(&service);
    stage.workloads().start(&draft).await?;
    // The Service after the workload, as users may write it.
    stage.create(&stage.namespace, object(&service, &json!([{"name": "http", "port": 80}]))).await?;
    for (there, what) in [(true, "the workload runs"), (false, "the workload was deleted")] {
        if !there {
            stage.workloads().delete(&draft.name).await?;
        }
        let mut found = BTreeSet::new();
        for _ in 0..100 {
            found = leads_to(stage, &service).await?;
            if found.is_empty() != there {
                break;
            }
            sleep(PAUSE).await;
        }
        hold!(found.is_empty() != there, "20 s after {what} it leads to {found:?}");
    }
    Ok("it came after the Service, and went with the workload".to_owned())
}

pub(super) async fn gone(stage: &Stage) -> Outcome {
    let service = stage.name("svc");
    let draft = Draft::hello(stage, "left")?.service(&service);
    stage.create(&stage.namespace, object(&service, &json!([{"name": "http", "port": 80}]))).await?;
    stage.workloads().start(&draft).await?;
    let address = stage.agent()?.service(&stage.namespace, &service);
    match super::answers(stage, &address, &draft.host).await {
        // Who never answered says nothing by being silent.
        Err(Stop::Failed { seen, .. }) => {
            return Err(Stop::skipped(format!("its Service does not answer to begin with (see http.service): {seen}")));
        }
        other => other?,
    }
    stage.workloads().delete(&draft.name).await?;
    // The cluster collects what the deployment owns, in its own time.
    let begun = Instant::now();
    let lives = |one: &Workload| one.metadata.deletion_timestamp.is_none();
    while begun.elapsed() < COLLECTED && stage.workloads().of(&draft.name).await?.iter().any(lives) {
        sleep(PAUSE).await;
    }
    let begun = Instant::now();
    loop {
        let found = leads_to(stage, &service).await?;
        let request = Http {
            address: address.clone(),
            host: Some(draft.host.clone()),
            path: "/".into(),
            timeout_ms: 2_000,
            ..Http::default()
        };
        let (answers, error) = stage.http(request).await?;
        let answer = answers.first().map(|answer| answer.status);
        if found.is_empty() && answer.is_none() {
            return Ok(format!("after {:.1} s: {}", begun.elapsed().as_secs_f64(), error.unwrap_or_default()));
        }
        hold!(
            begun.elapsed() < GONE,
            "{} s after its workload was deleted the Service {} and leads to {found:?}",
            GONE.as_secs(),
            answer.map_or_else(|| "does not answer".to_owned(), |status| format!("answers {status}"))
        );
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_service_s_names_is_the_full_one() {
        let names = names_of("web", "shop", "corp.example").map(|(name, _)| name);
        assert_eq!(names, ["web", "web.shop", "web.shop.svc", "web.shop.svc.corp.example"]);
    }

    #[test]
    fn ports_are_joined_by_their_names() {
        let slice = |ports: Value| -> EndpointSlice {
            serde_json::from_value(json!({"addressType": "IPv4", "ports": ports, "endpoints": []})).unwrap()
        };
        let (http, web) = (slice(json!([{"name": "http", "port": 1}])), slice(json!([{"name": "web", "port": 1}])));
        let unnamed = slice(json!([{"port": 1}]));
        assert_eq!(join(&["web"], std::slice::from_ref(&web)), Ok(()));
        assert_eq!(join(&[""], std::slice::from_ref(&unnamed)), Ok(()));
        let said = join(&["web"], &[web, http]).unwrap_err();
        assert!(said.contains(r#"["web"]"#) && said.contains(r#"["http"]"#), "{said}");
        let said = join(&["web"], &[unnamed]).unwrap_err();
        assert!(said.contains(r#"[""]"#), "{said}");
        assert!(join(&["web"], &[]).unwrap_err().contains("no EndpointSlice"));
    }

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
