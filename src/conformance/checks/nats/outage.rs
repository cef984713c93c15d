//! A server that goes and comes back.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams};
use tokio::time::{Instant, sleep};

use crate::cluster::ClusterError;
use crate::conformance::check::{Outcome, hold};
use crate::conformance::scene::{Draft, Stage, is_ready};

fn restarts(pods: &[Pod]) -> i32 {
    let statuses = pods.iter().filter_map(|pod| pod.status.as_ref());
    statuses.flat_map(|status| status.container_statuses.iter().flatten()).map(|one| one.restart_count).sum()
}

pub(super) async fn reconnect(stage: &Stage) -> Outcome {
    let shared = stage.shared().await?.clone();
    let mut before = 0;
    for part in ["operator", "host"] {
        before += restarts(&stage.pods_now(part).await?);
    }
    let pods: Api<Pod> = Api::namespaced(stage.client.clone(), &stage.namespace);
    let servers = stage.pods_now("nats").await?;
    let load = stage.load(&shared.address(), &shared.host(), 100);
    let away = async {
        for server in servers.iter().map(ResourceExt::name_any) {
            let deleted = pods.delete(&server, &DeleteParams::default().grace_period(1)).await;
            deleted.map_err(ClusterError::when(format!("delete the Pod {server}")))?;
        }
        stage.at("the NATS server comes back");
        sleep(Duration::from_secs(2)).await;
        let draft = Draft::hello(stage, "after")?;
        let begun = Instant::now();
        // What shows that all is connected: something new can be started.
        loop {
            let now = stage.pods_now("nats").await?;
            let is_new = |pod: &&Pod| is_ready(pod) && !servers.iter().any(|before| before.uid() == pod.uid());
            if now.iter().filter(is_new).count() >= servers.len() {
                break;
            }
            sleep(Duration::from_millis(300)).await;
        }
        stage.at("a new workload starts");
        stage.workloads().start(&draft).await?;
        Ok::<_, crate::conformance::check::Stop>(begun.elapsed())
    };
    let (loaded, started) = load.during(away).await?;
    let time = started?;
    let mut after = 0;
    for part in ["operator", "host"] {
        after += restarts(&stage.pods_now(part).await?);
    }
    hold!(after == before, "operator or hosts were restarted {} times", after - before);
    loaded.none_lost()?;
    Ok(format!(
        "a workload started {:.1} s after the server went; {} requests meanwhile, none lost",
        time.as_secs_f64(),
        loaded.good
    ))
}
