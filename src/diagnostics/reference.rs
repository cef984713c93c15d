//! What people read about the rules: `docs/rules.md`, and the entry of one code.

use std::fmt::Write as _;

use super::Rule;

const HEAD: &str = "\
# Rules

What `chartwright validate` can find, by code. A code is never used for another thing. `chartwright explain CODE`
prints one entry.

Generated from the rules themselves.
";

/// The page of all rules, sorted by code.
pub fn rules_markdown(rules: &[&Rule]) -> String {
    let mut rules = rules.to_vec();
    rules.sort_unstable_by_key(|rule| rule.code);
    let mut out = format!("{HEAD}\n| code | name | severity |\n|---|---|---|\n");
    for rule in &rules {
        let Rule { code, severity, name, .. } = rule;
        _ = writeln!(out, "| [{code}](#{code}) | {name} | {severity} |");
    }
    for rule in rules {
        let Rule { code, severity, name, docs } = rule;
        _ = write!(out, "\n## <a id=\"{code}\"></a>{code} {name}\n\nSeverity: {severity}\n\n{}\n", docs.trim_end());
    }
    out
}

/// The entry of one code, or of a rule's name; letters of either case.
pub fn explain_rule(rules: &[&Rule], code: &str) -> Option<String> {
    let named = |rule: &&&Rule| rule.code.0.eq_ignore_ascii_case(code) || rule.name.eq_ignore_ascii_case(code);
    let Rule { code, severity, name, docs } = rules.iter().find(named)?;
    Some(format!("{code} {name} ({severity})\n\n{}\n", docs.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{Code, Severity};

    const LATER: Rule =
        Rule { code: Code("CW0902"), severity: Severity::Warning, name: "b", docs: "Bad.\n\nWrite `b`." };
    const FIRST: Rule = Rule { code: Code("CW0901"), severity: Severity::Error, name: "a", docs: "Worse." };

    #[test]
    fn rules_are_sorted_by_code() {
        let page = rules_markdown(&[&LATER, &FIRST]);
        let (first, later) = (page.find("## <a id=\"CW0901\">"), page.find("## <a id=\"CW0902\">"));
        assert!(first.is_some() && first < later, "{page}");
        assert!(page.contains("| [CW0902](#CW0902) | b | warning |"));
    }

    #[test]
    fn a_rule_is_found_by_code_and_by_name() {
        assert_eq!(explain_rule(&[&LATER, &FIRST], "cw0902").unwrap(), "CW0902 b (warning)\n\nBad.\n\nWrite `b`.\n");
        assert_eq!(explain_rule(&[&LATER], "b"), explain_rule(&[&LATER], "CW0902"));
        assert_eq!(explain_rule(&[&LATER], "CW0901"), None);
    }
}
