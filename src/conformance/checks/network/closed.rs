//! Who is not let in, or not let out, tries.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use serde_json::json;

use super::objects::known;
use super::rules::{End, Port, Way, passes};
use crate::conformance::check::{Outcome, Stop, hold};
use crate::conformance::probe::{Answer, Http};
use crate::conformance::scene::{Draft, Stage, Stranger, pod_address, socket};

pub(super) async fn enforced(stage: &Stage) -> Outcome {
    stage.enforcement().await
}

fn end_of(stranger: &Stranger) -> End {
    End::of(stranger.pod(), &stranger.namespace, stranger.labels.clone())
}

/// The port that clients of a NATS server connect to.
fn client_port(pod: &Pod) -> Option<u16> {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let ports: Vec<_> = containers.flat_map(|container| container.ports.iter().flatten()).collect();
    let named = ports.iter().find(|port| matches!(port.name.as_deref(), Some("tcp-nats" | "nats" | "client")));
    let found = named.or_else(|| ports.iter().find(|port| port.container_port == 4222))?;
    u16::try_from(found.container_port).ok()
}

pub(super) async fn nats(stage: &Stage) -> Outcome {
    let all = known(stage.snapshot())?;
    let mut servers = Vec::new();
    for pod in stage.snapshot().pods_of("nats") {
        if let (Some(address), Some(port)) = (pod_address(pod), client_port(pod)) {
            servers.push((
                End::of(pod, &stage.namespace, BTreeMap::new()),
                socket(address, port),
                port,
                pod.name_any(),
            ));
        }
    }
    if servers.is_empty() {
        return Err(Stop::skipped("no NATS server has an address and a port for clients"));
    }
    let stranger = stage.stranger().await?;
    let strange = end_of(stranger);
    for (own, _, port, name) in &servers {
        if passes(all, Way::In, own, Some(&strange), &Port::tcp(i32::from(*port))) {
            return Err(Stop::skipped(format!(
                "everybody may reach port {port} of {name} by its NetworkPolicies, and still needs credentials: \
                 `nats.server.networkPolicy.from` names who may"
            )));
        }
    }
    stage.enforced().await?;
    let here = stage.labels_of(&stage.namespace).await;
    let agent = End::of(&stage.agent()?.pod, &stage.namespace, here);
    let mut seen = Vec::new();
    for (own, address, port, name) in &servers {
        let may = passes(all, Way::In, own, Some(&agent), &Port::tcp(i32::from(*port)));
        let error = stage.tcp(address).await?;
        match (may, error) {
            // A server that nobody reaches keeps strangers out by being away.
            (true, Some(error)) => {
                return Err(Stop::skipped(format!(
                    "not even the agent, whom the policies let in, reaches {name} (see nats.operator.connect): {error}"
                )));
            }
            (false, None) => {
                return Err(Stop::failed(format!(
                    "{name} is reached at {address} by the agent, whom none of its NetworkPolicies lets in"
                )));
            }
            (true, None) => seen.push(format!("{name}: the agent is let in")),
            (false, Some(_)) => seen.push(format!("{name}: the agent is kept out as well")),
        }
        let error = stranger.tcp(address).await?;
        hold!(
            error.is_some(),
            "{name} is reached at {address} by a Pod of another namespace, whom none of its NetworkPolicies lets in"
        );
        seen.push(format!("a Pod of another namespace is not ({})", error.unwrap_or_default()));
    }
    Ok(seen.join(", "))
}

pub(super) async fn egress(stage: &Stage) -> Outcome {
    let all = known(stage.snapshot())?;
    let stranger = stage.stranger().await?;
    let (strange, port) = (end_of(stranger), stranger.port);
    for pod in stage.snapshot().pods_of("host") {
        let own = End::of(pod, &stage.namespace, BTreeMap::new());
        if passes(all, Way::Out, &own, Some(&strange), &Port::tcp(i32::from(port))) {
            return Err(Stop::skipped(format!(
                "port {port} of other namespaces is open to {} by its NetworkPolicies: `networkPolicy.egress` is off, \
                 `hostDefaults.networkPolicy.extraEgress` has it, or a URL of the values does",
                pod.name_any()
            )));
        }
    }
    stage.enforced().await?;
    let (registry, target) = (stage.agent()?.registry.clone(), stranger.address());
    let draft = Draft::hello(stage, "out")?.given("allowedHosts", json!([registry, target]));
    let running = stage.workloads().start(&draft).await?;
    let asked = |authority: &str| Http {
        address: running.address().to_owned(),
        host: Some(running.host.clone()),
        path: format!("/fetch?{authority}/readyz"),
        timeout_ms: 15_000,
        ..Http::default()
    };
    let (answers, error) = stage.http(asked(&registry)).await?;
    if answers.first().is_none_or(|answer| answer.body != "status 200") {
        let seen = answers.first().map_or(error.unwrap_or_default(), |answer| answer.body.clone());
        return Err(Stop::skipped(format!("not even {registry} is reached (see egress.allowed): {seen}")));
    }
    let (answers, error) = stage.http(asked(target)).await?;
    let seen = kept(target, answers.first(), error)?;
    // Nobody is reached who is not there.
    match stage.tcp(target).await? {
        None => Ok(seen),
        Some(error) => {
            Err(Stop::skipped(format!("the agent, whom nothing keeps, does not reach {target} either: {error}")))
        }
    }
}

/// Whether it was the network that kept a component from there, by what the component tells.
fn kept(target: &str, answer: Option<&Answer>, error: Option<String>) -> Outcome {
    let Some(answer) = answer else {
        return Ok(format!("{target}: {}", error.unwrap_or_default()));
    };
    hold!(
        answer.status == 502,
        "a component reaches {target}, where no NetworkPolicy lets the hosts go: {} {:?}",
        answer.status,
        answer.body
    );
    let any = |words: &[&str]| words.iter().any(|word| answer.body.contains(word));
    if any(&["Denied", "Prohibited"]) {
        return Err(Stop::skipped(format!(
            "the host itself refuses {target} before the network could: {}",
            answer.body
        )));
    }
    if any(&["Refused", "Timeout", "Terminated", "Destination"]) {
        return Ok(format!("{target}: {}", answer.body));
    }
    Err(Stop::skipped(format!("that {target} ends so does not tell who kept it: {}", answer.body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_is_told_from_the_host() {
        let answer = |status, body: &str| Answer { status, body: body.into(), ..Answer::default() };
        let kept = |answer: Option<&Answer>| super::kept("a:1", answer, Some("no answer in 15000 ms".to_owned()));
        assert!(kept(None).unwrap().contains("15000"));
        assert!(kept(Some(&answer(502, "ErrorCode::ConnectionRefused"))).is_ok());
        assert!(matches!(kept(Some(&answer(502, "ErrorCode::HttpRequestDenied"))), Err(Stop::Skipped(_))));
        assert!(matches!(kept(Some(&answer(502, "ErrorCode::HttpProtocolError"))), Err(Stop::Skipped(_))));
        let Err(Stop::Failed { seen, .. }) = kept(Some(&answer(200, "status 200"))) else { panic!("it was reached") };
        assert!(seen.contains("a component reaches a:1"), "{seen}");
    }

    #[test]
    fn clients_of_nats_have_their_port() {
        let pod = |ports: serde_json::Value| -> Pod {
            serde_json::from_value(json!({"spec": {"containers": [{"name": "nats", "ports": ports}]}})).unwrap()
        };
        let ours =
            pod(json!([{"name": "monitor", "containerPort": 8222}, {"name": "tcp-nats", "containerPort": 4333}]));
        assert_eq!(client_port(&ours), Some(4333));
        assert_eq!(client_port(&pod(json!([{"containerPort": 4222}]))), Some(4222));
        assert_eq!(client_port(&pod(json!([{"name": "monitor", "containerPort": 8222}]))), None);
    }
}
