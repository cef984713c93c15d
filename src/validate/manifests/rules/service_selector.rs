//! Two owners of one set of endpoints.

use super::super::object::Set;
use super::warning;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = warning(
    "CW2102",
    "service-selector",
    "\
A Service that workloads route through selects pods as well.

**Why.** Kubernetes fills the Service with the pods that match, the operator with the hosts that run the workload. Requests go
to either, at random.

**Example.**

```yaml
kind: Service
spec:
  selector: { app: web }
  ports: [{ name: http, port: 80 }]
```

**Write instead.** No `selector`: components have no pods of their own.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for service in set.of("", "Service") {
        let Some(workload) = set.routing_to(service).next() else { continue };
        let Some(selector) = service.place.walk(&["spec", "selector"]) else { continue };
        if !selector.entries().is_empty() {
            let message =
                format!("this Service takes endpoints from two owners: its selector and {}", workload.object.title());
            found.push(
                selector.key_finding(&RULE, message).with_help("remove `selector`: the operator fills the Service"),
            );
        }
    }
}

#[cfg(test)]
mod tests {

    use super::super::super::tests::only;

    #[test]
    fn the_operator_wants_the_service_for_itself() {
        let text = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  selector: {app: a}\n  ports: [{port: 80, name: http}]\n---\napiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\nmetadata: {name: a}\nspec:\n  kubernetes: {service: {name: a}}\n  template: {spec: {}}\n";
        assert_eq!(
            only("CW2102", text),
            [
                "5:3 this Service takes endpoints from two owners: its selector and WorkloadDeployment `a` | remove `selector`: the operator fills the Service"
            ]
        );
        assert!(only("CW2102", &text.replace("service: {name: a}", "service: {name: b}")).is_empty());
    }
}
