//! Other installs of wasmCloud on the same cluster.

use kube::Client;

use crate::cluster::ClusterError;
use crate::release::{self, HistoryError, Status};
use crate::render::{CHART, Release};

use super::super::InstallError;
use super::Finding;

/// Charts of the platform: ours, upstream's, and upstream's first.
const CHARTS: [&str; 3] = [CHART.name, "runtime-operator", "wasmcloud-platform"];

pub(super) async fn check(client: &Client, own: &Release) -> Result<Vec<Finding>, InstallError> {
    let all = match release::list(client.clone(), None).await {
        Ok(all) => all,
        Err(HistoryError::Cluster(ClusterError::Refused { status, .. })) if status.code == 403 => {
            let hint = "ask whether there is another wasmCloud on this cluster";
            return Ok(vec![Finding::unknown("neighbours", "you may not list Secrets of all namespaces", hint)]);
        }
        Err(err) => return Err(err.into()),
    };
    let others: Vec<_> = all
        .iter()
        .filter(|one| CHARTS.contains(&one.chart_name()) && one.info.status != Status::Uninstalled)
        .filter(|one| (&one.name, &one.namespace) != (&own.name, &own.namespace))
        .collect();
    if others.is_empty() {
        return Ok(vec![Finding::good("neighbours", "no other release of wasmCloud is on this cluster")]);
    }
    let one = |record: &&release::Record| {
        let seen = format!(
            "the release {} in {} ({}-{})",
            record.name,
            record.namespace,
            record.chart_name(),
            record.chart_version()
        );
        let hint = if record.namespace == own.namespace {
            "it is in the same namespace: give each its own NATS account, or restrict both with `operator.watchNamespaces`"
        } else {
            "its operator watches all namespaces unless `operator.watchNamespaces` says otherwise: two would both act on a workload"
        };
        Finding::warning("neighbours", seen, hint)
    };
    Ok(others.iter().map(one).collect())
}
