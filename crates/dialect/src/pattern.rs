//! Regular expressions that RE2 and the `regex` crate read alike.

use serde::{Deserialize, Serialize};

/// A checked regular expression.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Pattern(String);

impl Pattern {
    /// Keeps to the part of the syntax that means the same on both sides.
    pub(super) fn new(text: &str) -> Result<Self, &'static str> {
        check(text)?;
        Ok(Self(text.into()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
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
