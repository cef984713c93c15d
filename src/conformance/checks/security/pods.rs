//! Security contexts, as they come to be from the Pod's and the container's.

use k8s_openapi::api::core::v1::{Container, PodSpec};

use crate::conformance::check::{Outcome, hold};
use crate::conformance::scene::Snapshot;

/// Every container of the release, with where it is.
pub(super) fn containers(snapshot: &Snapshot) -> Vec<(String, &PodSpec, &Container)> {
    let mut found = Vec::new();
    for (name, _, template) in snapshot.templates() {
        let Some(spec) = &template.spec else { continue };
        for container in spec.containers.iter().chain(spec.init_containers.iter().flatten()) {
            found.push((format!("{name}/{}", container.name), spec, container));
        }
    }
    found
}

fn all(snapshot: &Snapshot, judge: impl Fn(&str, &PodSpec, &Container) -> Outcome) -> Outcome {
    let found = containers(snapshot);
    hold!(!found.is_empty(), "the release has no containers");
    for (at, spec, container) in &found {
        judge(at, spec, container)?;
    }
    Ok(format!("{} containers", found.len()))
}

pub(super) fn non_root(snapshot: &Snapshot) -> Outcome {
    all(snapshot, |at, spec, container| {
        let (own, pod) = (container.security_context.as_ref(), spec.security_context.as_ref());
        let said = own.and_then(|own| own.run_as_non_root).or_else(|| pod.and_then(|pod| pod.run_as_non_root));
        hold!(said == Some(true), "{at} does not say `runAsNonRoot`");
        let user = own.and_then(|own| own.run_as_user).or_else(|| pod.and_then(|pod| pod.run_as_user));
        hold!(user != Some(0), "{at} runs as user 0");
        Ok(String::new())
    })
}

pub(super) fn read_only_root(snapshot: &Snapshot) -> Outcome {
    all(snapshot, |at, _, container| {
        let said = container.security_context.as_ref().and_then(|own| own.read_only_root_filesystem);
        hold!(said == Some(true), "{at} can write to its root file system");
        Ok(String::new())
    })
}

pub(super) fn no_escalation(snapshot: &Snapshot) -> Outcome {
    all(snapshot, |at, _, container| {
        let own = container.security_context.clone().unwrap_or_default();
        hold!(own.allow_privilege_escalation == Some(false), "{at} may gain privileges");
        hold!(own.privileged != Some(true), "{at} is privileged");
        let capabilities = own.capabilities.unwrap_or_default();
        hold!(capabilities.drop.iter().flatten().any(|one| one == "ALL"), "{at} keeps capabilities");
        let added: Vec<String> = capabilities.add.unwrap_or_default();
        hold!(added.iter().all(|one| one == "NET_BIND_SERVICE"), "{at} adds {added:?}");
        Ok(String::new())
    })
}

pub(super) fn seccomp(snapshot: &Snapshot) -> Outcome {
    all(snapshot, |at, spec, container| {
        let own = container.security_context.as_ref().and_then(|own| own.seccomp_profile.as_ref());
        let profile = own.or_else(|| spec.security_context.as_ref()?.seccomp_profile.as_ref());
        let kind = profile.map_or("none", |profile| profile.type_.as_str());
        hold!(matches!(kind, "RuntimeDefault" | "Localhost"), "{at} has the seccomp profile `{kind}`");
        Ok(String::new())
    })
}

pub(super) fn host_access(snapshot: &Snapshot) -> Outcome {
    let templates = snapshot.templates();
    for (name, _, template) in &templates {
        let spec = template.spec.clone().unwrap_or_default();
        for (field, set) in [("hostNetwork", spec.host_network), ("hostPID", spec.host_pid), ("hostIPC", spec.host_ipc)]
        {
            hold!(set != Some(true), "{name} sets {field}");
        }
        let path = spec.volumes.iter().flatten().find_map(|volume| Some(&volume.host_path.as_ref()?.path));
        hold!(path.is_none(), "{name} mounts {} of the node", path.map_or("", String::as_str));
        for container in &spec.containers {
            let port = container.ports.iter().flatten().find(|port| port.host_port.is_some_and(|port| port != 0));
            hold!(port.is_none(), "{name}/{} takes a port of the node", container.name);
        }
    }
    Ok(format!("{} parts", templates.len()))
}

pub(super) fn tokens(snapshot: &Snapshot) -> Outcome {
    for pod in snapshot
        .pods
        .iter()
        .filter(|pod| !snapshot.pods_of("operator").any(|other| other.metadata.uid == pod.metadata.uid))
    {
        let name = pod.metadata.name.clone().unwrap_or_default();
        let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
        let mut mounts = containers.flat_map(|container| container.volume_mounts.iter().flatten());
        let token = mounts.any(|mount| mount.mount_path == "/var/run/secrets/kubernetes.io/serviceaccount");
        hold!(!token, "{name} has a token of the API server");
    }
    Ok("hosts and NATS have none".to_owned())
}

pub(super) fn literal_secrets(snapshot: &Snapshot) -> Outcome {
    all(snapshot, |at, _, container| {
        for variable in container.env.iter().flatten() {
            let name = variable.name.to_ascii_uppercase();
            let tells =
                ["PASSWORD", "TOKEN", "SECRET", "CREDENTIAL", "PRIVATE_KEY"].iter().any(|word| name.contains(word));
            let place = ["_FILE", "_PATH", "_DIR", "_NAME"].iter().any(|end| name.ends_with(end));
            let literal = variable.value.as_ref().is_some_and(|value| !value.is_empty() && !value.starts_with('/'));
            hold!(!tells || place || !literal, "{at} has the value of {} in its Pod", variable.name);
        }
        for argument in container.args.iter().flatten().chain(container.command.iter().flatten()) {
            let authority = argument.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default());
            let flag = argument.split('=').next().unwrap_or_default();
            hold!(
                !authority.is_some_and(|authority| authority.contains('@')),
                "{at} has credentials in the address of {flag}"
            );
        }
        Ok(String::new())
    })
}
