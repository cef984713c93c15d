//! Secrets never reach an output: their bytes are masked in excerpts and their text is taken out of messages.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use crate::source::{Origin, SourceId, SourceKind, Sources};

/// What a masked character looks like in an excerpt; the columns stay what they are.
const MASK: char = '•';

/// What stands for a secret in running text.
const GONE: &str = "***";

/// Text shorter than this is masked in excerpts, but taken out of messages only as a whole word:
/// the secret `1` must not blank every number.
const SHORTEST_ANYWHERE: usize = 4;

/// So many first characters of a secret that is at least twice as long are taken for the secret itself: messages
/// cut long texts.
const BEGINNING: usize = 8;

/// Knows which bytes of which source are secret.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    spans: BTreeMap<SourceId, Vec<Range<usize>>>,
    secrets: Vec<String>,
}

impl Redactor {
    /// Hides the scalars at these places, and what they say wherever it is repeated.
    pub fn new(sources: &Sources, origins: &[Origin]) -> Self {
        let mut spans: BTreeMap<SourceId, Vec<Range<usize>>> = BTreeMap::new();
        let mut secrets = Vec::new();
        for origin in origins {
            spans.entry(origin.source).or_default().push(origin.start as usize..origin.end as usize);
            collect(sources.text(*origin), &mut secrets);
        }
        // The longest first, so that no rest of a longer secret remains when one contains another.
        secrets.sort_by(|a: &String, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Self { spans, secrets }
    }

    /// A text without what is secret, and without control characters that a terminal would obey.
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for secret in &self.secrets {
            if text.contains(telling(secret)) {
                text = Cow::Owned(without(&text, secret));
            }
        }
        if text.chars().any(is_control) {
            let visible = |c: char| if is_control(c) { c.escape_default().collect() } else { String::from(c) };
            text = Cow::Owned(text.chars().map(visible).collect());
        }
        text
    }

    /// [`Sources::place`] without secrets: the argument of a flag may well carry one.
    pub fn place(&self, sources: &Sources, origin: Origin) -> String {
        let source = sources.get(origin.source);
        if source.kind == SourceKind::Flag {
            format!("{} {}", source.name, self.excerpt(sources, origin.source, 0..source.text.len(), &mut []))
        } else {
            sources.place(origin)
        }
    }

    /// A part of a source with its secrets masked. `offsets` are bytes of the source on entry and bytes of the
    /// excerpt on return.
    pub fn excerpt(
        &self,
        sources: &Sources,
        source: SourceId,
        window: Range<usize>,
        offsets: &mut [&mut usize],
    ) -> String {
        let text = sources.get(source).text.get(window.clone()).unwrap_or_default();
        let spans = self.spans.get(&source).map_or(&[][..], Vec::as_slice);
        let wanted: Vec<usize> = offsets.iter().map(|offset| **offset).collect();
        let mut out = String::with_capacity(text.len());
        for (at, c) in text.char_indices().map(|(at, c)| (at + window.start, c)) {
            for (offset, wanted) in offsets.iter_mut().zip(&wanted) {
                if *wanted == at {
                    **offset = out.len();
                }
            }
            let secret = c != '\n' && c != '\r' && spans.iter().any(|span| span.contains(&at));
            out.push(if secret { MASK } else { c });
        }
        for (offset, wanted) in offsets.iter_mut().zip(&wanted) {
            if *wanted >= window.end {
                **offset = out.len();
            }
        }
        out
    }
}

fn is_control(c: char) -> bool {
    c.is_control() && c != '\n'
}

/// Every spelling under which the text of a scalar could appear in a message.
fn collect(raw: &str, secrets: &mut Vec<String>) {
    let mut keep = |text: &str| {
        let text = text.trim();
        if !text.is_empty() && !matches!(text, "|" | ">" | "|-" | ">-" | "|+" | ">+") {
            secrets.push(text.to_owned());
        }
    };
    keep(raw);
    raw.lines().for_each(&mut keep);
    if let Some(inner) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        keep(inner);
        if let Ok(decoded) = serde_json::from_str::<String>(raw) {
            keep(&decoded);
            decoded.lines().for_each(&mut keep);
        }
    } else if let Some(inner) = raw.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        keep(inner);
        keep(&inner.replace("''", "'"));
    }
}

/// What of a secret, found in a message, gives it away.
fn telling(secret: &str) -> &str {
    let cut = |at: usize| secret.char_indices().nth(at).map(|(byte, _)| byte);
    cut(BEGINNING).filter(|_| cut(2 * BEGINNING - 1).is_some()).map_or(secret, |end| &secret[..end])
}

/// Takes out the secret, or as much of it as is there.
fn without(text: &str, secret: &str) -> String {
    if secret.chars().count() >= SHORTEST_ANYWHERE {
        let (mut out, mut rest) = (String::with_capacity(text.len()), text);
        while let Some(at) = rest.find(telling(secret)) {
            let same = rest[at..].chars().zip(secret.chars()).take_while(|(a, b)| a == b);
            let length: usize = same.map(|(c, _)| c.len_utf8()).sum();
            out.push_str(&rest[..at]);
            out.push_str(GONE);
            rest = &rest[at + length..];
        }
        return out + rest;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(secret) {
        let (before, after) = (&rest[..at], &rest[at + secret.len()..]);
        let alone = !before.chars().next_back().or_else(|| out.chars().next_back()).is_some_and(char::is_alphanumeric)
            && !after.starts_with(char::is_alphanumeric);
        out.push_str(before);
        out.push_str(if alone { GONE } else { secret });
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str, secret: &str) -> (Sources, Origin) {
        let mut sources = Sources::default();
        let source = sources.add(SourceKind::File, "values.yaml", text);
        let start = text.find(secret).unwrap();
        let end = u32::try_from(start + secret.len()).unwrap();
        (sources, Origin { source, start: u32::try_from(start).unwrap(), end })
    }

    #[test]
    fn an_excerpt_keeps_its_columns_and_maps_offsets() {
        let text = "a: 'pässword' # b";
        let (sources, origin) = sources(text, "'pässword'");
        let redactor = Redactor::new(&sources, &[origin]);
        let mut after = text.find('#').unwrap();
        let out = redactor.excerpt(&sources, origin.source, 0..text.len(), &mut [&mut after]);
        assert_eq!(out, "a: •••••••••• # b");
        assert_eq!(&out[after..], "# b");
    }

    #[test]
    fn every_spelling_is_taken_out_of_messages() {
        let (sources, origin) = sources("a: \"s3\\\"cr\\u0065t\"", "\"s3\\\"cr\\u0065t\"");
        let redactor = Redactor::new(&sources, &[origin]);
        assert_eq!(redactor.clean("`s3\"cret` is not one of"), "`***` is not one of");
        assert_eq!(redactor.clean("write \"s3\\\"cr\\u0065t\""), "write ***");
    }

    #[test]
    fn a_short_secret_does_not_blank_everything() {
        let (sources, origin) = sources("pin: 12", "12");
        let redactor = Redactor::new(&sources, &[origin]);
        assert_eq!(redactor.clean("`12` is not in 112..2012, 12"), "`***` is not in 112..2012, ***");
    }

    #[test]
    fn a_secret_cut_short_is_still_a_secret() {
        let (sources, origin) =
            sources("jwt: eyJhbGciOiJFZDI1NTE5In0.eyJqdGkiOiJ9", "eyJhbGciOiJFZDI1NTE5In0.eyJqdGkiOiJ9");
        let redactor = Redactor::new(&sources, &[origin]);
        assert_eq!(redactor.clean("`eyJhbGciOiJF…` is no `eyJhb`"), "`***…` is no `eyJhb`");
    }

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(Redactor::default().clean("key `\u{1b}[31mred`"), "key `\\u{1b}[31mred`");
    }
}
