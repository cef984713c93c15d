//! Host names that no host accepts.

use super::super::names::is_label;
use super::super::object::Set;
use super::error;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = error(
    "CW2116",
    "http-host",
    "\
A `host` of `wasi:http` that is no host name.

**Why.** The start fails. Requests are matched by name alone: there are no ports, paths or wildcards, and no default.

**Example.**

```yaml
config: { host: \"*.example.com\" }
```

**Write instead.** One name, `host: hello.example.com`; more of them, separated by commas, in `host-aliases`.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for interface in set.interfaces() {
        if !interface.is("wasi", "http") || !interface.lists(&["incoming-handler", "handler"]) {
            continue;
        }
        let Some(place) = interface.config("host") else { continue };
        let Some(host) = place.text().filter(|host| !is_host(host)) else { continue };
        let (why, help) = match () {
            () if host.contains("://") => ("it has a scheme", "write the name alone"),
            () if host.contains(',') => ("it is a list", "write one name, and the others to `host-aliases`"),
            () if host.contains('*') => {
                ("there are no wildcards", "write each name: one here, the others to `host-aliases`")
            }
            () if host.contains(':') => {
                ("it has a port", "write the name alone: requests are matched without their port")
            }
            () if host.contains('/') => ("it has a path", "write the name alone: requests are not matched by path"),
            () => ("letters, digits and `-` with dots between them", "write a name such as `hello.example.com`"),
        };
        found.push(place.finding(&RULE, format!("`{host}` is no host name: {why}")).with_help(help));
    }
}

/// A name of RFC 1123, in any case.
pub(super) fn is_host(host: &str) -> bool {
    host.len() <= 253 && host.to_ascii_lowercase().split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{DEPLOYMENT, only};

    fn host(host: &str) -> Vec<String> {
        only(
            "CW2116",
            &format!(
                "{DEPLOYMENT}spec: {{template: {{spec: {{hostInterfaces: [{{namespace: wasi, package: http, interfaces: [handler], config: {{host: '{host}'}}}}]}}}}}}\n"
            ),
        )
    }

    #[test]
    fn only_a_name_is_a_host() {
        assert_eq!(
            host("a:80"),
            [
                "4:114 `a:80` is no host name: it has a port | write the name alone: requests are matched without their port"
            ]
        );
        for (bad, why) in [
            ("*.a", "wildcards"),
            ("http://a", "scheme"),
            ("a,b", "list"),
            ("a/b", "path"),
            ("", "letters"),
            ("a_b", "letters"),
        ] {
            assert!(host(bad)[0].contains(why), "{bad}");
        }
        assert!(["a", "a.b-c.d", "10.0.0.1", "A.b"].iter().all(|good| host(good).is_empty()));
    }
}
