//! Autoscaling by the load of pods that do not exist.

use chartwright_contract::crds;

use super::super::object::Set;
use super::super::place::Place;
use super::error;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = error(
    "CW2140",
    "autoscaler-metric",
    "\
An autoscaler of a `WorkloadDeployment` that measures pods.

**Why.** Components have no pods of their own. The metric is never available, or its selector matches the pods of the hosts,
and the load of everybody scales this workload.

**Example.**

```yaml
kind: HorizontalPodAutoscaler
spec:
  scaleTargetRef: { apiVersion: runtime.wasmcloud.dev/v1alpha1, kind: WorkloadDeployment, name: web }
  metrics:
    - type: Resource
```

**Write instead.** A metric of `type: External` or `Object` (with KEDA any trigger but `cpu` and `memory`), or scale the Deployment of the
host group.",
);

const HELP: &str = "use External or Object metrics, or scale the Deployment of the host group";

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for object in &set.objects {
        let Some(spec) = object.place.get("spec").filter(scales_workloads) else { continue };
        let mut report = |place: &Place<'_>, what: &str, key: bool| {
            let message = format!("{what}: there are no pods behind a WorkloadDeployment");
            let finding = if key { place.key_finding(&RULE, message) } else { place.finding(&RULE, message) };
            found.push(finding.with_help(HELP));
        };
        if object.is("autoscaling", "HorizontalPodAutoscaler") {
            let metrics = spec.list("metrics");
            for place in metrics.iter().filter_map(|metric| metric.get("type")) {
                if let Some(kind @ ("Resource" | "ContainerResource" | "Pods")) = place.text() {
                    report(&place, &format!("a metric of type `{kind}` is never available"), false);
                }
            }
            match spec.get("targetCPUUtilizationPercentage") {
                Some(place) => report(&place, "the use of CPU is never available", true),
                None if metrics.is_empty() => report(&spec, "without `metrics` the use of CPU is measured", true),
                None => {}
            }
        } else if object.is("keda.sh", "ScaledObject") {
            for place in spec.list("triggers").iter().filter_map(|trigger| trigger.get("type")) {
                if let Some(kind @ ("cpu" | "memory")) = place.text() {
                    report(&place, &format!("the trigger `{kind}` never fires"), false);
                }
            }
        }
    }
}

/// Whether the target of an autoscaler is a `WorkloadDeployment`.
pub(super) fn scales_workloads(spec: &Place<'_>) -> bool {
    let api_version = spec.text_at(&["scaleTargetRef", "apiVersion"]).unwrap_or_default();
    spec.text_at(&["scaleTargetRef", "kind"]) == Some("WorkloadDeployment")
        && (api_version.is_empty() || api_version.split('/').next() == Some(crds::GROUP))
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{case, only};

    #[test]
    fn a_workload_has_no_pods_to_measure() {
        assert_eq!(
            case("H12", &["hpa.yaml"]),
            [
                "CW2140 hpa.yaml:12:13 a metric of type `Resource` is never available: there are no pods behind a WorkloadDeployment"
            ]
        );
    }

    #[test]
    fn metrics_from_elsewhere_are_fine() {
        let keda = |kind| {
            format!(
                "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {{name: a}}\nspec:\n  scaleTargetRef: {{apiVersion: runtime.wasmcloud.dev/v1alpha1, kind: WorkloadDeployment, name: a}}\n  triggers: [{{type: {kind}}}]\n"
            )
        };
        assert_eq!(only("CW2140", &keda("cpu")).len(), 1);
        assert!(only("CW2140", &keda("nats-jetstream")).is_empty());
        assert!(only("CW2140", &keda("cpu").replace("kind: WorkloadDeployment", "kind: Deployment")).is_empty());
        let hpa = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec:\n  scaleTargetRef: {kind: WorkloadDeployment, name: a}\n  maxReplicas: 4\n  metrics: [{type: External, external: {metric: {name: a}, target: {type: Value, value: 1}}}]\n";
        assert!(only("CW2140", hpa).is_empty());
    }
}
