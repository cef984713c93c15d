//! Replicas that do not share their data.

use super::super::interfaces::local_backend;
use super::super::object::Set;
use super::super::place::Place;
use super::super::workload::Workload;
use super::warning;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = warning(
    "CW2118",
    "per-host-data",
    "\
Several replicas keep data in memory or on the file system of their host.

**Why.** Each host has its own data. A request sees what its host has, a replica that moves starts empty, and what is in memory
or in an `ephemeral` volume ends with the workload.

**Example.**

```yaml
spec:
  replicas: 2
  template:
    spec:
      hostInterfaces:
        - { namespace: wasi, package: keyvalue, name: cache, interfaces: [store], config: { backend: in-memory } }
```

**Write instead.** A store that all replicas share: an entry without a name (NATS), or `backend: redis` or `nats`. With data that every
host may have for itself, mount volumes `readOnly` or allow this warning at its place.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for workload in &set.workloads {
        let Some((replicas, count)) = workload.several() else { continue };
        let mut stores: Vec<(Place<'_>, String)> = workload
            .interfaces()
            .iter()
            .filter_map(|interface| {
                let backend = local_backend(interface)?;
                let place = interface.config("backend").unwrap_or_else(|| interface.place.clone());
                Some((place, format!("`{}` keeps data in the backend `{backend}`", interface.id())))
            })
            .collect();
        stores.extend(volumes(workload));
        if stores.is_empty() {
            continue;
        }
        let message = format!("each host has its own data: {count} replicas on several hosts do not see each other's");
        let finding =
            replicas.finding(&RULE, message).with_help("use a store that all replicas share, such as NATS or redis");
        found.push(stores.iter().fold(finding, |finding, (place, text)| finding.and_at(place.head(), text)));
    }
}

/// The volumes that something may write to.
fn volumes<'a>(workload: &Workload<'a>) -> Vec<(Place<'a>, String)> {
    let mounts: Vec<Place<'a>> = workload
        .parts()
        .iter()
        .filter_map(|part| part.get("localResources"))
        .flat_map(|resources| resources.list("volumeMounts"))
        .filter(|mount| {
            mount.get("readOnly").is_none_or(|switch| switch.node.value != crate::source::Value::Bool(true))
        })
        .collect();
    let written = |name| mounts.iter().any(|mount| mount.text_at(&["name"]) == Some(name));
    let volumes = workload.spec.list("volumes").into_iter();
    volumes
        .filter_map(|volume| {
            let name = volume.text_at(&["name"]).filter(|name| written(name))?;
            let kind = if volume.get("hostPath").is_some() { "a directory of the host" } else { "`ephemeral`" };
            Some((volume, format!("the volume `{name}` is {kind}")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{DEPLOYMENT, only};

    fn several(spec: &str) -> Vec<String> {
        only("CW2118", &format!("{DEPLOYMENT}spec: {{replicas: 2, template: {{spec: {{{spec}}}}}}}\n"))
    }

    #[test]
    fn memory_and_directories_belong_to_one_host() {
        let found = [
            "4:18 each host has its own data: 2 replicas on several hosts do not see each other's | use a store that all replicas share, such as NATS or redis",
        ];
        assert_eq!(several("hostInterfaces: [{namespace: wasmcloud, package: keyvalue, interfaces: [store]}]"), found);
        assert_eq!(
            several("hostInterfaces: [{namespace: wasi, package: keyvalue, name: a, interfaces: [store]}]"),
            found
        );
        assert_eq!(
            several(
                "volumes: [{name: v, hostPath: {path: /d}}], components: [{localResources: {volumeMounts: [{name: v, mountPath: /d}]}}]"
            ),
            found
        );
    }

    #[test]
    fn shared_stores_and_what_is_only_read_are_fine() {
        assert!(several("hostInterfaces: [{namespace: wasi, package: keyvalue, interfaces: [store]}]").is_empty());
        assert!(several("hostInterfaces: [{namespace: wasi, package: keyvalue, name: a, interfaces: [store], config: {backend: redis}}]").is_empty());
        assert!(several("volumes: [{name: v, hostPath: {path: /d}}], components: [{localResources: {volumeMounts: [{name: v, mountPath: /d, readOnly: true}]}}]").is_empty());
    }
}
