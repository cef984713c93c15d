//! What cannot run, and how it says so.

use std::time::Duration;

use chartwright_contract::crds::Workload;
use k8s_openapi::api::events::v1::Event;
use kube::api::{Api, ListParams};
use serde_json::json;

use crate::cluster::ClusterError;
use crate::conformance::check::{Outcome, Stop, hold};
use crate::conformance::scene::{Draft, Stage, unmet};

/// The message of a condition of one of them that is not met, if it has all those words.
fn says(workloads: &[Workload], type_: &str, words: &[&str]) -> Result<String, String> {
    let statuses = workloads.iter().filter_map(|one| one.status.as_ref());
    let mut seen = String::from("no condition yet");
    for status in statuses {
        seen = unmet(&status.conditions).unwrap_or_else(|| "it is ready".to_owned());
        for condition in status.conditions.iter().filter(|one| one.type_ == type_ && one.status != "True") {
            let said = format!(
                "{} {}",
                condition.reason.as_deref().unwrap_or_default(),
                condition.message.as_deref().unwrap_or_default()
            );
            if words.iter().all(|word| said.contains(word)) {
                return Ok(said);
            }
        }
    }
    Err(format!("{type_} does not speak of {}: {seen}", words.join(", ")))
}

pub(super) async fn unknown_image(stage: &Stage) -> Outcome {
    let image = format!("{}/nobody:1", stage.agent()?.registry);
    let draft = Draft::of(stage, "absent", &image);
    stage.workloads().create(&draft).await?;
    stage.workloads().until(&draft.name, Duration::from_secs(40), |all| says(all, "Placement", &["nobody"])).await
}

pub(super) async fn event(stage: &Stage) -> Outcome {
    let image = format!("{}/nobody:1", stage.agent()?.registry);
    let draft = Draft::of(stage, "told", &image);
    stage.workloads().create(&draft).await?;
    let api: Api<Event> = Api::namespaced(stage.client.clone(), &stage.namespace);
    let end = tokio::time::Instant::now() + Duration::from_secs(40);
    loop {
        let listed = api.list(&ListParams::default()).await.map_err(ClusterError::when("list events"))?;
        let found = listed.items.into_iter().find(|event| {
            let regarding = event.regarding.clone().unwrap_or_default();
            regarding.kind.as_deref() == Some("Workload")
                && regarding.name.is_some_and(|name| name.starts_with(&draft.name))
                && event.note.as_ref().is_some_and(|note| note.contains("nobody"))
        });
        if let Some(event) = found {
            return Ok(format!("{}: {}", event.reason.unwrap_or_default(), event.note.unwrap_or_default()));
        }
        hold!(tokio::time::Instant::now() < end, "after 40 s no event speaks of its image");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

pub(super) async fn no_host(stage: &Stage) -> Outcome {
    let draft = Draft::hello(stage, "nowhere")?.spec("hostSelector", json!({"hostgroup": "no-such-group"}));
    stage.workloads().create(&draft).await?;
    stage.workloads().until(&draft.name, Duration::from_secs(30), |all| says(all, "HostSelection", &["NoHost"])).await
}

pub(super) async fn no_component(stage: &Stage) -> Outcome {
    let image = format!("{}/text:1", stage.agent()?.registry);
    let draft = Draft::of(stage, "text", &image);
    stage.workloads().create(&draft).await?;
    stage.workloads().until(&draft.name, Duration::from_secs(40), |all| says(all, "Placement", &["WebAssembly"])).await
}

pub(super) async fn invalid(stage: &Stage) -> Outcome {
    let entry = json!({"namespace": "wasi", "package": "http", "interfaces": ["incoming-handler"]});
    let draft = Draft::hello(stage, "twice")?.spec("hostInterfaces", json!([entry, entry]));
    match stage.workloads().try_create(&draft).await {
        Ok(()) => Err(Stop::failed("the API server took it")),
        Err(err) if err.code() == Some(422) => Ok(err.to_string().chars().take(160).collect()),
        Err(err) => Err(err.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(reason: &str, message: &str) -> Workload {
        serde_json::from_value(json!({
            "apiVersion": "runtime.wasmcloud.dev/v1alpha1", "kind": "Workload", "metadata": {"name": "shop"}, "spec": {},
            "status": {"conditions": [
                {"type": "Config", "status": "True"},
                {"type": "Placement", "status": "False", "reason": reason, "message": message},
            ]},
        }))
        .unwrap()
    }

    #[test]
    fn a_reason_with_the_words_is_found() {
        let all = [workload("StartFailed", "reg.example/nobody:1: not found")];
        assert_eq!(says(&all, "Placement", &["nobody"]).unwrap(), "StartFailed reg.example/nobody:1: not found");
    }

    #[test]
    fn a_reason_without_them_is_shown() {
        let seen = says(&[workload("Reconcile", "failed")], "Placement", &["nobody"]).unwrap_err();
        assert!(seen.contains("Placement is False: Reconcile failed"), "{seen}");
        assert!(says(&[], "Placement", &["nobody"]).unwrap_err().contains("no condition yet"));
    }
}
