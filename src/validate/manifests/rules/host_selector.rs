//! Labels that no stock host has.

use chartwright_contract::crds::names::HOST_GROUP;

use super::super::object::Set;
use super::warning;
use crate::diagnostics::{Diagnostic, Rule, suggest};

pub(super) const RULE: Rule = warning(
    "CW2129",
    "host-selector",
    "\
A `hostSelector` by a label that upstream's hosts do not have.

**Why.** A stock host has one label, `hostgroup`. Node labels are not host labels. If no host matches, the workload waits with
\"no suitable host found\". Our hosts take further labels with `--label`.

**Example.**

```yaml
hostSelector: { wasmcloud.com/hostgroup: edge }
```

**Write instead.** `hostSelector: { hostgroup: edge }`",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for selector in set.workloads.iter().filter_map(|workload| workload.spec.get("hostSelector")) {
        for (key, place) in selector.entries().into_iter().filter(|(key, _)| *key != HOST_GROUP) {
            let meant = key.rsplit('/').next().and_then(|word| suggest::best(word, [HOST_GROUP]));
            let help = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("select by `{HOST_GROUP}`, or give our hosts the label with `--label {key}=…`"),
            };
            found.push(place.key_finding(&RULE, format!("upstream's hosts have no label `{key}`")).with_help(help));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{DEPLOYMENT, only};

    #[test]
    fn stock_hosts_have_one_label() {
        let text = |key| format!("{DEPLOYMENT}spec: {{template: {{spec: {{hostSelector: {{{key}: a}}}}}}}}\n");
        assert!(only("CW2129", &text("hostgroup")).is_empty());
        assert_eq!(
            only("CW2129", &text("hostGroup")),
            ["4:41 upstream's hosts have no label `hostGroup` | did you mean `hostgroup`?"]
        );
        assert_eq!(
            only("CW2129", &text("zone")),
            [
                "4:41 upstream's hosts have no label `zone` | select by `hostgroup`, or give our hosts the label with `--label zone=…`"
            ]
        );
    }
}
