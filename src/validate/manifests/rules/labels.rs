//! Labels and annotations that the API server refuses.

use super::super::names::{is_label_key, is_label_value};
use super::super::object::Set;
use super::super::place::Place;
use super::error;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = error(
    "CW2003",
    "label-form",
    "\
A label or the key of an annotation that the API server refuses; also in templates and host selectors.

**Why.** In a template the object itself is accepted and what is made from it is refused later, where nobody looks.

**Example.**

```yaml
metadata:
  labels:
    team: checkout & payment
```

**Write instead.** Letters, digits, `-`, `_` and `.`, at most 63 characters, beginning and ending with a letter or digit. Free text goes
to an annotation.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for object in &set.objects {
        for holder in [&["metadata"][..], &["spec", "template"], &["spec", "template", "metadata"]] {
            let Some(holder) = object.place.walk(holder) else { continue };
            if let Some(labels) = holder.get("labels") {
                judge(&labels, true, found);
            }
            if let Some(annotations) = holder.get("annotations") {
                judge(&annotations, false, found);
            }
        }
    }
    for workload in &set.workloads {
        if let Some(selector) = workload.spec.get("hostSelector") {
            judge(&selector, true, found);
        }
    }
}

fn judge(map: &Place<'_>, labels: bool, found: &mut Vec<Diagnostic>) {
    for (key, place) in map.entries() {
        if !is_label_key(key) {
            found.push(place.key_finding(&RULE, format!("`{key}` is no key of a label or annotation")));
        }
        if let Some(value) = place.text().filter(|value| labels && !is_label_value(value)) {
            let help = "letters, digits, `-`, `_` and `.`, at most 63; begin and end with a letter or digit";
            found.push(place.finding(&RULE, format!("`{value}` is no value of a label")).with_help(help));
        }
    }
}

#[cfg(test)]
mod tests {

    use super::super::super::tests::only;

    #[test]
    fn labels_are_words_and_annotations_are_not() {
        let found = only(
            "CW2003",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels: {team: a & b, '/x': c}\n  annotations: {note: a & b}\n",
        );
        assert_eq!(
            found,
            [
                "5:18 `a & b` is no value of a label | letters, digits, `-`, `_` and `.`, at most 63; begin and end with a letter or digit",
                "5:25 `/x` is no key of a label or annotation",
            ]
        );
    }
}
