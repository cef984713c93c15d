//! Names of groups that cannot be bound.

use super::super::object::Set;
use super::super::place::Place;
use super::consumer_group_missing::is_messaging;
use super::error;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = error(
    "CW2120",
    "consumer-group",
    "\
A `consumer_group` that is empty or has blanks, `*` or `>` in it.

**Why.** The host refuses to bind the workload.

**Example.**

```yaml
config: { subscriptions: acme.jobs.>, consumer_group: acme.* }
```

**Write instead.** A word, such as `jobs`. Without a group leave the key out.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for workload in &set.workloads {
        let interfaces = workload.interfaces();
        let entries = interfaces.iter().filter(|interface| is_messaging(interface));
        let mut groups: Vec<Place<'_>> = entries.filter_map(|entry| entry.config("consumer_group")).collect();
        let parts = workload.parts();
        groups.extend(parts.iter().filter_map(|part| part.walk(&["localResources", "config", "consumer_group"])));
        for place in groups {
            let bad =
                |group: &str| group.is_empty() || group.contains(['*', '>']) || group.contains(char::is_whitespace);
            if let Some(group) = place.text().filter(|group| bad(group)) {
                let message = format!("`{group}` is no name of a consumer group");
                found.push(place.finding(&RULE, message).with_help("write a word without blanks, `*` and `>`"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{DEPLOYMENT, only};

    #[test]
    fn a_group_is_a_word() {
        let text = |group| {
            format!(
                "{DEPLOYMENT}spec: {{template: {{spec: {{components: [{{localResources: {{config: {{consumer_group: {group}}}}}}}]}}}}}}\n"
            )
        };
        for bad in ["''", "' '", "'a b'", "'*'", "'a.>'"] {
            assert_eq!(only("CW2120", &text(bad)).len(), 1, "{bad}");
        }
        assert!(only("CW2120", &text("jobs.eu")).is_empty());
    }
}
