//! Findings that a run leaves out: `--ignore CODE` or `--ignore CODE=path`.

use std::fmt;
use std::str::FromStr;

use super::allow::{USELESS_ALLOW, WRONG_ALLOW, can_be_allowed, wrong};
use super::{Diagnostic, Rule};
use crate::source::{Path, Segment};

/// One `--ignore`: a code, everywhere or at a path and below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    code: String,
    path: Option<Path>,
}

/// Why an `--ignore` cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum IgnoreError {
    /// Nothing before the `=`.
    #[error("a code such as `CW0204` is missing")]
    NoCode,
    /// Something after the `=` that is no path.
    #[error("`{0}` is not a path such as `hosts.edge.env` or `hosts.*.env`")]
    NotAPath(String),
}

impl FromStr for Ignore {
    type Err = IgnoreError;

    fn from_str(text: &str) -> Result<Self, IgnoreError> {
        let (code, path) = text.split_once('=').map_or((text, None), |(code, path)| (code, Some(path)));
        let code = code.trim();
        if code.is_empty() {
            return Err(IgnoreError::NoCode);
        }
        let read = |path: &str| {
            Path::parse(path).filter(|path| !path.0.is_empty()).ok_or_else(|| IgnoreError::NotAPath(path.to_owned()))
        };
        Ok(Self { code: code.to_owned(), path: path.map(read).transpose()? })
    }
}

impl fmt::Display for Ignore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        self.path.as_ref().map_or(Ok(()), |path| write!(f, "={path}"))
    }
}

impl Ignore {
    fn matches(&self, diagnostic: &Diagnostic) -> bool {
        let Some(wanted) = &self.path else { return self.code == diagnostic.code.0 };
        self.code == diagnostic.code.0
            && diagnostic.path.as_ref().is_some_and(|path| {
                path.0.len() >= wanted.0.len()
                    && wanted.0.iter().zip(&path.0).all(|(wanted, found)| covers(wanted, found))
            })
    }
}

fn covers(wanted: &Segment, found: &Segment) -> bool {
    wanted == found || matches!(wanted, Segment::Key(key) if key == "*")
}

/// Takes away the findings that are ignored and reports each `--ignore` that matches nothing or cannot work.
pub fn ignore(diagnostics: &mut Vec<Diagnostic>, ignores: &[Ignore], rules: &[Rule]) {
    let mut said = Vec::new();
    for ignore in ignores {
        if let Some((message, help)) = wrong(&ignore.code, rules) {
            let mut warning = Diagnostic::warning(WRONG_ALLOW, format!("`--ignore {ignore}`: {message}"));
            warning.help = help;
            said.push(warning);
        } else if !diagnostics.iter().any(|diagnostic| ignore.matches(diagnostic)) {
            said.push(
                Diagnostic::warning(USELESS_ALLOW, format!("`--ignore {ignore}` matches nothing"))
                    .with_help("remove it"),
            );
        }
    }
    diagnostics
        .retain(|diagnostic| !(can_be_allowed(diagnostic) && ignores.iter().any(|ignore| ignore.matches(diagnostic))));
    diagnostics.append(&mut said);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{Code, Severity};

    const KNOWN: &[Rule] = &[
        Rule { code: Code("CW0101"), severity: Severity::Error, name: "", docs: "" },
        Rule { code: Code("CW0204"), severity: Severity::Error, name: "", docs: "" },
    ];

    fn run(ignores: &[&str]) -> Vec<String> {
        let at = |code, path: &str| Diagnostic::error(Code(code), path).with_path(Path::parse(path).unwrap());
        let mut diagnostics =
            vec![at("CW0204", "hosts.edge.env[0].x"), at("CW0204", "operator.y"), at("CW0101", "hosts")];
        let ignores: Vec<Ignore> = ignores.iter().map(|text| text.parse().unwrap()).collect();
        ignore(&mut diagnostics, &ignores, KNOWN);
        diagnostics.iter().map(|diagnostic| format!("{} {}", diagnostic.code, diagnostic.message)).collect()
    }

    #[test]
    fn everywhere_or_at_a_path_and_below() {
        assert_eq!(run(&["CW0204"]), ["CW0101 hosts"]);
        assert_eq!(run(&["CW0204=hosts.edge"]), ["CW0204 operator.y", "CW0101 hosts"]);
        assert_eq!(run(&["CW0204=hosts.*.env"]), ["CW0204 operator.y", "CW0101 hosts"]);
        // Two that overlap are both of use.
        assert_eq!(run(&["CW0204", "CW0204=operator"]), ["CW0101 hosts"]);
    }

    #[test]
    fn what_matches_nothing_or_cannot_work_is_said() {
        let left = run(&["CW0204=nats", "CW0240", "CW0101"]);
        assert_eq!(
            left[3..],
            [
                "CW0320 `--ignore CW0204=nats` matches nothing",
                "CW0321 `--ignore CW0240`: there is no rule `CW0240`",
                "CW0321 `--ignore CW0101`: `CW0101` cannot be allowed"
            ]
        );
    }

    #[test]
    fn only_a_code_and_a_path_are_read() {
        assert_eq!("=a".parse::<Ignore>(), Err(IgnoreError::NoCode));
        assert_eq!("CW0204=a..b".parse::<Ignore>(), Err(IgnoreError::NotAPath("a..b".into())));
    }
}
