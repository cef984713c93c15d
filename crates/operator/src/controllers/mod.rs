//! The controllers: each looks at one object at a time, compares what is with what should be, and does one step.

pub(crate) mod artifact;
pub(crate) mod deployment;
pub(crate) mod host;
pub(crate) mod queue;
pub(crate) mod replica_set;
pub(crate) mod rollout;
pub(crate) mod route;
pub(crate) mod starts;
pub(crate) mod workload;

use std::sync::Arc;
use std::time::Instant;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::operator::Operator;
use queue::{Next, Queue};

/// Looks of one controller at a time. Starts are not among them: they have their own limits.
const AT_A_TIME: usize = 32;

/// Why a look did not get to its end; it is taken again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The API server said no, or nothing.
    #[error("{0}")]
    Api(#[from] kube::Error),
}

/// This moment.
pub(crate) fn now() -> Time {
    Time(Timestamp::now())
}

/// Runs all controllers until `stop`; what is being looked at then is finished.
pub(crate) async fn run(operator: Arc<Operator>, stop: CancellationToken) {
    macro_rules! controller {
        ($queue:ident, $name:literal, $look:path) => {
            serve(Arc::clone(&operator), Arc::clone(&operator.queues.$queue), $name, stop.clone(), $look)
        };
    }
    tokio::join!(
        controller!(workloads, "workload", workload::look),
        controller!(replica_sets, "workloadreplicaset", replica_set::look),
        controller!(deployments, "workloaddeployment", deployment::look),
        controller!(artifacts, "artifact", artifact::look),
        controller!(routes, "route", route::look),
        controller!(hosts, "host", host::look),
    );
}

async fn serve<T, F>(
    operator: Arc<Operator>,
    queue: Arc<Queue<T>>,
    name: &'static str,
    stop: CancellationToken,
    look: fn(Arc<Operator>, T) -> F,
) where
    T: Clone + Ord + std::fmt::Display + Send + Sync + 'static,
    F: Future<Output = Result<Next, Failure>> + Send + 'static,
{
    let measured = Arc::clone(&queue);
    let run = queue.run(AT_A_TIME, stop, move |key| {
        let (operator, queue) = (Arc::clone(&operator), Arc::clone(&measured));
        async move {
            let began = Instant::now();
            let result = look(Arc::clone(&operator), key.clone()).await;
            let word = match &result {
                Ok(_) => "done",
                Err(Failure::Api(kube::Error::Api(status))) if status.code == 409 => "conflict",
                Err(_) => "failed",
            };
            operator.metrics.reconciled(name, word, began.elapsed());
            operator.metrics.waiting(name, queue.len());
            result.unwrap_or_else(|err| {
                if word == "failed" {
                    tracing::warn!(controller = name, object = %key, error = %err, "a look failed; it is taken again");
                }
                Next::Failed
            })
        }
    });
    run.await;
}
