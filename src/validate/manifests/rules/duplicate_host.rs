//! Two workloads under one host name.

use super::super::object::Set;
use super::super::place::Place;
use super::super::workload::Workload;
use super::warning;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = warning(
    "CW2122",
    "duplicate-host",
    "\
Two workloads of these files serve the same host name.

**Why.** A host that runs both answers with either, at random per request. Namespaces do not matter: the name is looked up
across all workloads of the host.

**Example.**

```yaml
# two WorkloadDeployments with
config: { host: hello.example.com }
```

**Write instead.** A name of its own for each. Workloads whose `hostSelector` or `environment` keeps them apart are not reported.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    let mut names: Vec<(&Workload<'_>, String, Place<'_>)> = Vec::new();
    for workload in &set.workloads {
        for interface in workload.interfaces().iter().filter(|interface| interface.is("wasi", "http")) {
            for place in ["host", "host-aliases"].iter().filter_map(|key| interface.config(key)) {
                let texts = place.text().unwrap_or_default().split(',').map(str::trim);
                let new: Vec<&str> = texts.filter(|name| !name.is_empty()).collect();
                for name in new {
                    let first = names.iter().find(|(other, taken, _)| taken == name && collide(other, workload));
                    if let Some((other, _, first)) = first {
                        let message = format!(
                            "`{name}` is the name of {} too: requests go to either, at random",
                            other.object.title()
                        );
                        let label = other.object.title();
                        found.push(place.finding(&RULE, message).and_at(first.node.origin, label));
                    } else {
                        names.push((workload, name.to_owned(), place.clone()));
                    }
                }
            }
        }
    }
}

/// Whether two workloads are two objects that one host may run.
fn collide(first: &Workload<'_>, second: &Workload<'_>) -> bool {
    let identity = |workload: &Workload<'_>| {
        let object = &workload.object;
        (object.kind.to_owned(), object.name.map(str::to_owned), object.namespace.map(str::to_owned))
    };
    let environment = |workload: &Workload<'_>| workload.spec.text_at(&["environment"]).map(str::to_owned);
    let apart = match (environment(first), environment(second)) {
        (Some(first), Some(second)) => first != second,
        _ => false,
    };
    let others = selected(second);
    let disjoint = selected(first)
        .iter()
        .any(|(key, place)| others.iter().any(|(other, value)| key == other && place.text() != value.text()));
    identity(first) != identity(second) && !apart && !disjoint
}

fn selected<'a>(workload: &Workload<'a>) -> Vec<(&'a str, Place<'a>)> {
    workload.spec.get("hostSelector").map(|map| map.entries()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::only;

    #[test]
    fn a_name_belongs_to_one_workload() {
        let one = |name: &str, group: &str| {
            format!(
                "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\nmetadata: {{name: {name}}}\nspec: {{template: {{spec: {{hostSelector: {{hostgroup: {group}}}, hostInterfaces: [{{namespace: wasi, package: http, interfaces: [handler], config: {{host: h}}}}]}}}}}}\n"
            )
        };
        let two = |first: String, second: String| only("CW2122", &format!("{first}---\n{second}"));
        assert_eq!(
            two(one("a", "x"), one("b", "x")),
            ["9:144 `h` is the name of WorkloadDeployment `a` too: requests go to either, at random"]
        );
        assert!(two(one("a", "x"), one("b", "z")).is_empty());
        assert!(two(one("a", "x"), one("a", "x")).is_empty());
    }
}
