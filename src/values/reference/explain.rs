//! The reference entry of one key.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::model::{Entry, Kind, Model, type_name};
use super::{sample, wrap};
use crate::diagnostics::suggest;

/// Lines of text are no longer than this.
const WIDTH: usize = 96;

/// How many paths are offered in place of an unknown one.
const MOST: usize = 5;

/// A step of a path as it may be typed: a key, a name in a map (`<name>`, `*` or any), a position in a list.
fn steps(path: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let mut step = String::new();
    let mut quoted = false;
    for letter in path.trim().chars() {
        match letter {
            '"' => quoted = !quoted,
            '.' | '[' if !quoted => steps.push(std::mem::take(&mut step)),
            ']' if !quoted => {}
            _ => step.push(letter),
        }
    }
    steps.push(step);
    steps.retain(|step| !step.is_empty());
    steps
}

/// How far a path leads: the entry, or the last one on the way and how many steps lead to it.
fn walk<'m>(model: &'m Model, steps: &[String]) -> (Entry<'m>, usize) {
    let mut entry = model.root();
    for (at, step) in steps.iter().enumerate() {
        match child(model, &entry, step) {
            Some(next) => entry = next,
            None => return (entry, at),
        }
    }
    (entry, steps.len())
}

fn child<'m>(model: &'m Model, entry: &Entry<'m>, step: &str) -> Option<Entry<'m>> {
    match &entry.kind {
        Kind::Section(_) | Kind::Kubernetes(_) => {
            model.keys(entry).into_iter().find(|(key, _)| *key == step).map(|(_, entry)| entry)
        }
        Kind::Map(values) => Some(model.open(values)),
        Kind::List(items) if step.parse::<usize>().is_ok() => Some(model.open(items)),
        // `tolerations.key` means the key of each.
        Kind::List(items) => child(model, &model.open(items), step),
        Kind::Union(branches) => branches.iter().find_map(|branch| child(model, branch, step)),
        // Whatever stands in there, nobody says what it may not be.
        Kind::Any => Some(Entry { about: "", ..entry.clone() }),
        Kind::Choice(_) | Kind::Scalar(_) => None,
    }
}

/// Whether a path is one of the values: `hosts.<name>.http.port`, `operator.affinity.nodeAffinity`.
pub fn exists(path: &str) -> bool {
    let steps = steps(path);
    !steps.is_empty() && walk(&Model::new(), &steps).1 == steps.len()
}

/// What a key takes, what holds without it, what it does, and an example; none when there is no such key.
pub fn explain(path: &str) -> Option<String> {
    let model = Model::new();
    let steps = steps(path);
    let (entry, known) = walk(&model, &steps);
    if steps.is_empty() || known < steps.len() {
        return None;
    }
    let mut out = format!("{}\n\n", steps.join("."));
    for line in wrap(entry.about, WIDTH) {
        _ = writeln!(out, "{line}");
    }
    _ = writeln!(out, "\nType:    {}", type_name(&model, &entry).replace('`', ""));
    if let Some(says) = entry.body.get(super::super::schema::SAYS).and_then(Json::as_str) {
        _ = writeln!(out, "Form:    {says}");
    }
    _ = writeln!(out, "Default: {}", default_of(&model.defaults, &steps));
    choices(&entry, &mut out);
    let section = match entry.kind {
        Kind::Map(values) | Kind::List(values) => model.open(values),
        _ => entry.clone(),
    };
    let keys = model.keys(&section);
    if keys.is_empty() {
        example(&model, &entry, &steps, &mut out);
    } else {
        fields(&model, &keys, &mut out);
    }
    Some(out)
}

fn choices(entry: &Entry<'_>, out: &mut String) {
    let Kind::Choice(words) = &entry.kind else { return };
    let widest = words.iter().map(|(word, _)| word.len()).max().unwrap_or_default();
    out.push_str("\nOne of:\n");
    for (word, meaning) in words {
        out.push_str(format!("  {word:widest$}  {meaning}").trim_end());
        out.push('\n');
    }
}

fn fields(model: &Model, keys: &[(&str, Entry<'_>)], out: &mut String) {
    let widest = keys.iter().map(|(key, _)| key.len()).max().unwrap_or_default();
    out.push_str("\nKeys:\n");
    for (key, field) in keys {
        let first = field.about.split_inclusive(". ").next().unwrap_or_default().trim_end();
        let about = if first.is_empty() { type_name(model, field) } else { short(first) };
        _ = writeln!(out, "  {key:widest$}  {about}");
    }
}

/// At most a line.
fn short(text: &str) -> String {
    if text.chars().count() <= WIDTH {
        return text.to_owned();
    }
    wrap(text, WIDTH - 2).into_iter().next().unwrap_or_default() + " …"
}

fn example(model: &Model, entry: &Entry<'_>, steps: &[String], out: &mut String) {
    let Some(value) = sample::samples(model, entry).into_iter().next() else { return };
    out.push_str("\nExample:\n");
    let mut indent = 2;
    for (at, step) in steps.iter().enumerate() {
        let name = if step.starts_with('<') || step == "*" { "edge" } else { step };
        let is_last = at + 1 == steps.len();
        let is_list = step.parse::<usize>().is_ok();
        let (lead, close) = if is_list { ("-", "") } else { (name, ":") };
        _ = write!(out, "{:indent$}{lead}{close}", "");
        if is_last {
            _ = writeln!(out, " {value}");
        } else {
            out.push('\n');
        }
        indent += 2;
    }
}

/// The default in words: its own, or where it comes from.
fn default_of(defaults: &Json, steps: &[String]) -> String {
    let at = |steps: &[&str]| steps.iter().try_fold(defaults, |place, step| place.get(step)).map(shown);
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    if let ["hosts", _, rest @ ..] = &steps[..]
        && !rest.is_empty()
    {
        let inherited = [&["hostDefaults"], rest].concat();
        return match at(&inherited) {
            Some(default) => format!("{default} (of `{}`)", inherited.join(".")),
            None => plane(&at, &inherited)
                .unwrap_or_else(|| format!("none; that of `{}` when it is set", inherited.join("."))),
        };
    }
    at(&steps).or_else(|| plane(&at, &steps)).unwrap_or_else(|| "none".to_owned())
}

/// A group's connection is laid over the one of all.
fn plane(at: &impl Fn(&[&str]) -> Option<String>, steps: &[&str]) -> Option<String> {
    let ["hostDefaults", rest @ ..] = steps else { return None };
    let (["nats", _, _, ..], Some(default)) = (rest, at(rest)) else { return None };
    Some(format!("{default} (of `{}`)", rest.join(".")))
}

fn shown(value: &Json) -> String {
    match value {
        Json::Object(map) if !map.is_empty() => {
            let text = value.to_string();
            if text.len() <= 60 { text } else { format!("a map of {} keys", map.len()) }
        }
        _ => value.to_string(),
    }
}

/// The known paths that resemble an unknown one: its siblings first, then keys of that name elsewhere.
pub fn nearest(path: &str) -> Vec<String> {
    let model = Model::new();
    let steps = steps(path);
    let (entry, known) = walk(&model, &steps);
    let Some(unknown) = steps.get(known) else { return Vec::new() };
    let prefix = steps[..known].join(".");
    let under = |key: &str| if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
    let section = match entry.kind {
        Kind::List(items) => model.open(items),
        _ => entry,
    };
    let siblings = model.keys(&section);
    let mut found: Vec<String> =
        suggest::nearest(unknown, siblings.iter().map(|(key, _)| *key)).into_iter().map(under).collect();
    let wanted = steps.last().unwrap_or(unknown);
    let all = super::keys();
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let names: Vec<String> = all.iter().map(|key| last(&key.path)).collect();
    if found.is_empty() {
        for near in suggest::nearest(wanted, names.iter().map(String::as_str)) {
            found.extend(all.iter().filter(|key| last(&key.path) == near).map(|key| key.path.clone()));
        }
    }
    found.truncate(MOST);
    found
}
