//! What is said of a scalar, a key or a tag.

use granit_parser::Tag;

use super::scalar::{self, Differing, Doubt, Typed};
use super::{Origin, codes};
use crate::diagnostics::Diagnostic;

/// A character that Helm would print otherwise than it was read.
pub(super) fn bad_character(text: &str) -> Option<char> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t')) {
        return None;
    }
    text.chars()
        .find(|c| (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}'))
}

/// The same as a finding.
pub(super) fn control_character(text: &str, origin: Origin) -> Option<Diagnostic> {
    let found = bad_character(text)?;
    let help =
        if found == '\r' { "save the text with LF line ends" } else { "take it out; base64 carries binary data" };
    Some(
        Diagnostic::error(
            codes::CONTROL,
            format!("the text contains the control character U+{:04X}", u32::from(found)),
        )
        .at(origin, "")
        .with_help(help),
    )
}

pub(super) fn duplicate(key: &str, second: Origin, first: Origin) -> Diagnostic {
    Diagnostic::error(codes::DUPLICATE, format!("the key `{key}` is written twice in one map"))
        .at(second, "written again here")
        .and_at(first, "first here")
        .with_help("join the two: Helm would take the last and drop the first without a word")
}

pub(super) fn doubted(text: &str, doubt: Doubt, origin: Origin) -> Diagnostic {
    match doubt {
        Doubt::Range(why) => {
            Diagnostic::error(codes::NUMBER, format!("the number `{text}` would not arrive as written: {why}"))
                .at(origin, "")
                .with_help(format!("write `\"{text}\"` for the text"))
        }
        Doubt::Readers(Differing { helm, other, typed }) | Doubt::Letter(Differing { helm, other, typed }) => {
            let or = typed.map_or_else(String::new, |typed| format!(", or `{typed}`"));
            Diagnostic::error(codes::AMBIGUOUS, format!("`{text}` is {helm} to Helm (YAML 1.1), but {other}"))
                .at(origin, "")
                .with_help(format!("write `\"{text}\"` for the text{or}"))
        }
    }
}

pub(super) fn is_text_tag(tag: &Tag) -> bool {
    tag.is_yaml_core_schema_tag("str") || (tag.handle() == "!" && tag.suffix().is_empty()) || tag.original() == "!"
}

/// `!!int` and its kin are honoured where they say what the text is anyway.
pub(super) fn tag_fits(tag: &Tag, text: &str) -> bool {
    is_text_tag(tag)
        || matches!(
            (tag.core_suffix(), scalar::read(text).helm),
            (Some("null"), Typed::Null)
                | (Some("bool"), Typed::Bool(_))
                | (Some("int"), Typed::Int(_))
                | (Some("float"), Typed::Int(_) | Typed::Float(_))
        )
}

pub(super) fn misfit(tag: &Tag, origin: Origin) -> Diagnostic {
    Diagnostic::error(codes::REFERENCE, format!("the tag `{}` does not fit here", tag.original()))
        .at(origin, "Helm ignores such a tag without a word")
        .with_help("leave the tag out; text that starts with `!` needs quotes")
}
