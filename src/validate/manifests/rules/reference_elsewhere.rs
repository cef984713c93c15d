//! A name that leads to an object of another namespace.

use super::super::object::{Lookup, Object, Set};
use super::super::place::Place;
use super::warning;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = warning(
    "CW2104",
    "reference-elsewhere",
    "\
A Service, `ConfigMap`, Secret or Artifact that these files have in another namespace, or under a similar name only.

**Why.** References of a workload stay in its namespace. A missing object stops the workload, except for a pull Secret of
the host's own: there the pull goes out without credentials. Objects that no file has are not reported: the cluster
may have them.

**Example.**

```yaml
kind: WorkloadDeployment
metadata: { namespace: apps }
spec:
  template:
    spec:
      components:
        - { name: c, image: registry.example/c:1.0.0, imagePullSecret: { name: pull } }  # is in `default`
```

**Write instead.** The name of an object in the same namespace; a Secret has to be copied there.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for workload in &set.workloads {
        let from = &workload.object;
        let mut judge = |group, kind, name: Option<Place<'_>>| found.extend(judge(set, group, kind, name, from));
        judge("", "Service", workload.service_name());
        let mut sources: Vec<Place<'_>> = workload.interfaces().into_iter().map(|interface| interface.place).collect();
        for part in workload.parts() {
            judge("", "Secret", part.walk(&["imagePullSecret", "name"]));
            sources.extend(part.walk(&["localResources", "environment"]));
        }
        for source in sources {
            for (list, kind) in [("configFrom", "ConfigMap"), ("secretFrom", "Secret")] {
                source.list(list).iter().for_each(|reference| judge("", kind, reference.get("name")));
            }
        }
        if let Some(spec) = from.place.get("spec").filter(|_| workload.is_deployment()) {
            for artifact in spec.list("artifacts") {
                judge(chartwright_contract::crds::GROUP, "Artifact", artifact.walk(&["artifactFrom", "name"]));
            }
        }
    }
}

fn judge(set: &Set<'_>, group: &str, kind: &str, place: Option<Place<'_>>, from: &Object<'_>) -> Option<Diagnostic> {
    let place = place?;
    let name = place.text().filter(|name| !name.is_empty())?;
    let here = from.namespace.map_or_else(String::new, |namespace| format!(" in namespace `{namespace}`"));
    let finding = place.finding(&RULE, format!("there is no {kind} `{name}`{here}"));
    match set.look_up_in(group, kind, name, from) {
        Lookup::Found(_) | Lookup::Unknown => None,
        Lookup::Elsewhere(other) => {
            let there = format!("in namespace `{}`", other.namespace.unwrap_or("?"));
            Some(
                finding
                    .and_at(other.place.get("metadata").unwrap_or_else(|| other.place.clone()).head(), there.clone())
                    .with_help(format!(
                        "the {kind} {there} is out of reach: give `{}` one of its own",
                        from.namespace.unwrap_or("?")
                    )),
            )
        }
        Lookup::Resembles(other) => Some(finding.with_help(format!("did you mean `{}`?", other.name.unwrap_or("?")))),
    }
}

#[cfg(test)]
mod tests {

    use super::super::super::tests::only;

    const SET: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: b}\n---\napiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\nmetadata: {name: a, namespace: a}\nspec:\n  template:\n    spec:\n      components:\n        - {name: a, image: 'a:1.0', localResources: {environment: {configFrom: [{name: settings}]}}}\n";

    #[test]
    fn references_stay_in_their_namespace() {
        assert_eq!(
            only("CW2104", SET),
            [
                "12:88 there is no ConfigMap `settings` in namespace `a` | the ConfigMap in namespace `b` is out of reach: give `a` one of its own"
            ]
        );
        assert!(only("CW2104", &SET.replace("namespace: b", "namespace: a")).is_empty());
    }

    #[test]
    fn a_typing_error_has_a_suggestion_and_a_stranger_is_left_alone() {
        let near = SET.replace("namespace: b", "namespace: a").replace("[{name: settings}]", "[{name: setting}]");
        assert_eq!(
            only("CW2104", &near),
            ["12:88 there is no ConfigMap `setting` in namespace `a` | did you mean `settings`?"]
        );
        assert!(only("CW2104", &SET.replace("[{name: settings}]", "[{name: other}]")).is_empty());
    }
}
