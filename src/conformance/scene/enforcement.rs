//! Whether NetworkPolicies do anything on this cluster: that is up to what makes its network. Found out once, by whoever comes first.

use std::time::Duration;

use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::api::{Api, DeleteParams};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{Stage, Stranger};
use crate::cluster::ClusterError;
use crate::conformance::check::{Outcome, Stop};

/// What makes the network follows within that time.
const FOLLOWS: Duration = Duration::from_secs(20);
/// A Pod that is ready is reached within that time.
const READY: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(300);

impl Stage {
    /// Closes the stranger and opens it again, seen by the agent.
    pub(in crate::conformance) async fn enforcement(&self) -> Outcome {
        self.enforcement.get_or_init(|| look(self)).await.clone()
    }

    /// Goes on where NetworkPolicies are enforced. Whether they are, and well, is the claim of another check.
    pub(in crate::conformance) async fn enforced(&self) -> Result<(), Stop> {
        match self.enforcement().await {
            Ok(_) => Ok(()),
            Err(Stop::Skipped(why)) => Err(Stop::Skipped(why)),
            Err(Stop::Failed { seen, .. }) => Err(Stop::skipped(format!("see network.enforced: {seen}"))),
        }
    }
}

async fn look(stage: &Stage) -> Outcome {
    let stranger = stage.stranger().await?;
    stage.at("the agent reaches a Pod of another namespace");
    if let Err(error) = until(stage, stranger, true, READY).await? {
        return Err(Stop::skipped(format!(
            "the agent does not reach a Pod of another namespace to begin with ({error}): something else closes new namespaces"
        )));
    }
    let name = stage.name("closed");
    let policy = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    });
    match stage.create(&stranger.namespace, policy).await {
        Err(Stop::Failed { seen, .. }) if seen.contains("forbidden") => return Err(Stop::skipped(seen)),
        other => other?,
    }
    stage.at("a NetworkPolicy that lets nobody in closes it");
    let closed = until(stage, stranger, false, FOLLOWS).await?;
    let api: Api<NetworkPolicy> = Api::namespaced(stage.client.clone(), &stranger.namespace);
    let deleted = api.delete(&name, &DeleteParams::default()).await;
    deleted.map_err(ClusterError::when(format!("delete the NetworkPolicy {}/{name}", stranger.namespace)))?;
    let Ok(closed) = closed else {
        return Err(Stop::skipped(format!(
            "this cluster does not enforce NetworkPolicies: one that lets nobody in has closed nothing after {} s, and those of \
             the release do nothing",
            FOLLOWS.as_secs()
        )));
    };
    stage.at("it opens again without that policy");
    match until(stage, stranger, true, FOLLOWS).await? {
        Ok(open) => {
            let seconds = |time: Duration| time.as_secs_f64();
            Ok(format!("closed after {:.1} s, open again after {:.1} s", seconds(closed), seconds(open)))
        }
        Err(error) => Err(Stop::failed(format!(
            "a Pod is still closed {} s after the policy that closed it was deleted: {error}",
            FOLLOWS.as_secs()
        ))),
    }
}

/// Until the agent reaches the stranger or does not, and how long that took; what it saw last when the time is over.
async fn until(
    stage: &Stage,
    stranger: &Stranger,
    reached: bool,
    time: Duration,
) -> Result<Result<Duration, String>, Stop> {
    let begun = Instant::now();
    let mut since = None;
    loop {
        let error = stage.tcp(stranger.address()).await?;
        if error.is_none() == reached {
            // Twice in a row: a single attempt may fail by itself.
            let first = *since.get_or_insert_with(|| begun.elapsed());
            if reached || begun.elapsed() > first + PAUSE {
                return Ok(Ok(first));
            }
        } else {
            since = None;
            if begun.elapsed() > time {
                return Ok(Err(error.unwrap_or_else(|| "it is reached".to_owned())));
            }
        }
        sleep(PAUSE).await;
    }
}
