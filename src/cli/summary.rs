//! `render --summary`: what a release is made of, on one screen.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::render::{Object, Release};

/// Objects, sums of requests and limits, and images.
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
                    if let Some(amount) = quantity(&amount, name == "cpu") {
                        *sums.entry(name.clone()).or_default() += amount * u128::from(pods);
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

/// A Kubernetes quantity; CPU in thousandths.
fn quantity(text: &str, thousandths: bool) -> Option<u128> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let scale: u128 = match unit {
        "" | "m" => 1,
        "k" => 1000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        _ => return None,
    };
    let thousandth = u128::from(unit != "m") * 999 + 1;
    let whole: u128 = whole.parse().ok()?;
    let digits = fraction.len().min(9);
    let fraction: u128 = if digits == 0 { 0 } else { fraction[..digits].parse().ok()? };
    // In thousandths, so that `0.5` and `500m` are the same.
    let all = whole * scale * thousandth + fraction * scale * thousandth / 10u128.pow(u32::try_from(digits).ok()?);
    Some(if thousandths { all } else { all.div_ceil(1000) })
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
    use super::*;

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        assert_eq!(quantity("250m", true), Some(250));
        assert_eq!(quantity("0.5", true), Some(500));
        assert_eq!(quantity("2", true), Some(2000));
        assert_eq!(quantity("64Mi", false), Some(64 << 20));
        assert_eq!(quantity("1.5Gi", false), Some(3 << 29));
        assert_eq!(quantity("1e3", false), None);
        assert_eq!(print("memory", 320 << 20), "320Mi");
        assert_eq!(print("cpu", 950), "950m");
    }
}
