//! A negative number that becomes a huge one.

use super::super::object::Set;
use super::warning;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = warning(
    "CW2126",
    "negative-restarts",
    "\
A negative `maxRestarts`.

**Why.** The CRD allows it, and on its way to the host it becomes the largest number there is: the service is restarted for
ever, without a pause.

**Example.**

```yaml
service: { image: registry.example/acme/ticker:0.3.0, maxRestarts: -1 }
```

**Write instead.** The number of restarts after which the host shall give up.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for workload in &set.workloads {
        let Some(place) = workload.spec.walk(&["service", "maxRestarts"]) else { continue };
        if let Some(number) = place.integer().filter(|number| *number < 0) {
            let message = format!("`{number}` restarts become a number that is never reached");
            found.push(place.finding(&RULE, message).with_help("write 0 or more"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{DEPLOYMENT, only};

    #[test]
    fn restarts_are_counted_from_zero() {
        let text = |number| {
            format!(
                "{DEPLOYMENT}spec: {{template: {{spec: {{service: {{image: 'a:1.0', maxRestarts: {number}}}}}}}}}\n"
            )
        };
        assert_eq!(
            only("CW2126", &text("-1")),
            ["4:65 `-1` restarts become a number that is never reached | write 0 or more"]
        );
        assert!(only("CW2126", &text("0")).is_empty());
    }
}
