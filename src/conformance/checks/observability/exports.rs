//! What hosts export over OTLP, with the agent as their collector.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::conformance::check::{Outcome, Stop};
use crate::conformance::probe::{Probe, Seen};
use crate::conformance::scene::{Draft, Stage};

/// Between two looks at what came.
const PAUSE: Duration = Duration::from_millis(500);
/// What is sent at once is there within that time.
const UNDER_WAY: Duration = Duration::from_secs(10);

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

/// How often a signal is sent: as OpenTelemetry's variables say, or as it does without them.
fn interval(stage: &Stage, signal: &str) -> Duration {
    let (name, default) = match signal {
        "traces" => ("OTEL_BSP_SCHEDULE_DELAY", 5_000),
        "metrics" => ("OTEL_METRIC_EXPORT_INTERVAL", 60_000),
        _ => ("OTEL_BLRP_SCHEDULE_DELAY", 1_000),
    };
    Duration::from_millis(variable(stage, name).and_then(|value| value.parse().ok()).unwrap_or(default))
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
    let with = texts.join(" and ");
    let probe = Probe::Exports { signal: signal.to_owned(), texts };
    // One may have been on its way before the request was made.
    let patience = 2 * interval(stage, signal) + UNDER_WAY;
    let end = Instant::now() + patience;
    while Instant::now() < end {
        if let Seen::Count { count: 1.. } = stage.probe(&probe).await? {
            return Ok(format!("an export with {with}"));
        }
        sleep(PAUSE).await;
    }
    Err(Stop::failed(format!("no export of {signal} with {with} came in {} s", patience.as_secs())))
}
