//! Connections and protocols.

use crate::conformance::check::{Outcome, Stop, hold};
use crate::conformance::probe::Http;
use crate::conformance::scene::{Draft, Stage};

async fn times(stage: &Stage, times: usize, h2: bool) -> Outcome {
    let shared = stage.shared().await?;
    let request =
        Http { address: shared.address(), host: Some(shared.host()), path: "/".into(), times, h2, ..Http::default() };
    let (answers, error) = stage.http(request).await?;
    let good = answers.iter().filter(|answer| answer.status == 200 && answer.error.is_none()).count();
    hold!(
        good == times,
        "{good} of {times} were answered{}",
        error.map(|err| format!(", then {err}")).unwrap_or_default()
    );
    Ok(format!("{times} requests"))
}

pub(super) async fn keep_alive(stage: &Stage) -> Outcome {
    times(stage, 20, false).await
}

pub(super) async fn h2c(stage: &Stage) -> Outcome {
    let seen = times(stage, 5, true).await?;
    let tls = stage.snapshot().serves_tls(&stage.shared().await?.address());
    Ok(format!("{seen} {}", if tls { "over TLS" } else { "in the clear" }))
}

pub(super) async fn concurrent(stage: &Stage) -> Outcome {
    let shared = stage.shared().await?;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let (stage, address, host) = (stage.clone(), shared.address(), shared.host());
        asking.spawn(async move { stage.get(&address, &host, "/sleep?200").await });
    }
    let mut good = 0;
    while let Some(answer) = asking.join_next().await {
        let answer = answer.map_err(|err| Stop::failed(err.to_string()))??;
        hold!(answer.status == 200, "after {good} good answers one was {} {:?}", answer.status, answer.body);
        good += 1;
    }
    Ok(format!("{good} requests"))
}

pub(super) async fn p3(stage: &Stage) -> Outcome {
    let draft = Draft::streams(stage, "three")?;
    let running = stage.workloads().start(&draft).await?;
    let answer = stage.get(running.address(), &running.host, "/").await?;
    hold!(answer.status == 200 && answer.body == "hello\n", "it answers {} {:?}", answer.status, answer.body);
    Ok("wasi:http/handler@0.3".to_owned())
}
