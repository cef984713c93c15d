//! Findings in words: what, where, and what to write instead.

use serde_json::Value as Schema;

use super::Checker;
use super::map::place_of;
use super::parts::Part;
use super::rules::{
    MISSING_KEY, NO_MATCH, NOT_ONE_OF, OUT_OF_RANGE, TOO_MANY_OR_FEW, UNKNOWN_KEY, UNQUOTED, WRONG_TYPE,
};
use crate::diagnostics::{Code, Diagnostic, suggest};
use crate::source::{Entry, Node, Origin, SourceKind, Style, Value};

/// Longer texts are cut in messages: the excerpt shows them anyway.
const LONGEST: usize = 60;

/// More values than this are not listed but counted.
const MOST_LISTED: usize = 8;

impl<'a> Checker<'a> {
    fn finding(&self, code: Code, message: String, place: Origin, label: &str) -> Diagnostic {
        Diagnostic::error(code, message).at(place, label).with_path(self.path())
    }

    pub(super) fn wrong_type(&self, wanted: &[&str], parts: &[Part<'a>], node: &'a Node) -> Diagnostic {
        if wanted.contains(&"string") && is_unquoted(node) {
            return self.unquoted(node);
        }
        let kinds: Vec<String> =
            wanted.iter().filter(|kind| **kind != "null").map(|kind| in_words(kind).to_owned()).collect();
        let kinds = if kinds.is_empty() { "null".to_owned() } else { or(&kinds) };
        let message = format!("expected {kinds}, found {}", node.value.kind());
        let label = format!("`{}` takes {kinds}", self.path());
        let mut finding = self.finding(WRONG_TYPE, message, node.origin, &label);
        finding.help = self.instead(wanted, parts, node);
        finding
    }

    /// What to write so that the type is right.
    fn instead(&self, wanted: &[&str], parts: &[Part<'a>], node: &Node) -> Option<String> {
        let flag = self.is_flag(node);
        if let Value::String(text) = &node.value {
            let unquoted = match () {
                () if wanted.contains(&"integer") && text.parse::<i64>().is_ok() => Some(text.clone()),
                () if wanted.contains(&"number") && text.parse::<f64>().is_ok() => Some(text.clone()),
                () if wanted.contains(&"boolean") => {
                    Some(text.to_lowercase()).filter(|text| matches!(text.as_str(), "true" | "false"))
                }
                () => None,
            };
            if let Some(text) = unquoted {
                return Some(if flag {
                    "use `--set` instead of `--set-string`".to_owned()
                } else {
                    format!("write `{text}` without quotes")
                });
            }
        }
        let text = shown(&self.written(node)?);
        if wanted.contains(&"array") {
            let item = if self.names_things(parts) && node.value.kind() == "a string" {
                format!("name: {text}")
            } else {
                text
            };
            return Some(if flag {
                format!("write a list: `{{{item}}}`")
            } else {
                format!("write a list: `- {item}`")
            });
        }
        let has_name = parts.iter().any(|part| part.table("properties").is_some_and(|keys| keys.contains_key("name")));
        (wanted.contains(&"object") && has_name && !flag).then(|| format!("write `name: {text}`"))
    }

    fn unquoted(&self, node: &Node) -> Diagnostic {
        let written = self.written(node).unwrap_or_default();
        let read = node.to_json().to_string();
        let message = format!("`{}` would not survive as a string", shown(&written));
        let label = format!("is read as {}", node.value.kind());
        let finding = self.finding(UNQUOTED, message, node.origin, &label);
        let finding = finding.with_help(if self.is_flag(node) {
            "use `--set-string` instead of `--set`".to_owned()
        } else {
            format!("write `\"{}\"`", written.replace('\\', "\\\\").replace('"', "\\\""))
        });
        if read == written { finding } else { finding.with_note(format!("without quotes it is `{read}`")) }
    }

    pub(super) fn not_one_of(&self, literals: &[&Schema], node: &Node) -> Diagnostic {
        let texts: Vec<&str> = literals.iter().filter_map(|literal| literal.as_str()).collect();
        if texts.len() == literals.len() && is_unquoted(node) {
            return self.unquoted(node);
        }
        let found = self.written_value(node);
        let listed: Vec<String> = literals
            .iter()
            .filter(|literal| !literal.is_null())
            .map(|literal| format!("`{}`", bare(literal)))
            .collect();
        let message = match &listed[..] {
            [] => format!("{found} is not null"),
            [only] => format!("{found} is not {only}"),
            all if all.len() <= MOST_LISTED => format!("{found} is not one of {}", all.join(", ")),
            all => {
                format!("{found} is not one of {} and {} more", all[..MOST_LISTED].join(", "), all.len() - MOST_LISTED)
            }
        };
        let mut finding = self.finding(NOT_ONE_OF, message, node.origin, "");
        finding.help = node.as_str().and_then(|text| suggest::did_you_mean(text, texts));
        finding
    }

    pub(super) fn no_match(&self, part: &Part<'_>, pattern: &str, text: &str, node: &Node) -> Diagnostic {
        self.finding(NO_MATCH, pattern_in_words(part, pattern, text), node.origin, "")
    }

    pub(super) fn bad_name(&self, part: &Part<'_>, pattern: &str, name: &str, key: Origin) -> Diagnostic {
        self.finding(NO_MATCH, pattern_in_words(part, pattern, name), key, "")
    }

    pub(super) fn wrong_length(
        &self,
        length: usize,
        least: Option<usize>,
        most: Option<usize>,
        node: &Node,
    ) -> Diagnostic {
        self.length(length, least, most, node.origin)
    }

    pub(super) fn bad_name_length(
        &self,
        length: usize,
        least: Option<usize>,
        most: Option<usize>,
        key: Origin,
    ) -> Diagnostic {
        self.length(length, least, most, key)
    }

    fn length(&self, length: usize, least: Option<usize>, most: Option<usize>, place: Origin) -> Diagnostic {
        let message = format!("{length} characters are {}", too_many_or_few(length, least, most));
        self.finding(OUT_OF_RANGE, message, place, "")
    }

    pub(super) fn out_of_range(&self, part: &Part<'_>, node: &Node) -> Diagnostic {
        let bound = |inclusive: &str, exclusive: &str, words: [&str; 2]| {
            let bound = part.get(inclusive).map(|bound| (bound, part.is(exclusive)));
            let exclusive = part.get(exclusive).filter(|bound| bound.is_number()).map(|bound| (bound, true));
            exclusive.or(bound).map(|(bound, open)| format!("{} {bound}", words[usize::from(open)]))
        };
        let bounds = [
            bound("minimum", "exclusiveMinimum", ["at least", "more than"]),
            bound("maximum", "exclusiveMaximum", ["at most", "less than"]),
        ];
        let bounds: Vec<String> = bounds.into_iter().flatten().collect();
        let message = format!("{} is out of range: {}", self.written_value(node), bounds.join(" and "));
        self.finding(OUT_OF_RANGE, message, node.origin, "")
    }

    pub(super) fn not_a_multiple(&self, step: f64, node: &Node) -> Diagnostic {
        let message = format!("{} is not a multiple of {step}", self.written_value(node));
        self.finding(OUT_OF_RANGE, message, node.origin, "")
    }

    pub(super) fn wrong_count(
        &self,
        what: &str,
        count: usize,
        least: Option<usize>,
        most: Option<usize>,
        node: &Node,
        key: Option<Origin>,
    ) -> Diagnostic {
        let message = format!("{count} {what} are {}", too_many_or_few(count, least, most));
        self.finding(TOO_MANY_OR_FEW, message, place_of(node, key), "")
    }

    pub(super) fn twice(&self, item: &Node, first: Origin) -> Diagnostic {
        self.finding(TOO_MANY_OR_FEW, "this item is in the list already".to_owned(), item.origin, "again")
            .and_at(first, "first here")
    }

    pub(super) fn missing(&self, name: &str, parts: &[Part<'a>], place: Origin) -> Diagnostic {
        let path = self.path();
        let message = if path.0.is_empty() {
            format!("missing key `{name}`")
        } else {
            format!("missing key `{name}` in `{path}`")
        };
        let finding = Diagnostic::error(MISSING_KEY, message).at(place, format!("needs `{name}`"));
        let property = parts.iter().find_map(|part| part.table("properties")?.get(name));
        let mut opened = Vec::new();
        if let Some(schema) = property {
            self.open(schema, &mut opened);
        }
        let kind = opened.iter().flat_map(Part::kinds).find(|kind| *kind != "null");
        let value = kind.map_or("…", |kind| match kind {
            "string" => "<text>",
            "integer" | "number" => "<number>",
            "boolean" => "true",
            "array" => "[…]",
            _ => "{…}",
        });
        finding.with_help(format!("add `{name}: {value}`")).with_path(path.key(name))
    }

    pub(super) fn none_of(&self, names: &[&str], node: &Node, key: Option<Origin>) -> Diagnostic {
        let names = or(&names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>());
        self.finding(MISSING_KEY, format!("one of {names} is needed"), place_of(node, key), "")
    }

    pub(super) fn ambiguous(&self, names: &[&str], node: &Node, key: Option<Origin>) -> Diagnostic {
        let message = if names.is_empty() {
            "this fits more than one of the allowed forms, and only one is wanted".to_owned()
        } else {
            let names = or(&names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>());
            format!("only one of {names} may be given")
        };
        self.finding(TOO_MANY_OR_FEW, message, place_of(node, key), "")
    }

    pub(super) fn forbidden(&self, node: &Node, key: Option<Origin>) -> Diagnostic {
        self.finding(UNKNOWN_KEY, format!("`{}` is not allowed here", self.path()), place_of(node, key), "")
    }

    pub(super) fn unknown_key(&mut self, name: &str, parts: &[Part<'a>], entry: &Entry) -> Diagnostic {
        let path = self.path();
        let parent = path.parent().filter(|parent| !parent.0.is_empty());
        let message = match parent {
            Some(parent) => format!("unknown key `{name}` in `{parent}`"),
            None => format!("unknown key `{name}`"),
        };
        let label = parts.iter().find_map(|part| part.name.or_else(|| part.text("title")));
        let label = label.map_or_else(|| "not known here".to_owned(), |name| format!("not a field of `{name}`"));
        let known = parts.iter().filter_map(|part| part.table("properties")).flat_map(|keys| keys.keys());
        // A key that is refused although the schema names it can only be misplaced.
        let known = known.map(String::as_str).filter(|known| *known != name);
        let help = suggest::did_you_mean(name, known)
            .or_else(|| self.elsewhere(name).map(|path| format!("known as `{path}`")))
            .or_else(|| self.inside_elsewhere(name, &entry.node));
        let mut finding = self.finding(UNKNOWN_KEY, message, entry.key, &label);
        finding.help = help;
        finding
    }

    /// What is inside of a map that nobody knows may be known: `runtime.tolerations` of another chart.
    fn inside_elsewhere(&mut self, name: &str, node: &Node) -> Option<String> {
        let Value::Map(map) = &node.value else { return None };
        map.keys().find_map(|key| {
            let places: Vec<String> = self.places(key, 4).iter().map(|path| format!("`{path}`")).collect();
            let known = or(&places);
            (!places.is_empty()).then(|| {
                format!("`{name}.{key}` is known as {known}; for values of another chart: `chartwright import`")
            })
        })
    }

    /// Whether the items of a list are maps with a `name`.
    fn names_things(&self, parts: &[Part<'a>]) -> bool {
        parts.iter().filter_map(|part| part.get("items")).any(|items| {
            let mut opened = Vec::new();
            self.open(items, &mut opened);
            opened.iter().any(|part| part.table("properties").is_some_and(|keys| keys.contains_key("name")))
        })
    }

    /// The text of a scalar as it was written; none for collections.
    fn written(&self, node: &Node) -> Option<String> {
        match &node.value {
            Value::List(_) | Value::Map(_) | Value::Null => None,
            Value::String(text) => Some(text.clone()),
            _ => {
                let text = self.sources.text(node.origin).trim();
                Some(if text.is_empty() { node.to_json().to_string() } else { text.to_owned() })
            }
        }
    }

    fn written_value(&self, node: &Node) -> String {
        self.written(node).map_or_else(|| node.value.kind().to_owned(), |text| format!("`{}`", shown(&text)))
    }

    fn is_flag(&self, node: &Node) -> bool {
        self.sources.get(node.origin.source).kind == SourceKind::Flag
    }
}

/// A scalar whose text was not meant as a number or a boolean, perhaps.
fn is_unquoted(node: &Node) -> bool {
    node.style == Style::Plain && matches!(node.value, Value::Bool(_) | Value::Int(_) | Value::Float(_))
}

fn pattern_in_words(part: &Part<'_>, pattern: &str, text: &str) -> String {
    let text = shown(text);
    if let Some(phrase) = part.text("x-pattern-says") {
        return format!("`{text}` must be {phrase}");
    }
    let said = part.text("errorMessage").or_else(|| part.get("errorMessage")?.get("pattern")?.as_str());
    said.map_or_else(|| format!("`{text}` does not match `{pattern}`"), |said| format!("`{text}`: {said}"))
}

fn too_many_or_few(count: usize, least: Option<usize>, most: Option<usize>) -> String {
    match (least, most) {
        (Some(least), _) if count < least => format!("too few: at least {least}"),
        (_, Some(most)) => format!("too many: at most {most}"),
        _ => "out of range".to_owned(),
    }
}

fn in_words(kind: &str) -> &str {
    match kind {
        "string" => "a string",
        "integer" => "an integer",
        "number" => "a number",
        "boolean" => "a boolean",
        "array" => "a list",
        "object" => "a map",
        other => other,
    }
}

fn or(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

/// A literal without JSON's quotes.
fn bare(literal: &Schema) -> String {
    literal.as_str().map_or_else(|| literal.to_string(), str::to_owned)
}

/// One line, not too long.
fn shown(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.len() == text.len() && line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    line.chars().take(LONGEST).chain(['…']).collect()
}
