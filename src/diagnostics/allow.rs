//! Findings that the author of a file accepts: `# chartwright: allow(CW0204) reason`.
//!
//! The comment stands on the line of the finding, on a line of its own right before it, or anywhere within the
//! text the finding is about. An allow that no longer allows anything is said, so that none outlives its cause.

use super::{Code, Diagnostic, Rule, Severity, suggest};
use crate::source::{Comment, Origin, Sources};

/// CW0320: an allow comment or `--ignore` that matches nothing.
pub const USELESS_ALLOW: Code = Code("CW0320");
/// CW0321: an allow comment or `--ignore` that cannot work.
pub const WRONG_ALLOW: Code = Code("CW0321");

/// The rules about allowing and ignoring.
pub const RULES: &[Rule] = &[
    Rule {
        code: USELESS_ALLOW,
        severity: Severity::Warning,
        name: "useless-allow",
        docs: "\
An allow comment or an `--ignore` that matches no finding.

The finding was repaired, has moved, or never was there. Left alone, the allow would hide the next, different mistake.

```yaml
replicas: 2  # chartwright: allow(CW0201) historical
```

Remove the comment, or put it on the line of the finding or the line before it.",
    },
    Rule {
        code: WRONG_ALLOW,
        severity: Severity::Warning,
        name: "wrong-allow",
        docs: "\
An allow comment or an `--ignore` that cannot work: the code does not exist, the comment cannot be read, or the code
belongs to the reading of files (`CW01..`), whose errors leave nothing to go on with.

```yaml
# chartwright: allow(CW0240)
```

Write the codes as they are printed, several with commas: `# chartwright: allow(CW0204, CW0207) reason`.",
    },
];

/// One code of one allow comment.
struct Allow {
    code: String,
    /// The code inside the comment.
    origin: Origin,
    /// The line the comment is on.
    line: usize,
    /// The line it speaks of, if it has a line of its own.
    next: Option<usize>,
    used: bool,
}

/// Takes away the findings that comments allow and reports the comments that allow nothing. `diagnostics` are
/// those of a whole run: with rules left out, their allows would seem to match nothing.
pub fn allow(diagnostics: &mut Vec<Diagnostic>, comments: &[Comment], sources: &Sources, rules: &[Rule]) {
    let mut said = Vec::new();
    let mut allows = Vec::new();
    for comment in comments {
        read(comment, comments, sources, rules, &mut allows, &mut said);
    }
    diagnostics.retain(|diagnostic| {
        let Some(label) = diagnostic.primary.as_ref().filter(|_| can_be_allowed(diagnostic)) else { return true };
        let (first, last) = (sources.position(label.origin).line, sources.end_position(label.origin).line);
        let mut keep = true;
        for allow in &mut allows {
            if allow.code == diagnostic.code.0
                && allow.origin.source == label.origin.source
                && ((first..=last).contains(&allow.line) || allow.next == Some(first))
            {
                allow.used = true;
                keep = false;
            }
        }
        keep
    });
    said.extend(allows.into_iter().filter(|allow| !allow.used).map(|allow| {
        Diagnostic::warning(USELESS_ALLOW, format!("this allows `{}`, which is not found here", allow.code))
            .at(allow.origin, "matches nothing")
            .with_help("remove it, or move it to the line of the finding or the line before")
    }));
    diagnostics.append(&mut said);
}

fn read(
    comment: &Comment,
    comments: &[Comment],
    sources: &Sources,
    rules: &[Rule],
    allows: &mut Vec<Allow>,
    said: &mut Vec<Diagnostic>,
) {
    let text = comment.text.trim_start_matches('#').trim();
    let Some(directive) = text.strip_prefix("chartwright:") else { return };
    let list = directive.trim_start().strip_prefix("allow(").and_then(|rest| rest.split_once(')'));
    let Some((list, _reason)) = list.filter(|(list, _)| !list.trim().is_empty()) else {
        said.push(
            Diagnostic::warning(WRONG_ALLOW, "this comment is not understood")
                .at(comment.origin, "")
                .with_help("write `# chartwright: allow(CW0204) reason`"),
        );
        return;
    };
    let line = sources.position(comment.origin).line;
    let next = own_line(comment.origin, sources).then(|| line_after(line, comment, comments, sources));
    for code in list.split(',').map(str::trim) {
        let origin = within(comment.origin, code, sources);
        match wrong(code, rules) {
            None => allows.push(Allow { code: code.to_owned(), origin, line, next, used: false }),
            Some((message, help)) => {
                let mut warning = Diagnostic::warning(WRONG_ALLOW, message).at(origin, "");
                warning.help = help;
                said.push(warning);
            }
        }
    }
}

/// Why a code can be neither allowed nor ignored, and what was meant.
pub(super) fn wrong(code: &str, rules: &[Rule]) -> Option<(String, Option<String>)> {
    match rules.iter().find(|rule| rule.code.0 == code) {
        None => Some((
            format!("there is no rule `{code}`"),
            suggest::did_you_mean(code, rules.iter().map(|rule| rule.code.0)),
        )),
        Some(rule) if of_the_loader(rule.code) && rule.severity == Severity::Error => Some((
            format!("`{code}` cannot be allowed"),
            Some("repair it: without it the file cannot be read as it was meant".to_owned()),
        )),
        Some(_) => None,
    }
}

/// Whether a finding may be taken away at all.
pub(super) fn can_be_allowed(diagnostic: &Diagnostic) -> bool {
    !(of_the_loader(diagnostic.code) && diagnostic.severity == Severity::Error)
}

fn of_the_loader(code: Code) -> bool {
    code.0.starts_with("CW01")
}

/// Whether nothing but space stands before it on its line.
fn own_line(origin: Origin, sources: &Sources) -> bool {
    let before = sources.get(origin.source).text.get(..origin.start as usize).unwrap_or_default();
    before.rsplit('\n').next().unwrap_or_default().trim().is_empty()
}

/// The line below the block of comments that this one belongs to.
fn line_after(line: usize, comment: &Comment, comments: &[Comment], sources: &Sources) -> usize {
    let is_comment = |line: usize| {
        comments.iter().any(|other| {
            other.origin.source == comment.origin.source
                && sources.position(other.origin).line == line
                && own_line(other.origin, sources)
        })
    };
    let mut next = line + 1;
    while is_comment(next) {
        next += 1;
    }
    next
}

/// The place of `needle` inside `origin`.
fn within(origin: Origin, needle: &str, sources: &Sources) -> Origin {
    let offset = sources.text(origin).find(needle).and_then(|at| u32::try_from(at).ok());
    let length = u32::try_from(needle.len()).ok().filter(|length| *length > 0);
    match offset.zip(length) {
        Some((at, length)) => {
            Origin { source: origin.source, start: origin.start + at, end: origin.start + at + length }
        }
        None => origin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceKind;

    const KNOWN: &[Rule] = &[
        Rule { code: Code("CW0101"), severity: Severity::Error, name: "", docs: "" },
        Rule { code: Code("CW0201"), severity: Severity::Error, name: "", docs: "" },
        Rule { code: Code("CW0204"), severity: Severity::Error, name: "", docs: "" },
    ];

    /// Findings `(code, text it is about)`; what remains as `CODE line:column`.
    fn run(text: &str, found: &[(&'static str, &str)]) -> Vec<String> {
        let mut sources = Sources::default();
        let source = sources.add(SourceKind::File, "values.yaml", text);
        let origin = |start: usize, length: usize| Origin {
            source,
            start: u32::try_from(start).unwrap(),
            end: u32::try_from(start + length).unwrap(),
        };
        let mut comments = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            if let Some(at) = line.find('#') {
                let comment = line[at..].trim_end();
                comments.push(Comment { origin: origin(start + at, comment.len()), text: comment[1..].to_owned() });
            }
            start += line.len();
        }
        let mut diagnostics: Vec<_> = found
            .iter()
            .map(|(code, about)| {
                Diagnostic::error(Code(code), "x").at(origin(text.find(about).unwrap(), about.len()), "")
            })
            .collect();
        allow(&mut diagnostics, &comments, &sources, KNOWN);
        let line = |diagnostic: &Diagnostic| {
            let position = sources.position(diagnostic.primary.as_ref().unwrap().origin);
            format!("{} {}:{}", diagnostic.code, position.line, position.column)
        };
        diagnostics.iter().map(line).collect()
    }

    const NONE: [&str; 0] = [];

    #[test]
    fn on_the_line_or_the_line_before() {
        assert_eq!(run("ab: 1 # chartwright: allow(CW0204) old chart\n", &[("CW0204", "ab")]), NONE);
        assert_eq!(run("# chartwright: allow(CW0204)\nab: 1\n", &[("CW0204", "ab")]), NONE);
        assert_eq!(run("# chartwright: allow(CW0204)\n# why: see there\nab: 1\n", &[("CW0204", "ab")]), NONE);
    }

    #[test]
    fn anywhere_within_the_text_it_is_about() {
        let text = "a:\n  b: 1\n  # chartwright: allow(CW0201)\n  c: 1\n";
        assert_eq!(run(text, &[("CW0201", "b: 1\n  # chartwright: allow(CW0201)\n  c: 1")]), NONE);
    }

    #[test]
    fn a_comment_behind_a_value_does_not_speak_of_the_next_line() {
        let left = run("a: 1 # chartwright: allow(CW0204)\nbc: 1\n", &[("CW0204", "bc")]);
        assert_eq!(left, ["CW0204 2:1", "CW0320 1:27"]);
    }

    #[test]
    fn a_list_is_judged_code_by_code() {
        let left = run("# chartwright: allow(CW0204, CW0201)\nab: 1\n", &[("CW0204", "ab")]);
        assert_eq!(left, ["CW0320 1:30"]);
    }

    #[test]
    fn unknown_codes_and_unreadable_comments_are_said() {
        assert_eq!(run("a: 1 # chartwright: allow(CW0240)\n", &[]), ["CW0321 1:27"]);
        assert_eq!(run("a: 1 # chartwright: alow(CW0204)\n", &[]), ["CW0321 1:6"]);
        assert_eq!(run("a: 1 # chartwright: allow()\n", &[]), ["CW0321 1:6"]);
        assert_eq!(run("a: 1 # about chartwright\n", &[]), NONE);
    }

    #[test]
    fn errors_of_the_loader_stay() {
        let left = run("ab: 1 # chartwright: allow(CW0101)\n", &[("CW0101", "ab")]);
        assert_eq!(left, ["CW0101 1:1", "CW0321 1:28"]);
    }
}
