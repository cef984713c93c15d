//! The commented default `values.yaml`.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::model::{Entry, Kind, Model, type_name};
use super::{sample, wrap};

/// Where a comment breaks.
const WIDTH: usize = 100;

const HEAD: &str = "\
# yaml-language-server: $schema=values.schema.json
#
# All values of chartwright with their defaults. A key that is commented out has no default: what stands there is an
# example. Generated from the types in `src/values`.

";

/// One document that says exactly what [`super::super::defaults`] does, with every key of ours and what it is for.
pub fn values_yaml() -> String {
    let model = Model::new();
    let mut writer = Writer { model: &model, out: HEAD.to_owned(), seen: BTreeMap::new() };
    writer.section(&model.root(), Some(&model.defaults), &Place { path: String::new(), indent: 0, base: None });
    writer.out
}

struct Writer<'m> {
    model: &'m Model,
    out: String,
    /// Sections that were written out, and where.
    seen: BTreeMap<&'m str, String>,
}

/// Where a line goes.
#[derive(Clone)]
struct Place {
    path: String,
    indent: usize,
    /// Where the `#` stands, when the keys are commented out.
    base: Option<usize>,
}

impl Place {
    fn child(&self, key: &str) -> Self {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Self { path, ..self.clone() }
    }

    fn commented(&self) -> Self {
        Self { base: self.base.or(Some(self.indent)), ..self.clone() }
    }

    fn deeper(&self) -> Self {
        Self { indent: self.indent + 2, ..self.clone() }
    }
}

impl<'m> Writer<'m> {
    fn line(&mut self, place: &Place, text: &str) {
        let base = place.base.unwrap_or(place.indent);
        self.out.push_str(&" ".repeat(base));
        if place.base.is_some() {
            self.out.push_str("# ");
            self.out.push_str(&" ".repeat(place.indent - base));
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn section(&mut self, section: &Entry<'m>, defaults: Option<&Json>, place: &Place) {
        for (key, entry) in self.model.keys(section) {
            if place.indent == 0 && place.base.is_none() && !self.out.ends_with("\n\n") {
                self.out.push('\n');
            }
            self.key(key, &entry, defaults.and_then(|defaults| defaults.get(key)), &place.child(key));
        }
    }

    fn key(&mut self, key: &str, entry: &Entry<'m>, default: Option<&Json>, place: &Place) {
        for line in wrap(&about(self.model, entry), WIDTH.saturating_sub(place.indent + 2)) {
            self.line(place, &format!("# {line}"));
        }
        match (default, &entry.kind) {
            (Some(default), Kind::Section(name)) if has_keys(default) => {
                self.seen.entry(name).or_insert_with(|| place.path.clone());
                self.line(place, &format!("{key}:"));
                self.section(entry, Some(default), &place.deeper());
            }
            (Some(default), _) if has_keys(default) => {
                self.line(place, &format!("{key}:"));
                self.block(default, &place.deeper());
            }
            (Some(default), _) => {
                let more = self.refer(entry);
                self.line(place, &format!("{key}: {}{more}", flow(default)));
                self.keys_of(entry, &place.deeper().commented());
            }
            (None, Kind::Section(_)) => {
                let place = place.commented();
                let more = self.refer(entry);
                if more.is_empty() {
                    self.line(&place, &format!("{key}:"));
                    self.keys_of(entry, &place.deeper());
                } else {
                    self.line(&place, &format!("{key}: {{}}{more}"));
                }
            }
            (None, _) => {
                let example = example(self.model, entry);
                self.line(&place.commented(), &format!("{key}: {}", flow(&example)));
                self.keys_of(entry, &place.commented().deeper());
            }
        }
    }

    /// Where the keys of a section (or of a map of sections) stand, when they were written out already.
    fn refer(&self, entry: &Entry<'m>) -> String {
        let section = inner_section(self.model, entry);
        let seen = section.and_then(|(_, name)| self.seen.get(name));
        seen.map(|path| format!(" # keys: as in `{path}`")).unwrap_or_default()
    }

    /// The keys of a section, or an entry of a map of sections, commented out, once.
    fn keys_of(&mut self, entry: &Entry<'m>, place: &Place) {
        let Some((inner, name)) = inner_section(self.model, entry) else { return };
        if self.seen.contains_key(name) {
            return;
        }
        if let Kind::Map(_) = entry.kind {
            let place = place.child("<name>");
            self.seen.insert(name, place.path.clone());
            self.line(&place, "example:");
            self.section(&inner, None, &place.deeper());
        } else {
            self.seen.insert(name, place.path.clone());
            self.section(&inner, None, place);
        }
    }

    fn block(&mut self, value: &Json, place: &Place) {
        for (key, value) in value.as_object().into_iter().flatten() {
            if has_keys(value) {
                self.line(place, &format!("{}:", text(key)));
                self.block(value, &place.deeper());
            } else {
                self.line(place, &format!("{}: {}", text(key), flow(value)));
            }
        }
    }
}

/// The documentation, and the type where it is Kubernetes' or one of some words.
fn about(model: &Model, entry: &Entry<'_>) -> String {
    let kind = match &entry.kind {
        Kind::Choice(words) => {
            format!("One of {}.", words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", "))
        }
        Kind::Kubernetes(_) | Kind::List(_) if type_name(model, entry).contains("Kubernetes") => {
            format!("({})", type_name(model, entry))
        }
        _ => return entry.about.to_owned(),
    };
    format!("{} {kind}", entry.about)
}

fn inner_section<'m>(model: &'m Model, entry: &Entry<'m>) -> Option<(Entry<'m>, &'m str)> {
    let inner = match entry.kind {
        Kind::Section(_) => entry.clone(),
        Kind::Map(values) => model.open(values),
        _ => return None,
    };
    if let Kind::Section(name) = inner.kind { Some((inner, name)) } else { None }
}

fn example(model: &Model, entry: &Entry<'_>) -> Json {
    match entry.kind {
        Kind::Kubernetes("Quantity") | Kind::Scalar(_) | Kind::Choice(_) | Kind::Union(_) => {
            sample::samples(model, entry).into_iter().next().unwrap_or_default()
        }
        Kind::List(_) => Json::Array(Vec::new()),
        _ => Json::Object(serde_json::Map::new()),
    }
}

fn has_keys(value: &Json) -> bool {
    value.as_object().is_some_and(|map| !map.is_empty())
}

/// A value on one line.
fn flow(value: &Json) -> String {
    match value {
        Json::String(string) => text(string),
        Json::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Json::Object(map) => {
            let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{}: {}", text(key), flow(value))).collect();
            if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
        }
        other => other.to_string(),
    }
}

/// A string, quoted unless it is a plain word in every version of YAML.
fn text(string: &str) -> String {
    const OTHERWISE: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let plain = string.starts_with(|first: char| first.is_ascii_alphabetic())
        && string.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '/'))
        && !OTHERWISE.iter().any(|word| word.eq_ignore_ascii_case(string));
    if plain { string.to_owned() } else { Json::from(string).to_string() }
}
