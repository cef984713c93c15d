//! Settings of interfaces with values that mean nothing.

use super::super::interfaces::{Settings, settings};
use super::super::object::Set;
use super::super::workload::Interface;
use super::{listed, warning};
use crate::diagnostics::{Diagnostic, Rule, suggest};

pub(super) const RULE: Rule = warning(
    "CW2112",
    "setting-value",
    "\
A value of a known setting that its plugin does not understand.

**Why.** Values are texts that plugins read as they can. An unknown backend cannot be bound; a blank in `buckets` is part of
the name for upstream's host; an alias that is no host name is dropped without a word.

**Example.**

```yaml
config: { buckets: \"media, thumbnails\" }
```

**Write instead.** `buckets: media,thumbnails`",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for interface in set.interfaces() {
        found.extend(backend(&interface));
        match (interface.namespace, interface.package, interface.name) {
            ("wasi", "http", _) => aliases(&interface, found),
            ("wasi", "blobstore", None) => blobstore(&interface, found),
            ("wasmcloud", "messaging", None) => found.extend(limit(&interface)),
            _ => {}
        }
    }
}

fn backend(interface: &Interface<'_>) -> Option<Diagnostic> {
    let Some(Settings::Backend(backends)) = settings(interface) else { return None };
    let place = interface.config("backend")?;
    let text = place.text()?;
    let names: Vec<&str> = backends.iter().map(|(name, _)| *name).collect();
    if names.contains(&text) {
        return None;
    }
    let help = suggest::did_you_mean(text, names.iter().copied());
    let help = help.unwrap_or_else(|| format!("write {}", listed(&names, "or")));
    Some(place.finding(&RULE, format!("`{}` has no backend `{text}`", interface.id())).with_help(help))
}

fn blobstore(interface: &Interface<'_>, found: &mut Vec<Diagnostic>) {
    if let Some(place) = interface.config("buckets")
        && let Some(text) = place.text()
    {
        let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        if names.join(",") != text {
            let finding =
                place.finding(&RULE, "blanks and empty names in `buckets` are part of the list on upstream's host");
            found.push(finding.with_help(format!("write `{}`", names.join(","))));
        }
    }
    if let Some(place) = interface.config("read_only")
        && let Some(text) = place.text().filter(|text| !matches!(*text, "true" | "false"))
    {
        found.push(place.finding(&RULE, format!("`{text}` is not `\"true\"` or `\"false\"`")));
    }
}

fn aliases(interface: &Interface<'_>, found: &mut Vec<Diagnostic>) {
    let Some(place) = interface.config("host-aliases") else { return };
    for alias in place.text().unwrap_or_default().split(',').map(str::trim) {
        if !super::http_host::is_host(alias) {
            found.push(place.finding(&RULE, format!("the alias `{alias}` is dropped: it is no host name")));
        }
    }
}

fn limit(interface: &Interface<'_>) -> Option<Diagnostic> {
    let place = interface.config("max_in_flight")?;
    let text = place.text().filter(|text| text.parse::<u32>().is_ok_and(|number| number > 0).eq(&false))?;
    Some(place.finding(&RULE, format!("`{text}` is no number of messages")))
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{DEPLOYMENT, only};

    fn config(entry: &str) -> Vec<String> {
        only(
            "CW2112",
            &format!("{DEPLOYMENT}spec: {{template: {{spec: {{hostInterfaces: [{{interfaces: [a], {entry}}}]}}}}}}\n"),
        )
    }

    #[test]
    fn values_are_understood_or_reported() {
        assert_eq!(
            config("namespace: wasi, package: keyvalue, name: a, config: {backend: redsi}"),
            ["4:124 `wasi:keyvalue` has no backend `redsi` | did you mean `redis`?"]
        );
        assert_eq!(
            config("namespace: wasi, package: blobstore, config: {buckets: 'a, b', read_only: 'yes'}"),
            [
                "4:116 blanks and empty names in `buckets` are part of the list on upstream's host | write `a,b`",
                "4:135 `yes` is not `\"true\"` or `\"false\"`",
            ]
        );
        assert_eq!(
            config("namespace: wasi, package: http, config: {host: a, host-aliases: 'b, c:80'}"),
            ["4:125 the alias `c:80` is dropped: it is no host name"]
        );
    }
}
