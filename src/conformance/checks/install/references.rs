//! What Pods refer to, and what their programs are told.

use std::collections::BTreeSet;

use chartwright_contract::flags::{Implementation, Program, flags};
use k8s_openapi::api::core::v1::PodSpec;

use crate::cluster::main;
use crate::conformance::check::{Outcome, hold};
use crate::conformance::scene::{Snapshot, arguments};

pub(super) fn accounts(snapshot: &Snapshot) -> Outcome {
    let mut seen = BTreeSet::new();
    for (name, _, template) in snapshot.templates() {
        let account = template.spec.as_ref().and_then(|spec| spec.service_account_name.clone());
        let account = account.unwrap_or_else(|| "default".to_owned());
        hold!(snapshot.accounts.contains(&account), "{name} uses the service account {account}, which does not exist");
        seen.insert(account);
    }
    Ok(seen.into_iter().collect::<Vec<_>>().join(", "))
}

/// Names of Secrets and of ConfigMaps without which a Pod does not start.
fn needed(spec: &PodSpec) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut secrets, mut maps) = (BTreeSet::new(), BTreeSet::new());
    for volume in spec.volumes.iter().flatten() {
        if let Some(secret) = volume.secret.as_ref().filter(|secret| secret.optional != Some(true)) {
            secrets.extend(secret.secret_name.clone());
        }
        if let Some(map) = volume.config_map.as_ref().filter(|map| map.optional != Some(true)) {
            maps.insert(map.name.clone());
        }
        for source in volume.projected.iter().flat_map(|projected| projected.sources.iter().flatten()) {
            secrets.extend(source.secret.iter().filter(|one| one.optional != Some(true)).map(|one| one.name.clone()));
            maps.extend(source.config_map.iter().filter(|one| one.optional != Some(true)).map(|one| one.name.clone()));
        }
    }
    let containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
    for container in containers {
        for from in container.env_from.iter().flatten() {
            secrets.extend(from.secret_ref.iter().filter(|one| one.optional != Some(true)).map(|one| one.name.clone()));
            maps.extend(
                from.config_map_ref.iter().filter(|one| one.optional != Some(true)).map(|one| one.name.clone()),
            );
        }
        for from in container.env.iter().flatten().filter_map(|variable| variable.value_from.as_ref()) {
            secrets.extend(
                from.secret_key_ref.iter().filter(|one| one.optional != Some(true)).map(|one| one.name.clone()),
            );
            maps.extend(
                from.config_map_key_ref.iter().filter(|one| one.optional != Some(true)).map(|one| one.name.clone()),
            );
        }
    }
    (secrets, maps)
}

pub(super) fn objects(snapshot: &Snapshot) -> Outcome {
    let mut count = 0;
    for (name, _, template) in snapshot.templates() {
        let Some(spec) = &template.spec else { continue };
        let (secrets, maps) = needed(spec);
        count += secrets.len() + maps.len();
        for map in maps {
            hold!(snapshot.config_maps.contains(&map), "{name} refers to the ConfigMap {map}, which does not exist");
        }
        for secret in secrets {
            let there = snapshot.secrets.as_ref().is_none_or(|all| all.contains(&secret));
            hold!(there, "{name} refers to the Secret {secret}, which does not exist");
        }
    }
    let unseen = if snapshot.secrets.is_none() { "; Secrets could not be looked at" } else { "" };
    Ok(format!("{count} references{unseen}"))
}

pub(super) fn arguments_known(
    snapshot: &Snapshot,
    part: &str,
    program: Program,
    implementation: Implementation,
) -> Outcome {
    let table = flags(program, implementation);
    let mut count = 0;
    for (name, _, template) in snapshot.templates().into_iter().filter(|(_, of, _)| *of == part) {
        for argument in arguments(template.spec.as_ref().and_then(main)) {
            let flag = argument.trim_start_matches('-');
            if flag.len() == argument.len() {
                continue;
            }
            let flag = flag.split('=').next().unwrap_or(flag);
            hold!(
                table.iter().any(|known| known.is_called(flag)),
                "{name} is given --{flag}, which its {part} does not have"
            );
            count += 1;
        }
    }
    Ok(format!("{count} of the {part}"))
}

pub(super) fn all_arguments(snapshot: &Snapshot) -> Outcome {
    let implementation = |ours| if ours { Implementation::Chartwright } else { Implementation::Wasmcloud };
    let operator = arguments_known(snapshot, "operator", Program::Operator, implementation(snapshot.our_operator()))?;
    let hosts = arguments_known(snapshot, "host", Program::Host, implementation(snapshot.our_hosts()))?;
    Ok(format!("flags: {operator}, {hosts}"))
}

pub(super) fn probes(snapshot: &Snapshot) -> Outcome {
    let mut count = 0;
    for (name, _, template) in snapshot.templates() {
        let Some(container) = template.spec.as_ref().and_then(main) else { continue };
        hold!(container.readiness_probe.is_some(), "{name} has no readiness probe");
        hold!(container.liveness_probe.is_some(), "{name} has no liveness probe");
        count += 1;
    }
    Ok(format!("{count} parts"))
}
