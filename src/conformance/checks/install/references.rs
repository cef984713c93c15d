//! What Pods refer to, and what their programs are told.

use std::collections::BTreeSet;

use crate::cluster::{main, needed};
use crate::conformance::check::{Outcome, hold};
use crate::conformance::scene::{Snapshot, arguments};
use chartwright_contract::flags::{Implementation, Program, flags};

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

pub(super) fn objects(snapshot: &Snapshot) -> Outcome {
    let mut count = 0;
    for (name, _, template) in snapshot.templates() {
        let Some(spec) = &template.spec else { continue };
        let needed = needed(spec);
        count += needed.secrets.len() + needed.config_maps.len();
        for map in needed.config_maps {
            hold!(snapshot.config_maps.contains(&map), "{name} refers to the ConfigMap {map}, which does not exist");
        }
        for secret in needed.secrets {
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
