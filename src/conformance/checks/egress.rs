//! Where components may send requests, and where not.

use serde_json::json;

use super::super::check::{Outcome, Stop, checks, hold};
use super::super::probe::Answer;
use super::super::scene::{Draft, Running, Stage};

checks! {
    "egress.allowed" parallel(allowed) [Guests] 60 s
        "A component reaches a host that `allowedHosts` names"
        hint "a NetworkPolicy keeps the hosts from it, or its name is not known to the cluster's DNS"
    "egress.denied" parallel(denied) [Guests] 60 s
        "A component does not reach a host that `allowedHosts` does not name"
        hint "the host must refuse the request before it connects"
    "egress.default" parallel(default) [Guests] 60 s
        "Without `allowedHosts` a component reaches nobody"
        hint "nothing is allowed by default: the host must refuse"
    "egress.port" parallel(port) [Guests] 60 s
        "A port that `allowedHosts` does not name is not reached"
        hint "the port of an entry counts: the host must compare it"
    "egress.metadata" parallel(metadata) [Guests] 60 s
        "A component does not reach the metadata address of the cloud"
        hint "169.254.169.254 gives out credentials of the node: keep it out of `allowedHosts`, and deny it by NetworkPolicy too"
    "egress.api-server" parallel(api_server) [Guests] 60 s
        "A component does not reach the API server unless it is allowed to"
        hint "the host must refuse the request before it connects"
}

async fn with(stage: &Stage, what: &str, hosts: &[&str]) -> Result<Running, Stop> {
    let draft = Draft::hello(stage, what)?.given("allowedHosts", json!(hosts));
    stage.workloads().start(&draft).await
}

async fn fetch(stage: &Stage, running: &Running, target: &str) -> Result<Answer, Stop> {
    stage.get(running.address(), &running.host, &format!("/fetch?{target}")).await
}

/// The component tells how its request went: a status, or the error it was given.
fn refused(target: &str, answer: &Answer) -> Outcome {
    hold!(answer.status == 502, "{target} was reached: {} {:?}", answer.status, answer.body);
    let denied = answer.body.contains("Denied") || answer.body.contains("Prohibited");
    hold!(denied, "{target} was not reached, and nobody refused it: {:?}", answer.body);
    Ok(format!("{target}: {}", answer.body))
}

async fn allowed(stage: &Stage) -> Outcome {
    let registry = stage.agent()?.registry.clone();
    let running = with(stage, "may", &[&registry]).await?;
    let answer = fetch(stage, &running, &format!("{registry}/readyz")).await?;
    hold!(answer.body == "status 200", "{registry}: {} {:?}", answer.status, answer.body);
    Ok(registry)
}

async fn denied(stage: &Stage) -> Outcome {
    let registry = stage.agent()?.registry.clone();
    let running = with(stage, "may-not", &["other.conformance.test"]).await?;
    refused(&registry, &fetch(stage, &running, &format!("{registry}/readyz")).await?)
}

async fn default(stage: &Stage) -> Outcome {
    let registry = stage.agent()?.registry.clone();
    let running = with(stage, "nothing", &[]).await?;
    refused(&registry, &fetch(stage, &running, &format!("{registry}/readyz")).await?)
}

async fn port(stage: &Stage) -> Outcome {
    let registry = stage.agent()?.registry.clone();
    let name = registry.split(':').next().unwrap_or_default().to_owned();
    let running = with(stage, "other", &[&format!("{name}:81")]).await?;
    refused(&registry, &fetch(stage, &running, &format!("{registry}/readyz")).await?)
}

async fn metadata(stage: &Stage) -> Outcome {
    let registry = stage.agent()?.registry.clone();
    let running = with(stage, "cloud", &[&registry]).await?;
    refused("169.254.169.254", &fetch(stage, &running, "169.254.169.254/latest/meta-data/").await?)
}

async fn api_server(stage: &Stage) -> Outcome {
    let registry = stage.agent()?.registry.clone();
    let running = with(stage, "api", &[&registry]).await?;
    let target = "https://kubernetes.default.svc";
    refused(target, &fetch(stage, &running, &format!("{target}/version")).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, body: body.into(), ..Answer::default() }
    }

    #[test]
    fn only_a_refusal_counts() {
        assert!(refused("a", &answer(502, "ErrorCode::HttpRequestDenied")).is_ok());
        let Err(Stop::Failed { seen, .. }) = refused("a", &answer(200, "status 200")) else { panic!("it was reached") };
        assert!(seen.contains("was reached"), "{seen}");
        let Err(Stop::Failed { seen, .. }) = refused("a", &answer(502, "ConnectionRefused")) else {
            panic!("nobody refused")
        };
        assert!(seen.contains("nobody refused"), "{seen}");
    }
}
