//! An Ingress that sends a name no workload answers to.

use super::super::object::{Object, Set};
use super::super::place::Place;
use super::super::workload::Workload;
use super::{listed, warning};
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = warning(
    "CW2105",
    "ingress-host",
    "\
An Ingress routes a host name to a Service whose workloads are registered under another one.

**Why.** Hosts find the workload by the `Host` header, exactly as written in `config.host` and `config.host-aliases`. An
Ingress passes the header on, and the host answers 404.

**Example.**

```yaml
kind: Ingress
spec:
  rules:
    - host: hello.example.com
      # backend: a Service of a workload with `config: { host: hello-service }`
```

**Write instead.** The same name in both places, or another one in `host-aliases`. For some controllers an annotation rewrites the header.",
);

/// Annotations by which controllers rewrite the `Host` header.
const REWRITES: [&str; 2] = ["nginx.ingress.kubernetes.io/upstream-vhost", "haproxy.org/set-host"];

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for ingress in set.of("networking.k8s.io", "Ingress") {
        let annotations = ingress.place.walk(&["metadata", "annotations"]);
        if annotations.is_some_and(|map| REWRITES.iter().any(|key| map.get(key).is_some())) {
            continue;
        }
        let rules = ingress.place.get("spec").map(|spec| spec.list("rules")).unwrap_or_default();
        for rule in rules {
            let Some(host) = rule.get("host") else { continue };
            let Some(name) = host.text().filter(|name| !name.is_empty()) else { continue };
            let backends = rule.get("http").map(|http| http.list("paths")).unwrap_or_default();
            let answers: Option<Vec<String>> = backends
                .iter()
                .filter_map(|path| path.text_at(&["backend", "service", "name"]))
                .flat_map(|service| routed(set, ingress, service))
                .try_fold(Vec::new(), |mut names, workload| {
                    names.extend(hosts(workload, set)?);
                    Some(names)
                });
            let answers = answers.unwrap_or_default();
            if !answers.is_empty() && !answers.iter().any(|answer| covers(name, answer)) {
                let message = format!(
                    "requests for `{name}` get 404: the workload behind this Ingress answers to {}",
                    listed(&answers, "and")
                );
                let help = format!("add `host-aliases: {name}` beside the workload's `host`");
                found.push(host.finding(&RULE, message).with_help(help));
            }
        }
    }
}

fn routed<'s, 'a>(
    set: &'s Set<'a>,
    ingress: &'s Object<'a>,
    service: &'s str,
) -> impl Iterator<Item = &'s Workload<'a>> {
    set.workloads.iter().filter(move |workload| {
        workload.service_name().and_then(|place| place.text()) == Some(service) && workload.object.beside(ingress)
    })
}

/// The names a workload answers to; none when they stand in an object that is not here.
fn hosts(workload: &Workload<'_>, set: &Set<'_>) -> Option<Vec<String>> {
    use super::super::workload::Setting;
    let mut names = Vec::new();
    for interface in workload.interfaces().iter().filter(|interface| interface.is("wasi", "http")) {
        for key in ["host", "host-aliases"] {
            match interface.setting(key, &workload.object, set) {
                Setting::Here(place) => names.extend(split(&place)),
                Setting::Elsewhere => return None,
                Setting::Missing => {}
            }
        }
    }
    Some(names)
}

fn split(place: &Place<'_>) -> Vec<String> {
    let text = place.text().unwrap_or_default();
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn covers(rule: &str, host: &str) -> bool {
    match rule.strip_prefix("*.") {
        Some(suffix) => host.split_once('.').is_some_and(|(_, rest)| rest == suffix),
        None => rule == host,
    }
}

#[cfg(test)]
mod tests {

    use super::super::super::tests::only;

    const SET: &str = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec:\n  rules:\n    - host: hello.example.com\n      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: a, port: {name: http}}}}]}\n---\napiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\nmetadata: {name: a}\nspec:\n  kubernetes: {service: {name: a}}\n  template: {spec: {hostInterfaces: [{namespace: wasi, package: http, interfaces: [incoming-handler], config: {host: hello-service}}]}}\n";

    #[test]
    fn both_ends_say_the_same_name() {
        assert_eq!(
            only("CW2105", SET),
            [
                "6:13 requests for `hello.example.com` get 404: the workload behind this Ingress answers to `hello-service` | add `host-aliases: hello.example.com` beside the workload's `host`"
            ]
        );
        assert!(only("CW2105", &SET.replace("hello-service", "hello.example.com")).is_empty());
        assert!(only("CW2105", &SET.replace("hello-service", "a, host-aliases: 'b, hello.example.com'")).is_empty());
        assert!(
            only(
                "CW2105",
                &SET.replace("- host: hello", "- host: '*'")
                    .replace("'*'.example.com", "'*.x'")
                    .replace("hello-service", "a.x")
            )
            .is_empty()
        );
        assert!(
            only(
                "CW2105",
                &SET.replace(
                    "metadata: {name: a}\nspec:\n  rules",
                    "metadata: {name: a, annotations: {nginx.ingress.kubernetes.io/upstream-vhost: a}}\nspec:\n  rules"
                )
            )
            .is_empty()
        );
    }
}
