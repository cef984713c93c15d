//! The error rules of `chart-templates/rules/`: what the chart refuses too. Each file opens with a comment that is its
//! reference entry: code and name on the first line, Markdown below.

use std::sync::LazyLock;

use crate::diagnostics::{Code, Rule, Severity};
use crate::render::TEMPLATES;

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    TEMPLATES.iter().filter(|(path, _)| path.starts_with("rules/CW")).filter_map(|(_, text)| read(text)).collect()
});

/// Reference entries of all of them.
pub fn rules() -> &'static [Rule] {
    &RULES
}

/// The code of that name.
pub(super) fn code(name: &str) -> Option<Code> {
    RULES.iter().map(|rule| rule.code).find(|code| code.0 == name)
}

fn read(text: &'static str) -> Option<Rule> {
    let comment = text.trim_start().strip_prefix("{#")?.trim_start_matches('-');
    let comment = comment.split_once("#}")?.0.trim_end_matches('-').trim();
    let (head, docs) = comment.split_once('\n').unwrap_or((comment, ""));
    let (code, name) = head.trim().split_once(' ')?;
    Some(Rule { code: Code(code), severity: Severity::Error, name, docs: docs.trim() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_file_names_the_code_it_refuses_with_and_explains_itself() {
        for (path, text) in TEMPLATES.iter().filter(|(path, _)| path.starts_with("rules/") && path.contains("/CW")) {
            let rule = read(text).unwrap_or_else(|| panic!("{path} has no head"));
            assert!(path.contains(rule.code.0), "{path} is called after its code");
            assert!(text.contains(&format!("refuse(\"{}\"", rule.code.0)), "{path} refuses with its code");
            assert!(rule.docs.len() > 40, "{path} says why");
            for other in text.split("refuse(\"").skip(1) {
                assert!(other.starts_with(rule.code.0), "{path} refuses with another code");
            }
        }
        let mut codes: Vec<&str> = rules().iter().map(|rule| rule.code.0).collect();
        let all = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), all, "a code is used once");
    }
}
