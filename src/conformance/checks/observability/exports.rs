//! What hosts export over OTLP, with the agent as their collector.

use std::time::Duration;

use crate::conformance::check::{Outcome, Stop};
use crate::conformance::probe::{Probe, Seen};
use crate::conformance::scene::{Draft, Stage};

/// Between two looks at what came.
const PAUSE: Duration = Duration::from_millis(500);

pub(super) async fn traces(stage: &Stage) -> Outcome {
    export(stage, "traces").await
}

pub(super) async fn metrics(stage: &Stage) -> Outcome {
    export(stage, "metrics").await
}

pub(super) async fn logs(stage: &Stage) -> Outcome {
    export(stage, "logs").await
}

/// A variable of the hosts, as their Pods have it.
fn variable(stage: &Stage, name: &str) -> Option<String> {
    let variables = stage.snapshot().main("host")?.env.as_ref()?;
    variables.iter().find(|variable| variable.name == name)?.value.clone().filter(|value| !value.is_empty())
}

/// Why the agent gets nothing of that signal, if so.
fn elsewhere(stage: &Stage, signal: &str) -> Result<(), Stop> {
    let registry = &stage.agent()?.registry;
    let upper = signal.to_uppercase();
    let own = |what: &str| {
        let specific = variable(stage, &format!("OTEL_EXPORTER_OTLP_{upper}_{what}"));
        specific.or_else(|| variable(stage, &format!("OTEL_EXPORTER_OTLP_{what}")))
    };
    let advice =
        format!("`hostDefaults.otel.endpoint: http://{registry}` and `protocol: http/protobuf` show them to the agent");
    let Some(endpoint) = own("ENDPOINT") else {
        return Err(Stop::skipped(format!("hosts export nothing over OTLP; {advice}")));
    };
    if variable(stage, &format!("OTEL_{upper}_EXPORTER")).as_deref() == Some("none") {
        return Err(Stop::skipped(format!("hosts export no {signal}: `hostDefaults.otel.{signal}` is off")));
    }
    let authority = endpoint.split_once("://").map_or(endpoint.as_str(), |(_, rest)| rest);
    // Without what stands before an `@`: that may be a password.
    let authority = authority.split('/').next().unwrap_or_default().rsplit('@').next().unwrap_or_default();
    if authority != registry {
        return Err(Stop::skipped(format!("hosts export to {authority}; {advice}")));
    }
    match own("PROTOCOL").as_deref() {
        Some("http/protobuf") => Ok(()),
        _ => Err(Stop::skipped(format!("hosts speak gRPC to the agent; {advice}"))),
    }
}

async fn export(stage: &Stage, signal: &str) -> Outcome {
    elsewhere(stage, signal)?;
    let draft = Draft::hello(stage, "told")?;
    let running = stage.workloads().start(&draft).await?;
    // What the component logs itself is an export of its own; spans and durations name the workload.
    let words = format!("conformance-{}-{}", stage.run, signal);
    let answer = stage.get(running.address(), &running.host, &format!("/log?{words}")).await?;
    if answer.status != 200 {
        return Err(Stop::failed(format!("the workload answers {}", answer.status)));
    }
    let texts = if signal == "logs" { vec![words] } else { vec![draft.name.clone(), stage.namespace.clone()] };
    stage.at(format!("no export of {signal} with {} came", texts.join(" and ")));
    loop {
        let probe = Probe::Exports { signal: signal.to_owned(), texts: texts.clone() };
        if let Seen::Count { count: 1.. } = stage.probe(&probe).await? {
            return Ok(format!("an export with {}", texts.join(" and ")));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
