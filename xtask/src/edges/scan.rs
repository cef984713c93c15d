//! Which rooms and libraries a Rust text names: a scanner for words and path signs, no parser.

/// A name that a text uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Use {
    /// The line, from 1.
    pub line: usize,
    /// The first word of the path behind the crate's root, or the library.
    pub name: String,
    /// Whose name it is.
    pub kind: Kind,
}

/// Whose name it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A module at the root of this crate.
    Own,
    /// Something from another crate.
    Library,
}

/// A word, or one sign; `::` is one.
#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    line: usize,
    text: &'a str,
}

/// What `text`, the text of a module `depth` levels below the root, names.
pub(super) fn uses(text: &str, depth: usize) -> Vec<Use> {
    let tokens = tokens(text);
    let at = |index: usize| tokens.get(index).map_or("", |token: &Token<'_>| token.text);
    let mut found = Vec::new();
    // Brace levels at which an inline module began: each is one more `super`.
    let mut inline: Vec<usize> = Vec::new();
    let mut level = 0_usize;
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        let before = if index == 0 { "" } else { at(index - 1) };
        match token.text {
            "{" => {
                if index >= 2 && at(index - 2) == "mod" {
                    inline.push(level);
                }
                level += 1;
            }
            "}" => {
                level = level.saturating_sub(1);
                if inline.last() == Some(&level) {
                    inline.pop();
                }
            }
            "crate" | "super" if before != "::" && at(index + 1) == "::" => {
                let mut rest = index + 2;
                let mut ups = usize::from(token.text == "super");
                while at(rest) == "super" && at(rest + 1) == "::" {
                    ups += 1;
                    rest += 2;
                }
                if token.text == "crate" || ups == depth + inline.len() {
                    found.extend(names(&tokens, rest));
                }
            }
            word if is_word(word)
                && before != "::"
                && (at(index + 1) == "::" || before == "use" || before == "crate") =>
            {
                found.push(Use { line: token.line, name: word.to_owned(), kind: Kind::Library });
            }
            _ => {}
        }
        index += 1;
    }
    found
}

/// The first words behind a path's root: one, or those of a group.
fn names(tokens: &[Token<'_>], start: usize) -> Vec<Use> {
    let own = |token: &Token<'_>| Use { line: token.line, name: token.text.to_owned(), kind: Kind::Own };
    match tokens.get(start) {
        Some(token) if token.text == "{" => {
            let mut found = Vec::new();
            let mut level = 1;
            let mut first = true;
            for token in &tokens[start + 1..] {
                match token.text {
                    "{" => level += 1,
                    "}" => level -= 1,
                    "," if level == 1 => first = true,
                    word if level == 1 && first && is_word(word) => {
                        found.push(own(token));
                        first = false;
                    }
                    _ => {}
                }
                if level == 0 {
                    break;
                }
            }
            found
        }
        Some(token) if is_word(token.text) => vec![own(token)],
        _ => Vec::new(),
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first == '_' || first.is_alphabetic())
}

/// Words and signs, without comments, strings and characters.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let (mut index, mut line) = (0, 1);
    while index < bytes.len() {
        let rest = &text[index..];
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = string(rest) {
            length
        } else if let Some(length) = character(rest) {
            length
        } else if is_word(rest) {
            let length = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
            tokens.push(Token { line, text: &rest[..length] });
            length
        } else {
            let length = if rest.starts_with("::") { 2 } else { rest.chars().next().map_or(1, char::len_utf8) };
            if !rest.starts_with(char::is_whitespace) {
                tokens.push(Token { line, text: &rest[..length] });
            }
            length
        };
        line += rest[..length].matches('\n').count();
        index += length;
    }
    tokens
}

/// The length of a block comment; they nest.
fn block_comment(rest: &str) -> usize {
    let mut level = 0;
    let mut index = 0;
    while index < rest.len() {
        let here = &rest.as_bytes()[index..];
        if here.starts_with(b"/*") {
            level += 1;
            index += 2;
        } else if here.starts_with(b"*/") {
            level -= 1;
            index += 2;
            if level == 0 {
                return index;
            }
        } else {
            index += 1;
        }
    }
    rest.len()
}

/// The length of a string literal with its prefix, if one starts here.
fn string(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].iter().find(|prefix| {
        rest.strip_prefix(**prefix).is_some_and(|rest| {
            rest.starts_with('"')
                || (prefix.ends_with('r') && rest.trim_start_matches('#').starts_with('"') && rest.starts_with('#'))
        })
    })?;
    let body = &rest[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = body.bytes().take_while(|byte| *byte == b'#').count();
        let close = format!("\"{}", "#".repeat(hashes));
        let open = prefix.len() + hashes + 1;
        return Some(rest[open..].find(&close).map_or(rest.len(), |end| open + end + close.len()));
    }
    let mut escaped = false;
    for (index, byte) in body.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(prefix.len() + index + 1),
            _ => {}
        }
    }
    Some(rest.len())
}

/// The length of a character literal, if one starts here; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('\'')?;
    if let Some(escaped) = body.strip_prefix('\\') {
        let skipped = escaped.chars().next()?.len_utf8();
        return escaped[skipped..].find('\'').map(|end| 2 + skipped + end + 1);
    }
    let first = body.chars().next()?;
    body[first.len_utf8()..].starts_with('\'').then(|| 2 + first.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(text: &str, depth: usize) -> Vec<(usize, String)> {
        let own = uses(text, depth).into_iter().filter(|found| found.kind == Kind::Own);
        own.map(|found| (found.line, found.name)).collect()
    }

    fn names_of(text: &str, depth: usize) -> Vec<String> {
        own(text, depth).into_iter().map(|(_, name)| name).collect()
    }

    fn libraries(text: &str) -> Vec<String> {
        let found = uses(text, 1).into_iter().filter(|found| found.kind == Kind::Library);
        found.map(|found| found.name).collect()
    }

    #[test]
    fn paths_are_found_where_they_stand() {
        let text = "use crate::a::B;\nfn f() -> crate::c::D { crate::e() }\npub(in crate::g) struct S;\n";
        assert_eq!(own(text, 1), [(1, "a".into()), (2, "c".into()), (2, "e".into()), (3, "g".into())]);
    }

    #[test]
    fn groups_name_their_first_words_only() {
        assert_eq!(names_of("use crate::{a, b::{c, d}, e::f as g};", 1), ["a", "b", "e"]);
    }

    #[test]
    fn comments_and_strings_name_nothing() {
        let text = r##"
            //! See [`crate::a`].
            /* crate::b /* crate::c */ crate::d */
            const S: &str = "crate::e \" crate::f";
            const R: &str = r#"crate::g " crate::h"#;
            const C: [char; 3] = ['"', '\'', '\u{1F600}'];
            fn f<'a>(x: &'a str) -> crate::real::T<'a> {}
        "##;
        assert_eq!(names_of(text, 1), ["real"]);
    }

    #[test]
    fn a_super_that_leaves_the_room_is_followed() {
        assert!(names_of("use super::sibling;", 2).is_empty());
        assert_eq!(names_of("use super::super::other::X;", 2), ["other"]);
        assert_eq!(names_of("use super::{a, b::C};", 1), ["a", "b"]);
    }

    #[test]
    fn an_inline_module_is_one_level_more() {
        assert!(names_of("mod tests { use super::render; }", 1).is_empty());
        assert_eq!(names_of("mod tests { use super::super::render; } use super::values;", 1), ["render", "values"]);
    }

    #[test]
    fn libraries_are_found_at_the_head_of_a_path() {
        assert_eq!(libraries("use clap::Parser; fn f() -> anyhow::Result<()> { x.clap() }"), ["clap", "anyhow"]);
        assert!(libraries("use crate::values::clap;").iter().all(|name| name != "clap"));
        assert_eq!(libraries("#[derive(clap::Args)] struct A;"), ["clap"]);
    }
}
