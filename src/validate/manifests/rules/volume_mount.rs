//! Mounts of volumes that are not there.

use super::super::object::Set;
use super::error;
use crate::diagnostics::{Diagnostic, Rule, suggest};

pub(super) const RULE: Rule = error(
    "CW2128",
    "unknown-volume",
    "\
A mount names a volume that the workload does not have.

**Why.** Upstream's host logs a line and starts the component without the directory; our host refuses the workload.

**Example.**

```yaml
volumes: [{ name: scratch, ephemeral: {} }]
components:
  - localResources: { volumeMounts: [{ name: scrach, mountPath: /data }] }
```

**Write instead.** The name of an entry of `volumes` of the same workload.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for workload in &set.workloads {
        let volumes = workload.spec.list("volumes");
        let known: Vec<&str> = volumes.iter().filter_map(|volume| volume.text_at(&["name"])).collect();
        for resources in workload.parts().iter().filter_map(|part| part.get("localResources")) {
            for place in resources.list("volumeMounts").iter().filter_map(|mount| mount.get("name")) {
                let Some(name) = place.text().filter(|name| !known.contains(name)) else { continue };
                let help = suggest::did_you_mean(name, known.iter().copied());
                let help = help.unwrap_or_else(|| format!("add `{{name: {name}, ephemeral: {{}}}}` to `volumes`"));
                found.push(
                    place.finding(&RULE, format!("there is no volume `{name}` in this workload")).with_help(help),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{DEPLOYMENT, only};

    #[test]
    fn a_mount_needs_its_volume() {
        let text = |name| {
            format!(
                "{DEPLOYMENT}spec: {{template: {{spec: {{volumes: [{{name: scratch}}], components: [{{localResources: {{volumeMounts: [{{name: {name}, mountPath: /d}}]}}}}]}}}}}}\n"
            )
        };
        assert!(only("CW2128", &text("scratch")).is_empty());
        assert_eq!(
            only("CW2128", &text("scrach")),
            ["4:107 there is no volume `scrach` in this workload | did you mean `scratch`?"]
        );
        assert_eq!(
            only("CW2128", &text("x"))[0].split(" | ").nth(1),
            Some("add `{name: x, ephemeral: {}}` to `volumes`")
        );
    }
}
