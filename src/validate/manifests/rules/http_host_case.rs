//! Host names that clients never send.

use super::super::object::Set;
use super::warning;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = warning(
    "CW2117",
    "http-host-case",
    "\
A `host` of `wasi:http` with capital letters.

**Why.** Upstream's host compares names letter by letter, and browsers send them in lower case: the answer is 404.

**Example.**

```yaml
config: { host: Hello.example.com }
```

**Write instead.** `host: hello.example.com`",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for interface in set.interfaces() {
        for key in ["host", "host-aliases"].iter().filter(|_| interface.is("wasi", "http")) {
            let Some(place) = interface.config(key) else { continue };
            let Some(text) = place.text().filter(|text| text.bytes().any(|b| b.is_ascii_uppercase())) else { continue };
            let message = format!("clients send `{text}` in lower case, and hosts compare letter by letter");
            found.push(place.finding(&RULE, message).with_help(format!("write `{}`", text.to_lowercase())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::only;

    #[test]
    fn capitals_are_never_met() {
        let text = "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\nmetadata: {name: a}\nspec: {template: {spec: {hostInterfaces: [{namespace: wasi, package: http, interfaces: [handler], config: {host: Hello.example}}]}}}\n";
        assert_eq!(
            only("CW2117", text),
            [
                "4:114 clients send `Hello.example` in lower case, and hosts compare letter by letter | write `hello.example`"
            ]
        );
    }
}
