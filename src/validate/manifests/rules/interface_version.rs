//! Versions of packages that no stock host serves.

use super::super::interfaces::known;
use super::super::object::Set;
use super::{listed, warning};
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = warning(
    "CW2114",
    "interface-version",
    "\
A `version` of a host interface that the plugin of its package does not serve.

**Why.** The version must equal the one the component was built with. An entry with another version is ignored without a word,
and the import is missing at the first call: the usual slip is `0.2.0` for `0.2.0-draft`.

**Example.**

```yaml
- namespace: wasi
  package: blobstore
  version: 0.2.0
  interfaces: [blobstore]
```

**Write instead.** `version: 0.2.0-draft`, or no `version`: then any will do.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for interface in set.interfaces() {
        let served = known(&interface).map(|package| package.versions).unwrap_or_default();
        let Some(place) = interface.place.get("version") else { continue };
        let Some(version) = place.text().filter(|version| !version.is_empty()) else { continue };
        if !served.is_empty() && !served.contains(&version) {
            let message = format!("hosts serve `{}` at {}, not at `{version}`", interface.id(), listed(served, "and"));
            found.push(place.finding(&RULE, message).with_help("write a version that is served, or leave it out"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{DEPLOYMENT, only};

    #[test]
    fn a_version_nobody_serves_is_an_entry_nobody_uses() {
        let text = |version| {
            format!(
                "{DEPLOYMENT}spec: {{template: {{spec: {{hostInterfaces: [{{namespace: wasi, package: blobstore, version: {version}, interfaces: [blobstore]}}]}}}}}}\n"
            )
        };
        assert_eq!(
            only("CW2114", &text("0.2.0")),
            [
                "4:90 hosts serve `wasi:blobstore` at `0.2.0-draft`, not at `0.2.0` | write a version that is served, or leave it out"
            ]
        );
        assert!(only("CW2114", &text("0.2.0-draft")).is_empty());
    }
}
