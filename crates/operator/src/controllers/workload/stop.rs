//! The end of a workload: its host is told, and only then the object goes.

use std::time::Duration;

use chartwright_contract::crds::Workload;
use chartwright_contract::crds::names::{OLD_FINALIZERS, WORKLOAD_FINALIZER};
use k8s_openapi::jiff::Timestamp;

use super::super::Failure;
use super::super::queue::Next;
use crate::bus::Unanswered;
use crate::operator::{Operator, service_of, uid};

/// How long nodes have to follow an EndpointSlice that no longer leads to a workload, before it stops: who asked them meanwhile is
/// still answered. Times of Kubernetes are whole seconds, so it is up to one less.
const LED_AWAY: Duration = Duration::from_secs(3);

/// How long a host that is there may leave a stop unanswered, and how long the connection may be away, before the object goes
/// all the same. A host of ours is told later then, when it is asked what it has.
const SILENT: Duration = Duration::from_mins(2);
const AWAY: Duration = Duration::from_mins(5);

pub(super) async fn look(operator: &Operator, workload: &Workload) -> Result<Next, Failure> {
    let id = uid(workload);
    operator.starts.cancel(&id);
    let host = workload.status.as_ref().and_then(|status| status.host_id.clone());
    if let Some(host) = host {
        let passed = waited(workload);
        if service_of(workload).is_some() && passed < LED_AWAY && operator.fleet.member(&host).is_some() {
            return Ok(Next::After(LED_AWAY.saturating_sub(passed)));
        }
        match operator.bus.stop(&host, &id).await {
            Ok(_) | Err(Unanswered::Nobody) => {}
            Err(why) => {
                let limit = if why == Unanswered::Away { AWAY } else { SILENT };
                let there = why == Unanswered::Away || operator.fleet.member(&host).is_some();
                if there && waited(workload) < limit {
                    return Ok(Next::Failed);
                }
                tracing::warn!(workload = id, host, why = %why, "a workload goes without its host having been told");
            }
        }
    }
    operator.fleet.release(&id);
    operator.starts.settled(&id);
    let all = [WORKLOAD_FINALIZER, OLD_FINALIZERS[0], OLD_FINALIZERS[1]];
    operator.cluster.release(workload, &all).await?;
    Ok(Next::Wait)
}

/// Since it was asked to go.
fn waited(workload: &Workload) -> Duration {
    let asked = workload.metadata.deletion_timestamp.as_ref().map(|time| time.0);
    let passed = asked.map(|asked| Timestamp::now().duration_since(asked));
    passed.and_then(|passed| passed.try_into().ok()).unwrap_or_default()
}
