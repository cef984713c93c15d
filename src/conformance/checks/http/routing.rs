//! By the name of the host.

use crate::conformance::check::{Outcome, hold};
use crate::conformance::probe::Http;
use crate::conformance::scene::{Draft, Stage};

pub(super) async fn host(stage: &Stage) -> Outcome {
    let shared = stage.shared().await?;
    // A second workload on the same hosts, told apart by its name alone.
    let draft = Draft::hello(stage, "other")?.given("environment", serde_json::json!({"config": {"WHO": "other"}}));
    let other = stage.workloads().start(&draft).await?;
    let seen = stage.get(other.address(), &other.host, "/env?WHO").await?;
    hold!(seen.body == "other", "{} answers {} {:?}", other.host, seen.status, seen.body);
    let seen = stage.get(&shared.address(), &shared.host(), "/env?WHO").await?;
    hold!(seen.status == 404, "{} answers with what {} was given", shared.host(), other.host);
    Ok(format!("{} and {}", other.host, shared.host()))
}

async fn named(stage: &Stage, host: &str) -> Outcome {
    let shared = stage.shared().await?;
    let answer = stage.get(&shared.address(), host, "/").await?;
    hold!(answer.status == 200, "`Host: {host}` gets {}", answer.status);
    Ok(format!("`Host: {host}`"))
}

pub(super) async fn port(stage: &Stage) -> Outcome {
    let host = stage.shared().await?.host();
    named(stage, &format!("{host}:8443")).await
}

pub(super) async fn case(stage: &Stage) -> Outcome {
    let host = stage.shared().await?.host();
    named(stage, &host.to_uppercase()).await
}

pub(super) async fn unknown(stage: &Stage) -> Outcome {
    let address = stage.shared().await?.address();
    let answer = stage.get(&address, "nobody.conformance.test", "/").await?;
    hold!(answer.status == 404, "it gets {} {:?}", answer.status, answer.body);
    Ok("404".to_owned())
}

pub(super) async fn reason(stage: &Stage) -> Outcome {
    let shared = stage.shared().await?;
    let answer = stage.get(&shared.address(), "nobody.conformance.test", "/").await?;
    let reason = answer.header("x-chartwright-reason");
    hold!(reason == Some("unknown-host"), "the header says {reason:?}");
    // A 404 of the workload's own is no matter of the host.
    let answer = stage.get(&shared.address(), &shared.host(), "/no-such-path").await?;
    hold!(answer.status == 404, "the workload answers {}", answer.status);
    let reason = answer.header("x-chartwright-reason");
    hold!(reason.is_none(), "a 404 of the workload has the reason {reason:?}");
    Ok("unknown-host; none with a 404 of the workload".to_owned())
}

pub(super) async fn none(stage: &Stage) -> Outcome {
    let address = stage.shared().await?.address();
    let answer = stage.ask(Http { address, path: "/".into(), ..Http::default() }).await?;
    hold!((400..500).contains(&answer.status), "it gets {} {:?}", answer.status, answer.body);
    Ok(answer.status.to_string())
}
