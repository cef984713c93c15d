//! `render --summary`: what a release is made of, on one screen.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::render::{Object, Release, thousandths};

/// How many instances a host's pool has room for by itself, ours and upstream's, and what each of them may take.
const BY_ITSELF: (&str, &str) = ("1000", "4Gi");
/// The variables that say so beside the flags.
const INSTANCES: [&str; 3] =
    ["CHARTWRIGHT_CORE_INSTANCES", "WASH_CORE_INSTANCES", "WASMTIME_POOLING_TOTAL_CORE_INSTANCES"];
const MEMORY: [&str; 3] =
    ["CHARTWRIGHT_DEFAULT_HEAP_MEMORY", "WASH_DEFAULT_HEAP_MEMORY", "WASMTIME_POOLING_MAX_MEMORY_SIZE"];
/// Address space that an instance gets at least, however little it may take of it.
const RESERVATION: u128 = 4 << 30;

/// Objects, sums of requests and limits, instance pools, and images.
pub(super) fn text(objects: &[Object], release: &Release) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "release {} in {}: {} objects", release.name, release.namespace, objects.len());
    let width = objects.iter().map(|object| object.kind.len()).max().unwrap_or(0);
    for object in objects {
        let namespace = object.namespace.as_deref().unwrap_or("-");
        let _ = writeln!(out, "  {:width$}  {namespace}/{}", object.kind, object.name);
    }
    let totals = totals(objects);
    let _ = writeln!(out, "\npods {}", totals.pods);
    for (what, sums) in [("requests", &totals.requests), ("limits", &totals.limits)] {
        if !sums.is_empty() {
            let sums: Vec<String> = sums.iter().map(|(name, sum)| format!("{name} {}", print(name, *sum))).collect();
            let _ = writeln!(out, "{what} {}", sums.join(", "));
        }
    }
    let pools = pools(objects);
    if !pools.is_empty() {
        out.push_str("\ninstance pools\n");
    }
    let width = pools.keys().map(|group| group.len()).max().unwrap_or(0);
    for (group, pool) in pools {
        let _ = writeln!(out, "  {group:width$}  {pool}");
    }
    out.push_str("\nimages\n");
    for (image, users) in images(objects) {
        let _ = writeln!(out, "  {image}  ({})", users.join(", "));
    }
    out
}

/// Sums over all pods: CPU in thousandths, everything else in units.
#[derive(Default)]
struct Totals {
    pods: u64,
    requests: BTreeMap<String, u128>,
    limits: BTreeMap<String, u128>,
}

fn totals(objects: &[Object]) -> Totals {
    let mut totals = Totals::default();
    for object in objects {
        let Some(spec) = pod_spec(object) else { continue };
        let pods = match object.kind.as_str() {
            "Deployment" | "StatefulSet" => object.value.pointer("/spec/replicas").and_then(Json::as_u64).unwrap_or(1),
            "DaemonSet" => 1,
            _ => continue,
        };
        totals.pods += pods;
        for container in containers(spec) {
            for (what, sums) in [("requests", &mut totals.requests), ("limits", &mut totals.limits)] {
                let Some(amounts) = container.pointer(&format!("/resources/{what}")).and_then(Json::as_object) else {
                    continue;
                };
                for (name, amount) in amounts {
                    let amount = amount.as_str().map_or_else(|| amount.to_string(), Into::into);
                    let amount = if name == "cpu" { thousandths(&amount) } else { units(&amount) };
                    if let Some(amount) = amount {
                        let sum: &mut u128 = sums.entry(name.clone()).or_default();
                        *sum = sum.saturating_add(amount.saturating_mul(u128::from(pods)));
                    }
                }
            }
        }
    }
    totals
}

fn pod_spec(object: &Object) -> Option<&Json> {
    match object.kind.as_str() {
        "Pod" => object.value.get("spec"),
        "CronJob" => object.value.pointer("/spec/jobTemplate/spec/template/spec"),
        _ => object.value.pointer("/spec/template/spec"),
    }
}

fn containers(spec: &Json) -> impl Iterator<Item = &Json> {
    spec.get("containers").and_then(Json::as_array).into_iter().flatten()
}

/// The instance pool of each host group.
fn pools(objects: &[Object]) -> BTreeMap<&str, String> {
    objects
        .iter()
        .filter_map(|object| {
            let host = containers(pod_spec(object)?).find(|container| container["name"] == "host")?;
            let group = object.value.pointer("/spec/template/metadata/labels/wasmcloud.com~1hostgroup")?;
            Some((group.as_str()?, pool(host)))
        })
        .collect()
}

/// What a host's pool has room for. Nothing of it takes memory before an instance does, but all of it takes address space.
fn pool(host: &Json) -> String {
    let instances = told(host, "core-instances", &INSTANCES);
    let memory = told(host, "default-heap-memory", &MEMORY);
    if instances == Some("0") || variable(host, "WASMTIME_POOLING") == Some("false") {
        return "none: instances are made one by one".into();
    }
    let count = units(instances.unwrap_or(BY_ITSELF.0));
    let each = units(memory.unwrap_or(BY_ITSELF.1));
    let product = count.zip(each).and_then(|(count, each)| {
        let all = print("memory", count.checked_mul(each)?);
        let reserved = print("memory", count.checked_mul(each.max(RESERVATION))?);
        Some(format!(" = {all}; reserves more than {reserved} of address space"))
    });
    let shown = |said: Option<&str>, by_itself: &str| {
        said.map_or_else(|| format!("{by_itself} (the host's default)"), str::to_owned)
    };
    let (instances, memory) = (shown(instances, BY_ITSELF.0), shown(memory, BY_ITSELF.1));
    format!("{instances} instances × {memory}{}", product.unwrap_or_default())
}

/// What a container is told by a flag, the last one, or else by one of these variables.
fn told<'c>(container: &'c Json, flag: &str, variables: &[&str]) -> Option<&'c str> {
    let args = container.get("args").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    args.rev()
        .find_map(|arg| arg.strip_prefix("--")?.strip_prefix(flag)?.strip_prefix('='))
        .or_else(|| variables.iter().find_map(|name| variable(container, name)))
}

fn variable<'c>(container: &'c Json, name: &str) -> Option<&'c str> {
    let mut env = container.get("env").and_then(Json::as_array).into_iter().flatten();
    env.find(|entry| entry["name"] == name)?.get("value")?.as_str()
}

/// Every image of a manifest, and the objects that use it.
pub(super) fn images(objects: &[Object]) -> BTreeMap<String, Vec<String>> {
    let mut images: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for object in objects {
        let Some(spec) = pod_spec(object) else { continue };
        let first = spec.get("initContainers").and_then(Json::as_array).into_iter().flatten();
        for container in first.chain(containers(spec)) {
            if let Some(image) = container.get("image").and_then(Json::as_str) {
                let users = images.entry(image.into()).or_default();
                let user = format!("{}/{}", object.kind, object.name);
                if !users.contains(&user) {
                    users.push(user);
                }
            }
        }
    }
    images
}

/// A quantity without its fraction.
fn units(text: &str) -> Option<u128> {
    Some(thousandths(text)?.div_ceil(1000))
}

fn print(name: &str, sum: u128) -> String {
    if name == "cpu" {
        return format!("{sum}m");
    }
    for (unit, size) in [("Gi", 1u128 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)] {
        if sum >= size && sum.is_multiple_of(size) {
            return format!("{}{unit}", sum / size);
        }
    }
    sum.to_string()
}

#[cfg(test)]
mod tests {
    use chartwright_contract::flags::{Flag, Implementation, Program, knows, newest};
    use serde_json::json;

    use super::*;

    #[test]
    fn both_hosts_do_by_themselves_what_the_summary_says() {
        let says =
            |flag: &Flag, text: &str| flag.default == Some(text) || flag.doc.ends_with(&format!("None: {text}."));
        for implementation in [Implementation::Chartwright, Implementation::Wasmcloud] {
            let flag = |name| knows(Program::Host, implementation, &newest(implementation), name).unwrap();
            let (instances, memory) = (flag("core-instances"), flag("default-heap-memory"));
            assert!(says(instances, BY_ITSELF.0) && INSTANCES.contains(&instances.env.unwrap()), "{instances:?}");
            assert!(says(memory, BY_ITSELF.1) && MEMORY.contains(&memory.env.unwrap()), "{memory:?}");
        }
    }

    #[test]
    fn a_host_is_told_by_flags_then_by_variables() {
        let host = json!({ "args": ["host", "--core-instances=5", "--core-instances=7"],
            "env": [{ "name": "WASH_CORE_INSTANCES", "value": "9" }, { "name": "WASH_DEFAULT_HEAP_MEMORY", "value": "8Gi" }] });
        assert_eq!(pool(&host), "7 instances × 8Gi = 56Gi; reserves more than 56Gi of address space");
        let odd = json!({ "args": ["--core-instances=many"] });
        assert_eq!(pool(&odd), "many instances × 4Gi (the host's default)");
        let without = json!({ "env": [{ "name": "WASMTIME_POOLING", "value": "false" }] });
        assert_eq!(pool(&without), "none: instances are made one by one");
    }

    #[test]
    fn sums_are_printed_as_kubernetes_writes_them() {
        assert_eq!(print("memory", 320 << 20), "320Mi");
        assert_eq!(print("cpu", 950), "950m");
    }
}
