//! A plan as people read it: line by line what differs, and nothing of a Secret's data.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use similar::{ChangeTag, TextDiff};

use crate::render::to_yaml;

use super::{Action, Plan, Step, apply};

/// Lines around a difference.
const CONTEXT: usize = 3;

/// The plan; each line begins with `+`, `-` or a blank, as in every diff.
pub fn differences(plan: &Plan) -> String {
    let mut text = String::new();
    for step in plan.all() {
        match step.action {
            Action::Same | Action::Keep => continue,
            Action::Create => {
                let _ = writeln!(text, "+++ {} is new", step.title());
            }
            Action::Change => {
                let _ = writeln!(text, "~~~ {} changes", step.title());
                if let Some(fields) = &step.taken {
                    let _ = writeln!(text, "!!! {fields}: only --force-conflicts takes that over");
                }
            }
            Action::Delete => {
                let _ = writeln!(text, "--- {} goes", step.title());
            }
        }
        // A definition takes thousands of lines that nobody reads when it is new.
        if step.object.kind != "CustomResourceDefinition" || step.action == Action::Change {
            lines(step, &mut text);
        }
    }
    text
}

fn lines(step: &Step, text: &mut String) {
    let mut before = step.before.as_ref().map(apply::settled).filter(|_| step.action != Action::Create);
    let mut after = match step.action {
        Action::Delete => None,
        Action::Create => Some(apply::settled(&step.object.value)),
        _ => step.after.as_ref().map(apply::settled),
    };
    if step.object.kind == "Secret" {
        hide(before.as_mut(), after.as_mut());
    }
    let [before, after] = [before, after].map(|value| value.as_ref().map(to_yaml).unwrap_or_default());
    let diff = TextDiff::from_lines(&before, &after);
    for group in diff.grouped_ops(CONTEXT) {
        if let Some(first) = group.first() {
            let _ = writeln!(text, "@@ line {} @@", first.new_range().start + 1);
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let _ = write!(text, "{sign}{}", change.value());
        }
    }
}

/// Replaces a Secret's data: what is equal on both sides stays equal, what differs differs, and neither is shown.
fn hide(mut before: Option<&mut Value>, mut after: Option<&mut Value>) {
    for section in ["data", "stringData"] {
        let data =
            |object: Option<&Value>| object.and_then(|object| object[section].as_object()).cloned().unwrap_or_default();
        let (old, new) = (data(before.as_deref()), data(after.as_deref()));
        let cover = |object: &mut Value, own: &Map<String, Value>, other: &Map<String, Value>, word| {
            for (key, value) in own {
                let same = other.get(key) == Some(value);
                object[section][key] = if same { json!("***") } else { json!(format!("*** ({word})")) };
            }
        };
        if let Some(before) = before.as_deref_mut() {
            cover(before, &old, &new, "as it is");
        }
        if let Some(after) = after.as_deref_mut() {
            cover(after, &new, &old, "as it will be");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_secret_only_which_keys_differ_is_shown() {
        let mut before = json!({ "data": { "a": "b25l", "b": "dHdv" } });
        let mut after = json!({ "data": { "a": "b25l", "b": "dGhyZWU=", "c": "Zm91cg==" } });
        hide(Some(&mut before), Some(&mut after));
        assert_eq!(before, json!({ "data": { "a": "***", "b": "*** (as it is)" } }));
        assert_eq!(after, json!({ "data": { "a": "***", "b": "*** (as it will be)", "c": "*** (as it will be)" } }));
    }
}
