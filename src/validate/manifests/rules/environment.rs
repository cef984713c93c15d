//! Environments that no host can be in.

use super::super::names::is_label;
use super::super::object::Set;
use super::warning;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = warning(
    "CW2130",
    "environment",
    "\
An `environment` that is no name of a namespace.

**Why.** In a cluster the environment of a host is the namespace of its Pod, so no host will ever match. Only hosts outside of
the cluster may call theirs anything.

**Example.**

```yaml
spec:
  template:
    spec:
      environment: Production EU
```

**Write instead.** The namespace of the hosts, `environment: wasm-hosts`, or nothing: then any environment will do.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for place in set.workloads.iter().filter_map(|workload| workload.spec.get("environment")) {
        if let Some(text) = place.text().filter(|text| !text.is_empty() && !is_label(text)) {
            let message =
                format!("no host of a cluster is in the environment `{text}`: it is the namespace of the host");
            found.push(place.finding(&RULE, message).with_help("write the namespace of the hosts, or leave it out"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{DEPLOYMENT, only};

    #[test]
    fn an_environment_is_a_namespace() {
        let text = |name| format!("{DEPLOYMENT}spec: {{template: {{spec: {{environment: {name}}}}}}}\n");
        assert!(only("CW2130", &text("wasm-hosts")).is_empty());
        assert_eq!(
            only("CW2130", &text("Production")),
            [
                "4:39 no host of a cluster is in the environment `Production`: it is the namespace of the host | write the namespace of the hosts, or leave it out"
            ]
        );
    }
}
