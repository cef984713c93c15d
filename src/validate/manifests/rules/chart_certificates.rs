//! Certificates that each sync makes anew.

use super::super::object::Set;
use super::super::place::Place;
use super::chart_repository::argo_sources;
use super::warning;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = warning(
    "CW2202",
    "chart-certificates",
    "\
An Argo CD Application syncs upstream's chart automatically while the chart makes its certificates.

**Why.** The chart reads existing certificates with `lookup`, which finds nothing when Argo CD renders it. So each refresh makes a
new CA, the sync writes it, and operator, hosts and NATS stop trusting each other.

**Example.**

```yaml
syncPolicy:
  automated: {}
```

**Write instead.** `global.certificates.generate: false` in the values and Secrets of your own, `global.tls.enabled: false`, or
`ignoreDifferences` for the Secrets together with the sync option `RespectIgnoreDifferences=true`.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for object in &set.objects {
        let Some(automated) = object.place.walk(&["spec", "syncPolicy", "automated"]) else { continue };
        let off = automated.get("enabled").is_some_and(|switch| is_false(&switch));
        let ignored = object.place.get("spec").is_some_and(|spec| !spec.list("ignoreDifferences").is_empty());
        if off || ignored || !argo_sources(object).iter().any(generates) {
            continue;
        }
        let finding = automated.key_finding(&RULE, "each automated sync makes new certificates");
        found.push(
            finding
                .with_help("set `global.certificates.generate: false` and name Secrets of your own, or add `ignoreDifferences`")
                .with_note("rendered by Argo CD, the chart does not see the certificates it made before"),
        );
    }
}

/// Whether nothing in the values of a source keeps the chart from making certificates.
fn generates(source: &Place<'_>) -> bool {
    let Some(helm) = source.get("helm") else { return true };
    // What stands in other files is not seen.
    if !helm.list("valueFiles").is_empty() {
        return false;
    }
    let object = helm.get("valuesObject").is_some_and(|values| {
        [["global", "certificates", "generate"], ["global", "tls", "enabled"]]
            .iter()
            .any(|way| values.walk(way).is_some_and(|switch| is_false(&switch)))
    });
    let text = helm.text_at(&["values"]).unwrap_or_default();
    let written = text.lines().map(str::trim).any(|line| line.starts_with("generate: false"))
        || text.split_once("tls:").is_some_and(|(_, rest)| rest.trim_start().starts_with("enabled: false"));
    let parameters = helm.list("parameters");
    let set = parameters.iter().any(|parameter| {
        matches!(parameter.text_at(&["name"]), Some("global.certificates.generate" | "global.tls.enabled"))
            && parameter.get("value").is_some_and(|value| is_false(&value))
    });
    !(object || written || set)
}

fn is_false(switch: &Place<'_>) -> bool {
    switch.text() == Some("false") || switch.node.value == crate::source::Value::Bool(false)
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::only;

    fn automated(helm: &str, rest: &str) -> usize {
        let text = format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    chart: runtime-operator\n    repoURL: ghcr.io/wasmcloud/charts\n    helm: {helm}\n  syncPolicy: {{automated: {{prune: true}}}}\n{rest}"
        );
        only("CW2202", &text).len()
    }

    #[test]
    fn certificates_are_kept_or_not_made() {
        assert_eq!(automated("{}", ""), 1);
        assert_eq!(automated("{valuesObject: {global: {certificates: {generate: false}}}}", ""), 0);
        assert_eq!(automated("{values: \"global:\\n  certificates:\\n    generate: false\\n\"}", ""), 0);
        assert_eq!(automated("{parameters: [{name: global.tls.enabled, value: 'false'}]}", ""), 0);
        assert_eq!(automated("{}", "  ignoreDifferences: [{kind: Secret, jsonPointers: [/data]}]\n"), 0);
    }
}
