//! Who connects, and who does not.

use crate::conformance::check::{Outcome, Stop, hold};
use crate::conformance::probe::{Act, Identity};
use crate::conformance::scene::{Stage, arguments};

async fn connects(stage: &Stage, identity: Identity) -> Outcome {
    let heard = stage.nats(identity, Act::Connect, 10).await?;
    hold!(heard.connected, "{}: {}", identity.name(), heard.problem.unwrap_or_default());
    Ok(format!("server {}, payloads up to {} bytes", heard.server, heard.max_payload))
}

pub(super) async fn operator(stage: &Stage) -> Outcome {
    connects(stage, Identity::Operator).await
}

pub(super) async fn control(stage: &Stage) -> Outcome {
    connects(stage, Identity::Control).await
}

pub(super) async fn data(stage: &Stage) -> Outcome {
    connects(stage, Identity::Data).await
}

/// Whether the operator proves who it is.
pub(super) fn proves(stage: &Stage) -> bool {
    let proofs = ["-tls-cert=", "-creds=", "-nkey=", "-user-file=", "-token-file="];
    arguments(stage.snapshot().main("operator")).iter().any(|flag| proofs.iter().any(|proof| flag.contains(proof)))
}

pub(super) async fn anonymous(stage: &Stage) -> Outcome {
    if !proves(stage) {
        return Err(Stop::skipped("the operator itself has no credentials: the release uses an open account"));
    }
    // A server that nobody reaches lets nobody in, which says nothing about it.
    let known = stage.nats(Identity::Operator, Act::Connect, 8).await?;
    if !known.connected {
        return Err(Stop::skipped("not even the operator's identity connects (see nats.operator.connect)"));
    }
    let heard = stage.nats(Identity::Nobody, Act::Connect, 8).await?;
    hold!(!heard.connected, "it was let in");
    Ok(format!("refused: {}", heard.problem.unwrap_or_default()))
}

pub(super) async fn metrics(stage: &Stage) -> Outcome {
    let mut seen = Vec::new();
    for (part, prefix) in [("operator", "chartwright_operator"), ("host", "chartwright_host")] {
        for (pod, metrics) in stage.metrics(part).await? {
            let metric = format!("{prefix}_nats_connected");
            let values = metrics.all(&metric);
            hold!(!values.is_empty(), "{pod} has no metric {metric}");
            hold!(values.iter().all(|value| *value > 0.5), "{pod}: {metric} is {values:?}");
            seen.push(format!("{pod}: {} connections", values.len()));
        }
    }
    Ok(seen.join(", "))
}
