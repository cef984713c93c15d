//! Filters, tests and functions, with the meaning their Go twins have.

use chartwright_dialect::{Expr, Op};
use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::{Failure, Frame, Result, Run};
use crate::render::{go, merge, value::Value};

impl<'s> Run<'_, 's> {
    pub(super) fn op(&mut self, op: &Op, args: &[Expr<'s>], at: &Expr<'s>, frame: &mut Frame) -> Result<Value> {
        match op {
            Op::Quote | Op::ToYaml | Op::Indent(_) | Op::Nindent(_) => {
                let mut text = String::new();
                self.print(at, frame, &mut text)?;
                return Ok(Value::str(text));
            }
            Op::Concat => return self.concat(args, frame),
            Op::Nulls => {
                let maps = args.iter().map(|arg| self.value(arg, frame)).collect::<Result<Vec<_>>>()?;
                return merge::nulls(&maps).map_err(|message| Failure { place: at.place, message });
            }
            _ => {}
        }
        let subject = self.arg(args, 0, frame)?;
        let fail = |message: String| Failure { place: at.place, message };
        Ok(match op {
            Op::Text => Value::str(go::text(&subject)),
            Op::ToJson | Op::RawJson => {
                let html = if matches!(op, Op::RawJson) { go::Html::Plain } else { go::Html::Escaped };
                let mut text = String::new();
                go::write_json(&subject, html, &mut text);
                Value::str(text)
            }
            Op::Sha256 => Value::str(hex(&Sha256::digest(go::text(&subject).as_bytes()))),
            Op::Join => {
                let separator = go::text(&self.arg(args, 1, frame)?);
                Value::str(join(&subject, &separator))
            }
            Op::Replace => {
                let (from, to) = (go::text(&self.arg(args, 1, frame)?), go::text(&self.arg(args, 2, frame)?));
                Value::str(go::text(&subject).replace(&from, &to))
            }
            Op::Trunc(width) => Value::str(trunc(&go::text(&subject), *width)),
            Op::B64enc => Value::str(STANDARD.encode(go::text(&subject))),
            Op::Lower => Value::str(go::lower(&go::text(&subject))),
            Op::Trim => Value::str(go::text(&subject).trim()),
            Op::Basename => Value::str(go::base(&go::text(&subject))),
            Op::Find(pattern) => {
                let text = go::text(&subject);
                Value::str(self.regex(pattern).and_then(|regex| regex.find(&text)).map_or("", |found| found.as_str()))
            }
            Op::Int => Value::Int(go::int(&subject)),
            Op::Bool => Value::Bool(subject.is_true()),
            Op::Default => {
                let default = self.arg(args, 1, frame)?;
                if subject.is_true() { subject } else { default }
            }
            Op::First => items(&subject).map_err(fail)?.first().cloned().unwrap_or(Value::Nil),
            Op::Last => items(&subject).map_err(fail)?.last().cloned().unwrap_or(Value::Nil),
            Op::Length => Value::Int(length(&subject).map_err(fail)?),
            Op::Keys => match &subject {
                Value::Map(map) => Value::list(map.keys().cloned().map(Value::Str).collect()),
                other if !other.is_true() => Value::list(Vec::new()),
                other => return Err(fail(format!("`keys` of {}", other.kind()))),
            },
            Op::IsSet => Value::Bool(!matches!(subject, Value::Nil)),
            Op::IsString => Value::Bool(matches!(subject, Value::Str(_))),
            Op::IsMapping => Value::Bool(matches!(subject, Value::Map(_))),
            Op::IsSequence => Value::Bool(matches!(subject, Value::List(_))),
            Op::IsBoolean => Value::Bool(matches!(subject, Value::Bool(_))),
            Op::StartsWith => {
                let prefix = go::text(&self.arg(args, 1, frame)?);
                Value::Bool(go::text(&subject).starts_with(&prefix))
            }
            Op::EndsWith => {
                let suffix = go::text(&self.arg(args, 1, frame)?);
                Value::Bool(go::text(&subject).ends_with(&suffix))
            }
            Op::Containing => {
                let what = self.arg(args, 1, frame)?;
                Value::Bool(match &subject {
                    Value::List(items) => items.iter().any(|item| item.same(&what)),
                    Value::Str(text) => text.contains(&go::text(&what)),
                    other if !other.is_true() => false,
                    other => {
                        return Err(fail(format!("`containing` looks into text or a list, this is {}", other.kind())));
                    }
                })
            }
            Op::Matching(pattern) => {
                Value::Bool(self.regex(pattern).is_some_and(|regex| regex.is_match(&go::text(&subject))))
            }
            Op::HasApi => {
                let wanted = go::text(&subject);
                Value::Bool(self.input.api_versions.contains(&wanted))
            }
            Op::VersionAtLeast => {
                let least = go::text(&self.arg(args, 1, frame)?);
                let version = if subject.is_true() { go::text(&subject) } else { "0.0.0".into() };
                match (release_of(&version), release_of(&least)) {
                    (Some(version), Some(least)) => Value::Bool(version >= least),
                    _ => return Err(fail(format!("`{version}` is no version"))),
                }
            }
            Op::Append => {
                let item = self.arg(args, 1, frame)?;
                let mut list = match subject {
                    Value::List(list) => list,
                    other if !other.is_true() => Arc::default(),
                    other => return Err(fail(format!("`append` to {}", other.kind()))),
                };
                Arc::make_mut(&mut list).push(item);
                Value::List(list)
            }
            Op::Quote | Op::ToYaml | Op::Indent(_) | Op::Nindent(_) | Op::Concat | Op::Nulls => Value::Nil,
        })
    }

    fn concat(&mut self, args: &[Expr<'s>], frame: &mut Frame) -> Result<Value> {
        let mut all = Vec::new();
        for arg in args {
            let value = self.value(arg, frame)?;
            all.extend_from_slice(items(&value).map_err(|message| Failure { place: arg.place, message })?);
        }
        Ok(Value::list(all))
    }
}

/// The three numbers of a version, `v` in front and the last two numbers optional; none when it is no version.
///
/// A pre-release counts as the release: `2.9.0-rc.1` knows what 2.9.0 knows.
fn release_of(version: &str) -> Option<[u64; 3]> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let (version, build) = version.split_once('+').map_or((version, None), |(core, build)| (core, Some(build)));
    let (core, pre) = version.split_once('-').map_or((version, None), |(core, pre)| (core, Some(pre)));
    let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let padded = |part: &str| part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit());
    if !build.is_none_or(|build| build.split('.').all(word))
        || !pre.is_none_or(|pre| pre.split('.').all(|part| word(part) && !padded(part)))
    {
        return None;
    }
    let mut numbers = [0; 3];
    for (position, part) in core.split('.').enumerate() {
        if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *numbers.get_mut(position)? = part.parse().ok()?;
    }
    Some(numbers)
}

/// The items of a list; none of anything empty.
fn items(value: &Value) -> std::result::Result<&[Value], String> {
    match value {
        Value::List(items) => Ok(items),
        other if !other.is_true() => Ok(&[]),
        other => Err(format!("a list is wanted, this is {}", other.kind())),
    }
}

/// Go counts the bytes of a string.
fn length(value: &Value) -> std::result::Result<i64, String> {
    let length = match value {
        Value::Str(text) => text.len(),
        Value::List(items) => items.len(),
        Value::Map(map) => map.len(),
        other if !other.is_true() => 0,
        other => return Err(format!("the length of {}", other.kind())),
    };
    i64::try_from(length).map_err(|err| err.to_string())
}

/// Sprig's `join`: nil items are left out; anything but a list is a list of one.
fn join(value: &Value, separator: &str) -> String {
    match value {
        Value::List(items) => {
            let texts: Vec<String> = items.iter().filter(|item| !matches!(item, Value::Nil)).map(go::display).collect();
            texts.join(separator)
        }
        other => go::text(other),
    }
}

/// `trunc n | trimSuffix "-"`; never inside a character.
fn trunc(text: &str, width: usize) -> &str {
    let cut = &text[..text.floor_char_boundary(width)];
    cut.strip_suffix('-').unwrap_or(cut)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_name_ends_without_a_dash() {
        assert_eq!(trunc("abc-def", 4), "abc");
        assert_eq!(trunc("abc-", 63), "abc");
        assert_eq!(trunc("äb", 1), "");
    }
}
