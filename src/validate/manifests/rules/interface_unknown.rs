//! Interfaces that no stock host offers.

use super::super::interfaces::known;
use super::super::object::Set;
use super::{listed, warning};
use crate::diagnostics::{Diagnostic, Rule, suggest};

pub(super) const RULE: Rule = warning(
    "CW2113",
    "unknown-interface",
    "\
An interface under `hostInterfaces` that the plugin of its package does not offer.

**Why.** An entry that no component uses is ignored without a word; one that is used and not offered makes the start fail
(\"requested interfaces that are not available\"). Versions and packages have fields of their own.

**Example.**

```yaml
- namespace: wasi
  package: http
  interfaces: [incoming-handler@0.2.0, types]
```

**Write instead.** `interfaces: [incoming-handler]`, and `version: 0.2.0` if any. `types` needs no entry.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for interface in set.interfaces() {
        for key in ["namespace", "package"] {
            if let Some(place) = interface.place.get(key)
                && let Some(text) = place.text().filter(|text| text.contains([':', '/', '@', ' ']))
            {
                let message = format!("`{text}` is more than a {key}");
                found.push(place.finding(&RULE, message).with_help("`wasi:http/handler@0.3.0` is written `namespace: wasi`, `package: http`, `interfaces: [handler]`, `version: 0.3.0`"));
            }
        }
        let offered = known(&interface).map(|package| package.interfaces).unwrap_or_default();
        for place in interface.listed() {
            let Some(text) = place.text() else { continue };
            if let Some((name, version)) = text.split_once('@') {
                let message = format!("`{text}` names a version within `interfaces`");
                found.push(
                    place
                        .finding(&RULE, message)
                        .with_help(format!("write `{name}`, and `version: {version}` in the entry")),
                );
            } else if !offered.is_empty() && !offered.contains(&text) {
                let help = suggest::did_you_mean(text, offered.iter().copied());
                let help = help.unwrap_or_else(|| format!("it has {}", listed(offered, "and")));
                found.push(
                    place
                        .finding(&RULE, format!("`{}` has no interface `{text}` for workloads", interface.id()))
                        .with_help(help),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::only;

    #[test]
    fn interfaces_are_those_that_plugins_offer() {
        let text = "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      hostInterfaces:\n        - {namespace: wasi, package: http, interfaces: [incomming-handler, types]}\n        - {namespace: wasi, package: keyvalue, interfaces: [store@0.2.0, watcher]}\n        - {namespace: 'acme:own', package: a, interfaces: [any]}\n";
        assert_eq!(
            only("CW2113", text),
            [
                "8:57 `wasi:http` has no interface `incomming-handler` for workloads | did you mean `incoming-handler`?",
                "8:76 `wasi:http` has no interface `types` for workloads | it has `incoming-handler`, `outgoing-handler` and `handler`",
                "9:61 `store@0.2.0` names a version within `interfaces` | write `store`, and `version: 0.2.0` in the entry",
                "9:74 `wasi:keyvalue` has no interface `watcher` for workloads | it has `store`, `atomics` and `batch`",
                "10:23 `acme:own` is more than a namespace | `wasi:http/handler@0.3.0` is written `namespace: wasi`, `package: http`, `interfaces: [handler]`, `version: 0.3.0`",
            ]
        );
    }
}
