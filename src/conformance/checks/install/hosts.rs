//! Hosts, as Pods and as their operator knows them.

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;

use crate::conformance::check::{Outcome, hold};
use crate::conformance::scene::{Snapshot, is_ready, pod_address};

/// Heartbeats come every fifteen seconds.
const SILENCE: i64 = 60;

pub(super) fn registered(snapshot: &Snapshot) -> Outcome {
    let pods: Vec<&Pod> = snapshot.pods_of("host").filter(|pod| is_ready(pod)).collect();
    hold!(!pods.is_empty(), "no host Pod is ready");
    for pod in &pods {
        let name = pod.name_any();
        let Some(host) = snapshot.host_of(pod) else {
            let there: Vec<&str> = snapshot.hosts.iter().map(|host| host.address.as_str()).collect();
            return Err(crate::conformance::check::Stop::failed(format!(
                "{name} is ready at {}, and the Hosts are at {there:?}",
                pod_address(pod).unwrap_or("no address")
            )));
        };
        hold!(host.port != 0, "{name} says that it serves no HTTP");
    }
    Ok(format!("{} hosts", pods.len()))
}

pub(super) fn ready(snapshot: &Snapshot) -> Outcome {
    judge(snapshot, Timestamp::now())
}

pub(super) fn judge(snapshot: &Snapshot, now: Timestamp) -> Outcome {
    hold!(!snapshot.hosts.is_empty(), "no Host is known");
    for (host, object) in snapshot.hosts.iter().zip(&snapshot.host_objects) {
        hold!(host.ready, "{} at {} is not ready", host.name, host.address);
        // Upstream's operator writes none.
        if let Some(seen) = object.status.as_ref().and_then(|status| status.last_seen.as_ref()) {
            let silent = now.as_second() - seen.0.as_second();
            hold!(silent <= SILENCE, "{} was last heard of {silent} s ago", host.name);
        }
    }
    Ok(format!("{} hosts", snapshot.hosts.len()))
}

pub(super) fn environment(snapshot: &Snapshot) -> Outcome {
    let mut count = 0;
    for host in snapshot.pods_of("host").filter_map(|pod| snapshot.host_of(pod)) {
        hold!(
            host.environment == snapshot.namespace,
            "{} names the environment `{}`, and runs in {}",
            host.name,
            host.environment,
            snapshot.namespace
        );
        count += 1;
    }
    Ok(format!("{count} hosts of {}", snapshot.namespace))
}
