//! What runs of the release.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::ResourceExt as _;

use crate::conformance::check::{Outcome, hold};
use crate::conformance::scene::{Controller, Snapshot};

pub(super) fn parts(snapshot: &Snapshot) -> Outcome {
    let parts: Vec<_> = snapshot.controllers.iter().filter(|one| one.part != "nats").collect();
    hold!(!parts.is_empty(), "the release has neither operator nor hosts");
    for Controller { name, is_observed, wanted, available, updated, .. } in &parts {
        hold!(*is_observed, "{name}: nobody has looked at its present version yet");
        hold!(
            available >= wanted && updated >= wanted,
            "{name}: {available} of {wanted} available, {updated} of the present version"
        );
    }
    Ok(parts.iter().map(|one| format!("{} of {}", one.available, one.name)).collect::<Vec<_>>().join(", "))
}

pub(super) fn nats(snapshot: &Snapshot) -> Outcome {
    for Controller { name, wanted, available, .. } in snapshot.controllers.iter().filter(|one| one.part == "nats") {
        hold!(available >= wanted, "{name}: {available} of {wanted} available");
    }
    Ok(format!("{} ready", snapshot.pods_of("nats").count()))
}

fn containers(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten())
}

pub(super) fn restarts(snapshot: &Snapshot) -> Outcome {
    for pod in &snapshot.pods {
        for container in containers(pod) {
            let last = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
            let why = last.map(|last| {
                format!(", last with {} ({})", last.exit_code, last.reason.as_deref().unwrap_or("no reason"))
            });
            hold!(
                container.restart_count == 0,
                "{}/{} restarted {} times{}",
                pod.name_any(),
                container.name,
                container.restart_count,
                why.unwrap_or_default()
            );
        }
    }
    Ok(format!("{} Pods", snapshot.pods.len()))
}

pub(super) fn images(snapshot: &Snapshot) -> Outcome {
    let mut seen: BTreeMap<(String, String), (String, String)> = BTreeMap::new();
    for pod in &snapshot.pods {
        let owner = pod.owner_references().first().map(|owner| owner.name.clone()).unwrap_or_default();
        for container in containers(pod) {
            let at = format!("{}/{}", pod.name_any(), container.name);
            hold!(container.image_id.contains("sha256:"), "{at}: the runtime names no digest of {}", container.image);
            let (first, id) = seen
                .entry((owner.clone(), container.name.clone()))
                .or_insert_with(|| (at.clone(), container.image_id.clone()));
            hold!(*id == container.image_id, "{first} runs {id}, and {at} {}", container.image_id);
        }
    }
    let mut ids: Vec<_> = seen.into_values().map(|(_, id)| id).collect();
    ids.sort();
    ids.dedup();
    Ok(ids.join(", "))
}
