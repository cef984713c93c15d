//! Regular expressions that RE2 and the `regex` crate read alike.

use std::sync::OnceLock;

/// A checked regular expression; compiled when first used.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) text: String,
    compiled: OnceLock<Option<regex::Regex>>,
}

impl Pattern {
    /// Keeps to the part of the syntax that means the same on both sides.
    pub(super) fn new(text: &str) -> Result<Self, &'static str> {
        check(text)?;
        Ok(Self { text: text.into(), compiled: OnceLock::new() })
    }

    /// Whether it compiles; asked when the templates are translated, not on every run.
    pub(crate) fn is_valid(&self) -> bool {
        self.regex().is_some()
    }

    /// Whether it matches somewhere in the text.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    fn regex(&self) -> Option<&regex::Regex> {
        self.compiled.get_or_init(|| regex::Regex::new(&self.text).ok()).as_ref()
    }
}

fn check(text: &str) -> Result<(), &'static str> {
    let mut chars = text.chars().peekable();
    let (mut in_class, mut after_repeat) = (false, false);
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        let mut repeat = false;
        match c {
            '\\' => match chars.next() {
                Some(escaped) if escaped.is_ascii_punctuation() => {}
                _ => return Err("only punctuation may follow a backslash: `\\d` and its like mean more than ASCII"),
            },
            '[' if in_class => return Err("`[` inside a class must be escaped"),
            '[' => in_class = true,
            ']' if in_class => in_class = false,
            '&' | '~' | '-' if in_class && next == Some(c) => return Err("doubled `&`, `~` or `-` inside a class"),
            _ if in_class => {}
            '(' if next == Some('?') => {
                chars.next();
                if chars.next() != Some(':') {
                    return Err("of the groups with `?` only `(?:` is known");
                }
            }
            '*' | '+' | '{' if after_repeat => return Err("a repetition of a repetition"),
            '*' | '+' | '?' => repeat = true,
            '}' => repeat = true,
            _ => {}
        }
        after_repeat = repeat;
    }
    Ok(())
}
