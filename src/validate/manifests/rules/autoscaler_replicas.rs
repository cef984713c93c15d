//! Two that set one number.

use super::super::object::Set;
use super::autoscaler_metric::scales_workloads;
use super::warning;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = warning(
    "CW2141",
    "autoscaler-replicas",
    "\
A `WorkloadDeployment` with `replicas` that an autoscaler scales.

**Why.** Each time the manifest is applied, by hand or by a GitOps tool, the number of the autoscaler is reset to the one that
stands here.

**Example.**

```yaml
kind: WorkloadDeployment
metadata: { name: web }
spec:
  replicas: 2   # and a HorizontalPodAutoscaler with the target `web`
```

**Write instead.** No `replicas`: then the number of the autoscaler stays.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for object in &set.objects {
        if !object.is("autoscaling", "HorizontalPodAutoscaler") && !object.is("keda.sh", "ScaledObject") {
            continue;
        }
        let Some(spec) = object.place.get("spec").filter(scales_workloads) else { continue };
        let Some(target) = spec.walk(&["scaleTargetRef", "name"]) else { continue };
        for workload in
            set.workloads.iter().filter(|workload| workload.is_deployment() && workload.object.beside(object))
        {
            if workload.object.name.is_none() || workload.object.name != target.text() {
                continue;
            }
            if let Some(replicas) = workload.replicas() {
                let message = format!("each apply resets what {} has set", object.title());
                let finding = replicas.finding(&RULE, message).and_at(target.node.origin, "scales this workload");
                found.push(finding.with_help("remove `replicas`"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::only;

    #[test]
    fn one_of_the_two_sets_the_number() {
        let text = "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\nmetadata: {name: a}\nspec:\n  replicas: 2\n  template: {spec: {}}\n---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec:\n  scaleTargetRef: {kind: WorkloadDeployment, name: a}\n  maxReplicas: 4\n";
        assert_eq!(
            only("CW2141", text),
            ["5:13 each apply resets what HorizontalPodAutoscaler `h` has set | remove `replicas`"]
        );
        assert!(only("CW2141", &text.replace("  replicas: 2\n", "")).is_empty());
    }
}
