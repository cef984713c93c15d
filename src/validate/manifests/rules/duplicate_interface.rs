//! What the CEL rules of the CRD refuse.

use super::super::object::Set;
use super::super::workload::Interface;
use super::error;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = error(
    "CW2115",
    "duplicate-interface",
    "\
Two entries of `hostInterfaces` that cannot be told apart.

**Why.** The API server refuses two entries with the same namespace, package, name and version, and two entries of one package
without a name, even at different versions.

**Example.**

```yaml
- { namespace: wasi, package: http, interfaces: [incoming-handler] }
- { namespace: wasi, package: http, interfaces: [outgoing-handler] }
```

**Write instead.** One entry that lists both interfaces, or a `name` for each.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for workload in &set.workloads {
        let interfaces = workload.interfaces();
        for (index, second) in interfaces.iter().enumerate() {
            let Some(first) = interfaces[..index].iter().find(|first| clash(first, second)) else { continue };
            let id = second.id();
            let finding = match second.name {
                None => second
                    .place
                    .key_finding(&RULE, format!("a second entry of `{id}` without a name"))
                    .with_help("list all interfaces in one entry, or give each a `name`"),
                Some(name) => second
                    .place
                    .key_finding(&RULE, format!("a second entry of `{id}` with the name `{name}` and the same version"))
                    .with_help("merge the two, or give one another `name`"),
            };
            found.push(finding.and_at(first.place.head(), "the first"));
        }
    }
}

fn clash(first: &Interface<'_>, second: &Interface<'_>) -> bool {
    let version = |interface: &Interface<'_>| {
        interface.place.text_at(&["version"]).filter(|version| !version.is_empty()).map(str::to_owned)
    };
    first.is(second.namespace, second.package)
        && first.name == second.name
        && (first.name.is_none() || version(first) == version(second))
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::only;

    #[test]
    fn entries_differ_by_name_or_by_name_and_version() {
        let text = "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      hostInterfaces:\n        - {namespace: wasi, package: http, interfaces: [incoming-handler], config: {host: a}}\n        - {namespace: wasi, package: http, interfaces: [outgoing-handler], version: 0.2.0}\n        - {namespace: wasi, package: keyvalue, interfaces: [store], name: a}\n        - {namespace: wasi, package: keyvalue, interfaces: [store], name: a}\n        - {namespace: wasi, package: keyvalue, interfaces: [store], name: a, version: 0.2.0-draft}\n        - {namespace: wasi, package: keyvalue, interfaces: [store]}\n";
        assert_eq!(
            only("CW2115", text),
            [
                "9:11 a second entry of `wasi:http` without a name | list all interfaces in one entry, or give each a `name`",
                "11:11 a second entry of `wasi:keyvalue` with the name `a` and the same version | merge the two, or give one another `name`",
            ]
        );
    }
}
