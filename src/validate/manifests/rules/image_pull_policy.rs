//! Pull policies that are none.

use super::super::object::Set;
use super::{listed, warning};
use crate::diagnostics::{Diagnostic, Rule, suggest};

pub(super) const RULE: Rule = warning(
    "CW2124",
    "pull-policy",
    "\
An `imagePullPolicy` that is not one of the three words.

**Why.** The CRD lists no values. Any other word acts as `IfNotPresent`.

**Example.**

```yaml
imagePullPolicy: always
```

**Write instead.** `Always`, `IfNotPresent` or `Never`.",
);

const WORDS: [&str; 3] = ["Always", "IfNotPresent", "Never"];

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for part in set.parts() {
        let Some(place) = part.get("imagePullPolicy") else { continue };
        let Some(word) = place.text().filter(|word| !word.is_empty() && !WORDS.contains(word)) else { continue };
        let help = suggest::did_you_mean(word, WORDS).unwrap_or_else(|| format!("write {}", listed(&WORDS, "or")));
        found.push(
            place.finding(&RULE, format!("`{word}` is no pull policy and acts as `IfNotPresent`")).with_help(help),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{DEPLOYMENT, only};

    #[test]
    fn another_word_acts_as_the_default() {
        let text = |word| {
            format!(
                "{DEPLOYMENT}spec: {{template: {{spec: {{components: [{{image: 'a:1.0', imagePullPolicy: {word}}}]}}}}}}\n"
            )
        };
        assert_eq!(
            only("CW2124", &text("always")),
            ["4:73 `always` is no pull policy and acts as `IfNotPresent` | did you mean `Always`?"]
        );
        assert!(only("CW2124", &text("Never")).is_empty() && only("CW2124", &text("null")).is_empty());
    }
}
