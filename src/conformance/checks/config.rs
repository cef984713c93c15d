//! Settings and Secrets, from where they are written to where a component reads them.

use std::time::Duration;

use chartwright_contract::crds::Workload;
use serde_json::{Value, json};

use super::super::check::{Outcome, Stop, checks, hold};
use super::super::scene::{Draft, Running, Stage, is};

checks! {
    "config.environment" parallel(environment) [Guests] 60 s
        "A value of the environment reaches the component"
        hint "`localResources.environment.config` is where it is written"
    "config.config-map" parallel(config_map) [Guests] 60 s
        "A value of a ConfigMap reaches the component"
        hint "the operator may not read ConfigMaps of that namespace: look at its Role"
    "config.secret" parallel(secret) [Guests] 60 s
        "A value of a Secret reaches the component"
        hint "the operator may not read Secrets of that namespace: look at its Role"
    "config.precedence" parallel(precedence) [Guests] 60 s
        "A Secret stands over a ConfigMap, and both over what is written in the workload"
        hint "the order is upstream's: an operator of another version resolves them otherwise"
    "config.store" parallel(store) [Guests] 60 s
        "The component reads its settings through wasi:config as well"
        hint "declare `wasi:config` in `hostInterfaces`; settings are `localResources.config` and the environment"
    "config.secret.unlogged" alone(unlogged) [Guests] 90 s
        "The value of a Secret stands in no log of operator and hosts"
        hint "turn the log level down to `info`, and tell us: a secret value must never be logged"
    "config.missing" parallel(missing) [Guests] 60 s
        "A workload that refers to a Secret that is not there does not start, and names it"
        hint "the condition Config must name what is missing"
    "config.late" parallel(late) [Guests, OurOperator] 60 s
        "It starts once what was missing is there"
        hint "the operator does not watch Secrets: it would need `list` and `watch` on them"
    "config.change" parallel(change) [Guests, OurOperator] 90 s
        "A changed ConfigMap reaches the component without a new version"
        hint "the operator does not watch ConfigMaps: it would need `list` and `watch` on them"
}

/// Starts a workload with that environment.
async fn with(stage: &Stage, what: &str, environment: Value) -> Result<Running, Stop> {
    let draft = Draft::hello(stage, what)?.given("environment", environment);
    stage.workloads().start(&draft).await
}

async fn reads(stage: &Stage, running: &Running, path: &str, wanted: &str) -> Outcome {
    let answer = stage.get(running.address(), &running.host, path).await?;
    hold!(
        answer.status == 200 && answer.body == wanted,
        "{path} is {:?}, and not {wanted:?} (status {})",
        answer.body,
        answer.status
    );
    Ok(format!("{path} is {wanted:?}"))
}

async fn map(stage: &Stage, name: &str, data: Value) -> Result<(), Stop> {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data});
    stage.create(&stage.namespace, object).await
}

async fn hidden(stage: &Stage, name: &str, data: Value) -> Result<(), Stop> {
    let object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data});
    stage.create(&stage.namespace, object).await
}

async fn environment(stage: &Stage) -> Outcome {
    let running = with(stage, "env", json!({"config": {"COLOUR": "green"}})).await?;
    reads(stage, &running, "/env?COLOUR", "green").await
}

async fn config_map(stage: &Stage) -> Outcome {
    let name = stage.name("map");
    map(stage, &name, json!({"COLOUR": "blue"})).await?;
    let running = with(stage, "from", json!({"configFrom": [{"name": name}]})).await?;
    reads(stage, &running, "/env?COLOUR", "blue").await
}

async fn secret(stage: &Stage) -> Outcome {
    let name = stage.name("secret");
    hidden(stage, &name, json!({"COLOUR": "red"})).await?;
    let running = with(stage, "from", json!({"secretFrom": [{"name": name}]})).await?;
    reads(stage, &running, "/env?COLOUR", "red").await
}

async fn precedence(stage: &Stage) -> Outcome {
    let (one, two) = (stage.name("map"), stage.name("secret"));
    map(stage, &one, json!({"B": "map", "C": "map"})).await?;
    hidden(stage, &two, json!({"C": "secret"})).await?;
    let own = json!({"A": "own", "B": "own", "C": "own"});
    let layers = json!({"configFrom": [{"name": one}], "secretFrom": [{"name": two}], "config": own});
    let running = with(stage, "layers", layers).await?;
    for (key, value) in [("A", "own"), ("B", "map"), ("C", "secret")] {
        reads(stage, &running, &format!("/env?{key}"), value).await?;
    }
    Ok("own, ConfigMap, Secret".to_owned())
}

async fn store(stage: &Stage) -> Outcome {
    let draft = Draft::hello(stage, "store")?.given("config", json!({"shape": "round"}));
    let running = stage.workloads().start(&draft).await?;
    reads(stage, &running, "/config?shape", "round").await
}

async fn unlogged(stage: &Stage) -> Outcome {
    let (name, value) = (stage.name("secret"), format!("canary-{}-value", stage.run));
    hidden(stage, &name, json!({"CANARY": value})).await?;
    let running = with(stage, "quiet", json!({"secretFrom": [{"name": name}]})).await?;
    reads(stage, &running, "/env?CANARY", &value).await?;
    // A start that fails is where values like to show.
    let image = format!("{}/nobody:1", stage.agent()?.registry);
    let draft = Draft::of(stage, "loud", &image).given("environment", json!({"secretFrom": [{"name": name}]}));
    stage.workloads().create(&draft).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut read = 0;
    for part in ["operator", "host", "nats"] {
        for (pod, log) in stage.logs(part).await? {
            hold!(!log.contains(&value), "the log of {pod} has the value");
            read += log.lines().count();
        }
    }
    hold!(read > 0, "no part of the release has written anything");
    Ok(format!("not in {read} lines"))
}

/// What the condition says of a Workload's references.
fn config_says(all: &[Workload], name: &str) -> Result<String, String> {
    let conditions = all.iter().filter_map(|one| one.status.as_ref()).flat_map(|status| &status.conditions);
    let mut seen = "no condition yet".to_owned();
    for condition in conditions.filter(|one| one.type_ == "Config") {
        let message = condition.message.clone().unwrap_or_default();
        if condition.status != "True" && message.contains(name) {
            return Ok(message);
        }
        seen = format!("Config is {}: {message}", condition.status);
    }
    Err(seen)
}

async fn missing(stage: &Stage) -> Outcome {
    let name = stage.name("absent");
    let draft = Draft::hello(stage, "waits")?.given("environment", json!({"secretFrom": [{"name": name}]}));
    stage.workloads().create(&draft).await?;
    stage.workloads().until(&draft.name, Duration::from_secs(30), |all| config_says(all, &name)).await
}

async fn late(stage: &Stage) -> Outcome {
    let name = stage.name("late");
    let draft = Draft::hello(stage, "waits")?.given("environment", json!({"secretFrom": [{"name": name}]}));
    stage.workloads().create(&draft).await?;
    stage.workloads().until(&draft.name, Duration::from_secs(20), |all| config_says(all, &name)).await?;
    hidden(stage, &name, json!({"COLOUR": "late"})).await?;
    stage.workloads().running(&draft.name, 1).await?;
    Ok("it started by itself".to_owned())
}

async fn change(stage: &Stage) -> Outcome {
    let name = stage.name("map");
    map(stage, &name, json!({"COLOUR": "old"})).await?;
    let running = with(stage, "follows", json!({"configFrom": [{"name": name}]})).await?;
    reads(stage, &running, "/env?COLOUR", "old").await?;
    let kind = stage.kinds.find("v1", "ConfigMap").await?;
    let patch = kube::api::Patch::Merge(json!({"data": {"COLOUR": "new"}}));
    let patched =
        kind.api(&stage.client, &stage.namespace).patch(&name, &kube::api::PatchParams::default(), &patch).await;
    patched.map_err(crate::cluster::ClusterError::when(format!("change the ConfigMap {name}")))?;
    let begun = tokio::time::Instant::now();
    loop {
        // It may be on another host by then.
        let ready = |all: &[Workload]| {
            let ready = all
                .iter()
                .filter(|one| one.status.as_ref().is_some_and(|status| is(&status.conditions, "Ready", "True")));
            if ready.count() > 0 { Ok(()) } else { Err("none is ready".to_owned()) }
        };
        stage.workloads().until(&running.name, Duration::from_secs(20), ready).await?;
        for address in stage.workloads().addresses(&running.name).await.unwrap_or_default() {
            let answer = stage.get(&address, &running.host, "/env?COLOUR").await?;
            if answer.body == "new" {
                return Ok(format!("after {:.1} s", begun.elapsed().as_secs_f64()));
            }
        }
        hold!(begun.elapsed() < Duration::from_mins(1), "60 s later the component reads the old value");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(status: &str, message: &str) -> Workload {
        serde_json::from_value(json!({
            "apiVersion": "runtime.wasmcloud.dev/v1alpha1", "kind": "Workload", "metadata": {"name": "shop"}, "spec": {},
            "status": {"conditions": [{"type": "Config", "status": status, "message": message}]},
        }))
        .unwrap()
    }

    #[test]
    fn a_condition_that_names_it_is_what_is_wanted() {
        assert!(config_says(&[workload("False", "Secret shop/keys does not exist")], "keys").is_ok());
    }

    #[test]
    fn a_condition_that_holds_or_is_silent_is_not() {
        assert_eq!(config_says(&[workload("True", "keys")], "keys").unwrap_err(), "Config is True: keys");
        assert!(config_says(&[workload("False", "failed")], "keys").is_err());
        assert!(config_says(&[], "keys").is_err());
    }
}
