//! Settings of an interface that nothing reads.

use super::super::interfaces::{DEFAULT_BACKEND, Package, Settings, known, settings};
use super::super::object::Set;
use super::super::workload::Interface;
use super::{listed, warning};
use crate::diagnostics::{Diagnostic, Rule, suggest};

pub(super) const RULE: Rule = warning(
    "CW2110",
    "unknown-setting",
    "\
A key under `config` of a host interface that the host does not read.

**Why.** `config` is a free map: neither the API server nor the host refuses an unknown key. The setting simply does not
happen; a `root` on `wasi:blobstore` does not move data to that directory.

**Example.**

```yaml
- namespace: wasi
  package: blobstore
  interfaces: [blobstore]
  config: { backend: filesystem, root: /data }
```

**Write instead.** One of the keys that the help lists; here `buckets`. `backend` belongs to an entry with a `name`, whose components
import the package under that label.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for interface in set.interfaces() {
        let Some(settings) = settings(&interface) else { continue };
        let backend = interface.config("backend").and_then(|place| place.text()).unwrap_or(DEFAULT_BACKEND);
        let Some(keys) = settings.keys(backend) else { continue };
        let Some(config) = interface.place.get("config") else { continue };
        for (key, place) in config.entries().into_iter().filter(|(key, _)| !keys.contains(key)) {
            let mut what = format!("`{}`", interface.id());
            if matches!(settings, Settings::Backend(_)) {
                what = format!("{what} with the backend `{backend}`");
            }
            let finding = place.key_finding(&RULE, format!("unknown config key `{key}` of {what}"));
            let help = match suggest::did_you_mean(key, keys.iter().copied()) {
                Some(meant) => format!("{meant} {}", known_keys(settings)),
                None => known_keys(settings),
            };
            let finding = finding.with_help(help);
            found.push(if is_of_named(&interface, key) {
                finding.with_note(format!(
                    "`{key}` is read of an entry with a `name`, which components import by that label"
                ))
            } else {
                finding
            });
        }
    }
}

/// The keys that an entry may have, in words.
fn known_keys(settings: Settings) -> String {
    match settings {
        Settings::Any => "any key will do".to_owned(),
        Settings::Keys([]) => "it has no settings".to_owned(),
        Settings::Keys(keys) => format!("known keys: {}", listed(keys, "and")),
        Settings::Backend(backends) => {
            let more = backends.iter().filter(|(_, keys)| !keys.is_empty());
            let more = more.map(|(name, keys)| format!("; with `{name}` also {}", listed(keys, "and")));
            format!("known keys: `backend`{}", more.collect::<String>())
        }
    }
}

/// Whether a key of an entry without a name is one of those with a name.
fn is_of_named(interface: &Interface<'_>, key: &str) -> bool {
    let package = known(interface).filter(|_| interface.name.is_none());
    match package.and_then(Package::only_named) {
        Some(Settings::Backend(backends)) => key == "backend" || backends.iter().any(|(_, keys)| keys.contains(&key)),
        Some(Settings::Keys(keys)) => keys.contains(&key),
        Some(Settings::Any) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{DEPLOYMENT, case, only};

    #[test]
    fn each_unknown_key_is_named_with_the_known_ones() {
        assert_eq!(
            case("H04", &["wd.yaml"]),
            [
                "CW2118 wd.yaml:7:13 each host has its own data: 2 replicas on several hosts do not see each other's",
                "CW2111 wd.yaml:14:11 `wasi:blobstore` needs `buckets`",
                "CW2110 wd.yaml:15:13 unknown config key `backend` of `wasi:blobstore`",
                "CW2110 wd.yaml:16:13 unknown config key `root` of `wasi:blobstore`",
            ]
        );
    }

    fn config(entry: &str) -> Vec<String> {
        only(
            "CW2110",
            &format!("{DEPLOYMENT}spec: {{template: {{spec: {{hostInterfaces: [{{interfaces: [a], {entry}}}]}}}}}}\n"),
        )
    }

    #[test]
    fn keys_depend_on_the_name_and_the_backend() {
        assert!(
            config("namespace: wasi, package: keyvalue, name: a, config: {backend: redis, url: 'redis://r'}")
                .is_empty()
        );
        assert_eq!(
            config("namespace: wasi, package: keyvalue, name: a, config: {url: 'redis://r'}"),
            [
                "4:115 unknown config key `url` of `wasi:keyvalue` with the backend `in-memory` | known keys: `backend`; with `redis` also `url` and `prefix`; with `nats` also `url`; with `filesystem` also `root`"
            ]
        );
        assert_eq!(
            config("namespace: wasi, package: http, config: {hosts: a}"),
            [
                "4:102 unknown config key `hosts` of `wasi:http` | did you mean `host`? known keys: `host`, `host-aliases` and `localRoute`"
            ]
        );
    }

    #[test]
    fn settings_that_components_read_have_any_name() {
        assert!(config("namespace: wasi, package: config, config: {anything: a}").is_empty());
        assert!(config("namespace: wasmcloud, package: secrets, config: {anything: a}").is_empty());
        assert!(config("namespace: acme, package: own, config: {anything: a}").is_empty());
    }
}
