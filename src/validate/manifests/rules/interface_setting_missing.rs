//! Settings without which an interface does nothing.

use super::super::object::Set;
use super::super::workload::{Interface, Setting, Workload};
use super::error;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = error(
    "CW2111",
    "missing-setting",
    "\
A host interface without the setting it cannot do without.

**Why.** Without `host` the start of a workload with `wasi:http` fails. Without `buckets` each access to `wasi:blobstore` is
answered \"unauthorized\". Without `database` an entry of `wasmcloud:postgres` cannot be bound.

**Example.**

```yaml
- namespace: wasi
  package: http
  interfaces: [incoming-handler]
```

**Write instead.** The setting: `config: { host: hello.example.com }`. It may also come from a `ConfigMap` or Secret that the entry
names.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for workload in &set.workloads {
        for interface in workload.interfaces() {
            let Some((key, example)) = needed(&interface, workload) else { continue };
            if !matches!(interface.setting(key, &workload.object, set), Setting::Missing) {
                continue;
            }
            let place = interface.place.get("config").unwrap_or_else(|| interface.place.clone());
            let finding = place.key_finding(&RULE, format!("`{}` needs `{key}`", interface.id()));
            found.push(finding.with_help(format!("add `{key}: {example}` to `config`")));
        }
    }
}

/// The setting that an entry needs, and an example of it.
fn needed(interface: &Interface<'_>, workload: &Workload<'_>) -> Option<(&'static str, &'static str)> {
    match (interface.namespace, interface.package, interface.name) {
        ("wasi", "http", _) => {
            let served = interface.lists(&["incoming-handler", "handler"]);
            let components = !workload.spec.list("components").is_empty();
            (served && components).then_some(("host", "hello.example.com"))
        }
        ("wasi", "blobstore", None) => Some(("buckets", "media")),
        ("wasmcloud", "postgres", None) => Some(("database", "shop")),
        ("wasmcloud", "postgres", Some(_)) => Some(("url", "postgres://…")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::only;

    const SET: &str = "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      components: [{name: a, image: 'a:1.0'}]\n      hostInterfaces:\n        - {namespace: wasi, package: http, interfaces: [incoming-handler]}\n";

    #[test]
    fn a_component_that_is_called_needs_a_name() {
        assert_eq!(only("CW2111", SET), ["9:11 `wasi:http` needs `host` | add `host: hello.example.com` to `config`"]);
        assert!(only("CW2111", &SET.replace("incoming", "outgoing")).is_empty());
    }

    #[test]
    fn another_object_may_give_it() {
        let referring = SET.replace("handler]}", "handler], configFrom: [{name: c}]}");
        assert!(only("CW2111", &referring).is_empty());
        let here =
            format!("{referring}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{hosts: a}}\n");
        assert_eq!(only("CW2111", &here).len(), 1);
        assert!(only("CW2111", &here.replace("hosts:", "host:")).is_empty());
    }
}
