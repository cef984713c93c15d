//! Starts: beside the controller, with limits of their own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chartwright_contract::control::{WorkloadStartRequest, WorkloadState, WorkloadStatus};
use chartwright_contract::crds::Workload;
use semver::Version;

use super::super::Failure;
use super::super::queue::Next;
use super::super::starts::UnderWay;
use super::draft::Draft;
use super::{SOON, prepare, reason};
use crate::bus::Unanswered;
use crate::cluster::Key;
use crate::conditions::Outcome;
use crate::operator::{Operator, uid};

/// Hosts from this version on know the two fields that retire idle instances.
const RECLAIM: Version = Version::new(2, 9, 0);

/// Begins to start a workload on the host that its status names. The end of it is a look at the workload.
pub(super) fn begin(operator: &Arc<Operator>, workload: &Arc<Workload>, host: &str) -> Next {
    let Some(under_way) = operator.starts.begin(&uid(&**workload)) else { return Next::Wait };
    let (beside, key, host) = (Arc::clone(operator), Key::of(&**workload), host.to_owned());
    let id = uid(&**workload);
    operator.beside(async move {
        let operator = beside;
        let result = run(&operator, &key, &id, &host, &under_way).await;
        drop(under_way);
        match result {
            Ok(Next::Wait) => {}
            Ok(Next::After(pause)) => operator.queues.workloads.add_after(key, pause),
            Ok(Next::Failed) => operator.queues.workloads.add_after(key, SOON),
            Err(err) => {
                tracing::warn!(workload = %key, error = %err, "a start could not be brought to its end");
                operator.queues.workloads.add_after(key, SOON);
            }
        }
    });
    Next::Wait
}

async fn run(operator: &Arc<Operator>, key: &Key, id: &str, host: &str, under_way: &UnderWay) -> Result<Next, Failure> {
    // Another one may have its name by now.
    let known = || operator.cluster.workloads.get(key).filter(|workload| uid(&**workload) == id);
    let turn = tokio::select! {
        turn = operator.starts.turn(host) => turn,
        () = under_way.token.cancelled() => None,
    };
    // Waiting may have taken long: what was to be started may be gone, or elsewhere.
    let workload = known().filter(|workload| {
        workload.metadata.deletion_timestamp.is_none()
            && workload.status.as_ref().and_then(|status| status.host_id.as_deref()) == Some(host)
    });
    let (Some(_turn), Some(workload)) = (turn, workload) else { return Ok(Next::After(Duration::ZERO)) };
    let request = match prepare::request(operator, &workload).await? {
        Ok(request) => for_host(operator, host, request),
        Err(faults) => return failed(operator, &workload, host, &faults.to_string()).await,
    };
    let revision = prepare::revision(operator, &workload);
    let began = Instant::now();
    let mut answer = operator.bus.start(host, &request).await;
    // Upstream's hosts take a repeated start for an error; how the workload is tells what it means.
    if let Ok(status) = &answer
        && status.workload_state == WorkloadState::Error
        && let Ok(status) = operator.bus.status(host, id).await
        && matches!(status.workload_state, WorkloadState::Running | WorkloadState::Starting)
    {
        answer = Ok(status);
    }
    let word = match &answer {
        Ok(WorkloadStatus { workload_state: WorkloadState::Running | WorkloadState::Completed, .. }) => "running",
        Ok(WorkloadStatus { workload_state: WorkloadState::Starting, .. }) => "starting",
        Ok(_) => "failed",
        Err(_) => "unanswered",
    };
    operator.metrics.started(word, began.elapsed());
    let Some(workload) = known() else { return Ok(Next::After(Duration::ZERO)) };
    match answer {
        Ok(status) => match status.workload_state {
            WorkloadState::Running | WorkloadState::Completed => {
                operator.starts.settled(id);
                let mut draft = Draft::of(&workload);
                draft.set_config(revision.as_deref());
                draft.runs(id, &status.message);
                draft.write(operator, &workload).await?;
                Ok(Next::After(super::POLL))
            }
            WorkloadState::Starting => Ok(Next::After(SOON)),
            _ => failed(operator, &workload, host, &status.message).await,
        },
        Err(Unanswered::Away | Unanswered::Silent(_) | Unanswered::Nobody) => Ok(Next::After(SOON)),
        Err(why) => failed(operator, &workload, host, &why.to_string()).await,
    }
}

/// The request as this host understands it: a field it does not know makes a host refuse the whole.
fn for_host(operator: &Operator, host: &str, request: WorkloadStartRequest) -> WorkloadStartRequest {
    let knows = operator.fleet.member(host).is_some_and(|member| {
        member.ours == Some(true) || Version::parse(&member.heartbeat.version).is_ok_and(|version| version >= RECLAIM)
    });
    if knows { request } else { request.without_reclaim() }
}

/// A start that failed, or a workload that did later: the host's own words stand in the status and in an event.
pub(super) async fn failed(
    operator: &Arc<Operator>,
    workload: &Workload,
    host: &str,
    message: &str,
) -> Result<Next, Failure> {
    let pause = operator.starts.failed(&uid(workload));
    let name = operator.fleet.member(host).map_or_else(|| host.to_owned(), |member| member.heartbeat.friendly_name);
    let why = format!("host {name}: {message}");
    let mut draft = Draft::of(workload);
    let news = draft.set("Placement", &Outcome::False(reason::START_FAILED, why.clone()));
    draft.set("Sync", &Outcome::False(reason::START_FAILED, why.clone()));
    draft.ready();
    draft.write(operator, workload).await?;
    if news {
        tracing::warn!(workload = %Key::of(workload), host = name, why = message, "a workload did not start");
        operator.cluster.say(workload, true, reason::START_FAILED, "Start", &why).await;
    }
    Ok(Next::After(pause))
}
