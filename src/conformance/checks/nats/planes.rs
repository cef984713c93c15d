//! What is heard where.

use std::collections::BTreeSet;

use chartwright_contract::control::HostHeartbeat;

use super::connections::proves;
use crate::conformance::check::{Outcome, Stop, hold};
use crate::conformance::probe::{Act, Heard, Identity};
use crate::conformance::scene::Stage;

pub(super) fn connected(heard: &Heard) -> Result<(), Stop> {
    hold!(heard.connected, "no connection: {}", heard.problem.clone().unwrap_or_default());
    Ok(())
}

pub(super) async fn request(stage: &Stage) -> Outcome {
    let hosts = &stage.snapshot().hosts;
    hold!(!hosts.is_empty(), "no Host is known");
    for host in hosts {
        let subject = format!("runtime.host.{}.heartbeat", host.id);
        let heard = stage.nats(Identity::Operator, Act::Request { subject, payload: "{}".to_owned() }, 10).await?;
        connected(&heard)?;
        let Some((_, reply)) = heard.messages.first() else {
            return Err(Stop::failed(format!("{}: {}", host.name, heard.problem.unwrap_or_default())));
        };
        let beat: HostHeartbeat = serde_json::from_str(reply)
            .map_err(|err| Stop::failed(format!("{}: its reply is no heartbeat: {err}", host.name)))?;
        hold!(beat.id == host.id, "{}: the reply is of host {}", host.name, beat.id);
    }
    Ok(format!("{} hosts", hosts.len()))
}

pub(super) async fn heartbeats(stage: &Stage) -> Outcome {
    let hosts: BTreeSet<&str> = stage.snapshot().hosts.iter().map(|host| host.id.as_str()).collect();
    let mut missing = hosts.clone();
    // Each host speaks every fifteen seconds, and others may be on the same account.
    for _ in 0..2 {
        let listen = Act::Listen { subject: "runtime.operator.heartbeat.>".to_owned(), enough: hosts.len() };
        let heard = stage.nats(Identity::Operator, listen, 17).await?;
        connected(&heard)?;
        for (subject, _) in &heard.messages {
            missing.retain(|id| !subject.ends_with(&format!(".{id}")));
        }
        if missing.is_empty() {
            break;
        }
    }
    hold!(missing.is_empty(), "not heard of: {missing:?}");
    Ok(format!("{} hosts", hosts.len()))
}

pub(super) async fn round_trip(stage: &Stage) -> Outcome {
    let act = Act::RoundTrip { subject: format!("conformance.{}", stage.run), payload: "ping".to_owned() };
    let heard = stage.nats(Identity::Data, act, 10).await?;
    connected(&heard)?;
    let reply = heard.messages.first().map(|(_, reply)| reply.as_str());
    hold!(reply == Some("ping"), "{}", heard.problem.unwrap_or_else(|| format!("the reply is {reply:?}")));
    Ok("answered".to_owned())
}

pub(super) async fn apart(stage: &Stage) -> Outcome {
    if !proves(stage) {
        return Err(Stop::skipped("one open account serves both planes; see nats.anonymous"));
    }
    // A host of that id does not exist: nobody acts on it.
    let subject = format!("runtime.host.conformance-{}.heartbeat", stage.run);
    let act = Act::Hear { subject: subject.clone(), from: Identity::Operator, payload: "{}".to_owned() };
    let heard = stage.nats(Identity::Data, act, 4).await?;
    connected(&heard)?;
    hold!(heard.messages.is_empty(), "the data identity hears {subject}");
    // The message does go out: a host's identity hears it.
    let act = Act::Hear { subject: subject.clone(), from: Identity::Operator, payload: "{}".to_owned() };
    let heard = stage.nats(Identity::Control, act, 10).await?;
    connected(&heard)?;
    hold!(
        !heard.messages.is_empty(),
        "not even the control identity hears {subject}: {}",
        heard.problem.unwrap_or_default()
    );
    Ok(format!("{subject} is heard on the control plane alone"))
}
