//! Deploy policies that are none.

use super::super::object::Set;
use super::{listed, warning};
use crate::diagnostics::{Diagnostic, Rule, suggest};

pub(super) const RULE: Rule = warning(
    "CW2125",
    "deploy-policy",
    "\
A `deployPolicy` that is not one of the two words.

**Why.** The CRD lists no values. Any other word acts as `RollingUpdate`.

**Example.**

```yaml
deployPolicy: recreate
```

**Write instead.** `RollingUpdate` or `Recreate`.",
);

const WORDS: [&str; 2] = ["RollingUpdate", "Recreate"];

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for workload in set.workloads.iter().filter(|workload| workload.is_deployment()) {
        let Some(place) = workload.object.place.walk(&["spec", "deployPolicy"]) else { continue };
        let Some(word) = place.text().filter(|word| !word.is_empty() && !WORDS.contains(word)) else { continue };
        let help = suggest::did_you_mean(word, WORDS).unwrap_or_else(|| format!("write {}", listed(&WORDS, "or")));
        found.push(
            place.finding(&RULE, format!("`{word}` is no deploy policy and acts as `RollingUpdate`")).with_help(help),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{DEPLOYMENT, only};

    #[test]
    fn another_word_rolls() {
        let text = |word| format!("{DEPLOYMENT}spec: {{deployPolicy: {word}, template: {{spec: {{}}}}}}\n");
        assert_eq!(
            only("CW2125", &text("recreate")),
            ["4:22 `recreate` is no deploy policy and acts as `RollingUpdate` | did you mean `Recreate`?"]
        );
        assert!(only("CW2125", &text("Recreate")).is_empty() && only("CW2125", &text("null")).is_empty());
    }
}
