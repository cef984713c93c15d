//! What changes while it runs.

use std::time::Duration;

use kube::ResourceExt;
use kube::api::{Api, ListParams};
use serde_json::json;

use crate::cluster::ClusterError;
use crate::conformance::check::{Outcome, Stop, hold};
use crate::conformance::scene::{Draft, Stage};

pub(super) async fn scale(stage: &Stage) -> Outcome {
    let draft = Draft::hello(stage, "scaled")?;
    let workloads = stage.workloads();
    workloads.start(&draft).await?;
    for wanted in [4, 1] {
        workloads.scale(&draft.name, wanted).await?;
        workloads.running(&draft.name, wanted).await?;
        let wanted = usize::try_from(wanted).unwrap_or_default();
        let exactly = |all: &[chartwright_contract::crds::Workload]| {
            if all.len() == wanted { Ok(()) } else { Err(format!("{} Workloads for {wanted} replicas", all.len())) }
        };
        workloads.until(&draft.name, Duration::from_secs(15), exactly).await?;
    }
    Ok("1, 4, 1".to_owned())
}

pub(super) async fn selector(stage: &Stage) -> Outcome {
    let draft = Draft::hello(stage, "counted")?.replicas(2);
    let workloads = stage.workloads();
    workloads.start(&draft).await?;
    let scale = workloads.deployments().get_scale(&draft.name).await;
    let scale = scale.map_err(ClusterError::when("read the scale subresource"))?;
    let selector = scale.status.and_then(|status| status.selector).unwrap_or_default();
    hold!(!selector.is_empty(), "it has no selector");
    let api: Api<chartwright_contract::crds::Workload> = Api::namespaced(stage.client.clone(), &stage.namespace);
    let listed = api.list(&ListParams::default().labels(&selector)).await;
    let listed = listed.map_err(ClusterError::when(format!("list workloads with {selector}")))?;
    let mut selected: Vec<String> = listed.items.iter().map(ResourceExt::name_any).collect();
    let mut own: Vec<String> = workloads.of(&draft.name).await?.iter().map(ResourceExt::name_any).collect();
    selected.sort();
    own.sort();
    hold!(selected == own, "{selector} selects {selected:?}, and its Workloads are {own:?}");
    Ok(format!("{selector}: {} Workloads", own.len()))
}

pub(super) async fn rollout(stage: &Stage) -> Outcome {
    let service = stage.name("svc");
    let draft = Draft::hello(stage, "rolled")?.replicas(2).service(&service);
    let object = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": service},
        "spec": {"ports": [{"name": "http", "port": 80}]},
    });
    stage.create(&stage.namespace, object).await?;
    let workloads = stage.workloads();
    let running = workloads.start(&draft).await?;
    let address = stage.agent()?.service(&stage.namespace, &service);
    super::super::http::answers(stage, &address, &running.host).await?;
    // Several times: whether a request comes at the wrong moment is a matter of luck.
    let change = async {
        for version in ["two", "three", "four"] {
            let before: Vec<String> = workloads.of(&draft.name).await?.iter().map(ResourceExt::name_any).collect();
            let environment = json!({"config": {"VERSION": version}});
            let mut next = draft.clone().given("environment", environment);
            let template = next.object["spec"]["template"].take();
            workloads.patch(&running.name, &json!({"spec": {"template": template}})).await?;
            let replaced = |all: &[chartwright_contract::crds::Workload]| {
                let old = all.iter().filter(|one| before.contains(&one.name_any())).count();
                if old == 0 && all.len() == 2 {
                    Ok(())
                } else {
                    Err(format!("{old} of {} Workloads are of the old version", all.len()))
                }
            };
            workloads.until(&running.name, Duration::from_secs(30), replaced).await?;
            workloads.running(&running.name, 2).await?;
        }
        Ok::<(), Stop>(())
    };
    let (loaded, changed) = stage.load(&address, &running.host, 10).during(change).await?;
    changed?;
    loaded.none_lost()?;
    let answer = stage.get(&address, &running.host, "/env?VERSION").await?;
    hold!(answer.body == "four", "the new version is not what answers: {} {:?}", answer.status, answer.body);
    Ok(format!("3 versions, {} requests meanwhile, none lost", loaded.good))
}

pub(super) async fn recreate(stage: &Stage) -> Outcome {
    let mut draft = Draft::hello(stage, "anew")?;
    draft.object["spec"]["deployPolicy"] = json!("Recreate");
    let workloads = stage.workloads();
    let running = workloads.start(&draft).await?;
    let before: Vec<String> = workloads.of(&draft.name).await?.iter().map(ResourceExt::name_any).collect();
    let mut spec = draft.given("environment", json!({"config": {"VERSION": "two"}})).object["spec"].take();
    workloads.patch(&running.name, &json!({"spec": {"template": spec["template"].take()}})).await?;
    let end = tokio::time::Instant::now() + Duration::from_secs(40);
    loop {
        let now = workloads.of(&running.name).await?;
        let old = now.iter().filter(|one| before.contains(&one.name_any())).count();
        let ready = |one: &&chartwright_contract::crds::Workload| {
            one.status.as_ref().is_some_and(|status| crate::conformance::scene::is(&status.conditions, "Ready", "True"))
        };
        let new = now.iter().filter(|one| !before.contains(&one.name_any())).find(ready);
        hold!(new.is_none() || old == 0, "the new version runs beside the old one");
        // A rolling update ends the old one as soon as the new one runs, which is seldom seen; that it starts before is.
        let stays = now.iter().any(|one| before.contains(&one.name_any()) && one.metadata.deletion_timestamp.is_none());
        hold!(!stays || now.len() == old, "the new version starts beside the old one");
        if new.is_some() {
            break;
        }
        hold!(tokio::time::Instant::now() < end, "after 40 s no new version runs");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok("the old one went first".to_owned())
}

pub(super) async fn stop(stage: &Stage) -> Outcome {
    let draft = Draft::hello(stage, "gone")?.replicas(2);
    let workloads = stage.workloads();
    let running = workloads.start(&draft).await?;
    workloads.delete(&running.name).await?;
    let none = |all: &[chartwright_contract::crds::Workload]| {
        if all.is_empty() { Ok(()) } else { Err(format!("{} Workloads are still there", all.len())) }
    };
    workloads.until(&running.name, Duration::from_secs(30), none).await?;
    for address in &running.addresses {
        let mut last = 0;
        for _ in 0..25 {
            last = stage.get(address, &running.host, "/").await?.status;
            if last == 404 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        if last != 404 {
            return Err(Stop::failed(format!("{address} still answers {last} under its name")));
        }
    }
    Ok(format!("{} hosts know it no more", running.addresses.len()))
}
