//! Hooks: objects that are made around a change, one after another, and waited for. The rules are Helm's.

use kube::Client;
use kube::api::DeleteParams;
use serde_json::Value;
use tokio::time::{Duration, Instant};

use crate::cluster::{ClusterError, Kinds, patiently};
use crate::release::{HookRun, now};

use super::content::Hook;
use super::plan::title;
use super::{Action, Content, InstallError, Reporter, Step, apply, wait};

/// Between two looks at a hook that runs.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs the hooks of an event in their order. One that fails ends it. The hook that applies definitions is left out: that was
/// the step before.
pub(super) async fn run(
    client: &Client,
    kinds: &Kinds,
    content: &mut Content,
    event: &'static str,
    end: Instant,
    reporter: &mut dyn Reporter,
) -> Result<(), InstallError> {
    for place in 0..content.hooks.len() {
        let Some(hook) = content.hooks.get(place) else { break };
        if !hook.record.events.iter().any(|one| one == event) || is_of_definitions(hook) {
            continue;
        }
        let step = step(kinds, hook, &content.release.namespace).await?;
        let started_at = now();
        let outcome = one(client, hook, &step, event, end).await;
        let phase = if outcome.is_ok() { "Succeeded" } else { "Failed" };
        let policy = if outcome.is_ok() { "hook-succeeded" } else { "hook-failed" };
        let deletes = hook.record.delete_policies.iter().any(|one| one == policy);
        if let Some(hook) = content.hooks.get_mut(place) {
            hook.record.last_run = HookRun { started_at, completed_at: now(), phase: phase.into() };
        }
        if deletes {
            remove(client, &step, end).await?;
        }
        outcome?;
        if step.object.kind == "Job" || step.object.kind == "Pod" {
            reporter.step(&format!("{event}: {} done", step.title()));
        }
    }
    Ok(())
}

/// Those of `crds apply`: what they do was done before the first hook.
fn is_of_definitions(hook: &Hook) -> bool {
    let component = &hook.object.value["metadata"]["labels"]["app.kubernetes.io/component"];
    component == "crds"
}

async fn step(kinds: &Kinds, hook: &Hook, namespace: &str) -> Result<Step, InstallError> {
    let mut object = hook.object.clone();
    let kind = kinds.find(&object.api_version, &object.kind).await?;
    if kind.namespaced {
        object.namespace.get_or_insert_with(|| namespace.to_owned());
    }
    Ok(Step { action: Action::Create, object, before: None, after: None, taken: None, kind })
}

async fn one(client: &Client, hook: &Hook, step: &Step, event: &'static str, end: Instant) -> Result<(), InstallError> {
    let before = hook.record.delete_policies.is_empty()
        || hook.record.delete_policies.iter().any(|one| one == "before-hook-creation");
    if before {
        remove(client, step, end).await?;
    }
    patiently(end, async || apply::apply(client, step, true).await).await?;
    loop {
        let live = patiently(end, async || apply::get(client, &step.kind, &step.object).await).await?;
        let why = match state(live.as_ref().unwrap_or(&Value::Null)) {
            Ended::Well => return Ok(()),
            Ended::Badly(why) => Some(why),
            Ended::Not if Instant::now() > end => Some("is not done in time".to_owned()),
            Ended::Not => None,
        };
        if let Some(mut why) = why {
            if let Some(more) = wait::pods(client, &step.object, live.as_ref()).await {
                why = format!("{why}: {more}");
            }
            return Err(InstallError::Hook { event, name: title(&step.object), why });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Deletes it, and waits until it is gone: one of its name is to be made.
async fn remove(client: &Client, step: &Step, end: Instant) -> Result<(), ClusterError> {
    patiently(end, async || apply::delete(client, step, DeleteParams::background()).await).await?;
    while patiently(end, async || apply::get(client, &step.kind, &step.object).await).await?.is_some() {
        if Instant::now() > end {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

enum Ended {
    Not,
    Well,
    Badly(String),
}

/// A Job until it is complete, a Pod until it has succeeded; anything else is done when it is there.
fn state(live: &Value) -> Ended {
    match live["kind"].as_str() {
        Some("Job") => {
            let conditions = live["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
            let is = |name: &str| conditions.iter().find(|one| one["type"] == name && one["status"] == "True");
            match (is("Complete"), is("Failed")) {
                (Some(_), _) => Ended::Well,
                (_, Some(failed)) => {
                    Ended::Badly(format!("failed: {}", failed["message"].as_str().unwrap_or("nobody says why")))
                }
                _ => Ended::Not,
            }
        }
        Some("Pod") => match live["status"]["phase"].as_str() {
            Some("Succeeded") => Ended::Well,
            Some("Failed") => Ended::Badly("failed".into()),
            _ => Ended::Not,
        },
        Some(_) => Ended::Well,
        None => Ended::Badly("was deleted while it ran".into()),
    }
}
