//! What people read about the values, made from the types: the commented default `values.yaml`, the reference page,
//! and the entry of one key. Nothing here is written twice.

mod explain;
mod markdown;
mod model;
mod sample;
#[cfg(test)]
mod tests;
mod yaml;

use serde_json::Value as Json;

pub use explain::{exists, explain, nearest};
pub use markdown::markdown;
use model::{Kind, Model};
pub use yaml::values_yaml;

/// A key of our own sections.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Its path; what stands in a map by name is under `<name>`.
    pub path: String,
    /// What holds without it, if anything does.
    pub default: Option<Json>,
    /// Values it takes, each another than the default.
    pub samples: Vec<Json>,
}

/// Every key that has a value of its own (a map of Kubernetes' counts as one), in the order of the file. Of
/// `hosts.<name>` there are none, since its keys are those of `hostDefaults`.
pub fn keys() -> Vec<Key> {
    let model = Model::new();
    let mut keys = Vec::new();
    let defaults = model.defaults.clone();
    collect(&model, &model.root(), "", Some(&defaults), &mut keys);
    keys
}

fn collect(model: &Model, section: &model::Entry<'_>, path: &str, defaults: Option<&Json>, keys: &mut Vec<Key>) {
    for (name, entry) in model.keys(section) {
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let default = defaults.and_then(|defaults| defaults.get(name));
        if let Kind::Section(_) = entry.kind {
            collect(model, &entry, &path, default, keys);
            continue;
        }
        if path == "hosts" {
            continue;
        }
        if let Kind::Map(values) = entry.kind
            && let inner = model.open(values)
            && let Kind::Section(_) = inner.kind
        {
            collect(model, &inner, &format!("{path}.<name>"), None, keys);
            continue;
        }
        let mut samples = sample::samples(model, &entry);
        samples.retain(|sample| Some(sample) != default);
        keys.push(Key { path, default: default.cloned(), samples });
    }
}

/// Breaks a text into lines of at most `width` letters.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
