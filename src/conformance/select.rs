//! Which checks are run.

use super::{Check, Need};

/// `--only`, `--skip` and `--features`.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Patterns of ids or names of families; none means all.
    pub only: Vec<String>,
    /// Patterns of those that are left out.
    pub skip: Vec<String>,
    /// What the platform claims to have; `None`: whatever it is found to have.
    pub features: Option<Vec<Need>>,
}

impl Selection {
    /// What is meant, or which text means nothing: a pattern that no check has is a mistake, not an empty run.
    pub fn new(only: Vec<String>, skip: Vec<String>, features: &[String]) -> Result<Self, String> {
        let all = super::checks();
        for text in only.iter().chain(&skip) {
            if !all.iter().any(|check| matches(text, check)) {
                return Err(format!("`{text}` is neither a family nor the id of a check; `--list` prints all of them"));
            }
        }
        let mut claimed = Vec::new();
        for name in features {
            let need = Need::ALL.into_iter().find(|need| need.name() == name);
            claimed.push(need.ok_or_else(|| {
                let names: Vec<&str> = Need::ALL.iter().map(|need| need.name()).collect();
                format!("`{name}` is no feature; there are {}", names.join(", "))
            })?);
        }
        Ok(Self { only, skip, features: (!features.is_empty()).then_some(claimed) })
    }

    /// Whether a check is to be run.
    pub fn has(&self, check: &Check) -> bool {
        (self.only.is_empty() || self.only.iter().any(|text| matches(text, check)))
            && !self.skip.iter().any(|text| matches(text, check))
    }
}

/// `http`, `http.routing`, `http.routing.unknown-host`, `*.routing.*`.
fn matches(pattern: &str, check: &Check) -> bool {
    let below = check.id.strip_prefix(pattern).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    below || wild(pattern.as_bytes(), check.id.as_bytes())
}

fn wild(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => wild(rest, text) || text.split_first().is_some_and(|(_, text)| wild(pattern, text)),
        (Some((one, rest)), Some((other, text))) => one == other && wild(rest, text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(only: &[&str], skip: &[&str]) -> Vec<&'static str> {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let selection = Selection::new(texts(only), texts(skip), &[]).unwrap();
        super::super::checks().into_iter().filter(|check| selection.has(check)).map(|check| check.id).collect()
    }

    #[test]
    fn families_ids_and_patterns_select() {
        let all = chosen(&[], &[]).len();
        assert!(chosen(&["install"], &[]).iter().all(|id| id.starts_with("install.")));
        assert_eq!(chosen(&["install.selectors"], &[]), ["install.selectors"]);
        assert_eq!(chosen(&["*.selectors"], &[]), ["install.selectors"]);
        assert_eq!(chosen(&[], &["install"]).len() + chosen(&["install"], &[]).len(), all);
    }

    #[test]
    fn what_matches_nothing_is_a_mistake() {
        let none = |only: &str, feature: &[String]| Selection::new(vec![only.to_owned()], vec![], feature).unwrap_err();
        assert!(none("instal", &[]).contains("--list"));
        assert!(none("install", &["gpu".to_owned()]).contains("two-hosts"));
    }
}
