//! The reference page, `docs/values.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value as Json;

use super::model::{Entry, Kind, Model, type_name};

const HEAD: &str = "\
# Values

Every key, its type, what holds without it, and what it does. `chartwright explain PATH` prints one entry with an
example. Keys of Kubernetes' own types are not repeated here; `explain` knows them too.

Generated from the types in `src/values`.
";

/// One section of the page for each section of the values, one row for each key.
pub fn markdown() -> String {
    let model = Model::new();
    let mut page = Page { model: &model, seen: BTreeMap::new(), later: Vec::new(), out: HEAD.to_owned() };
    page.section("", &model.root(), Some(&model.defaults));
    page.out
}

struct Page<'m> {
    model: &'m Model,
    /// Sections that have a table, and where.
    seen: BTreeMap<&'m str, String>,
    later: Vec<(String, Entry<'m>, Option<Json>)>,
    out: String,
}

impl<'m> Page<'m> {
    fn section(&mut self, path: &str, section: &Entry<'m>, defaults: Option<&Json>) {
        let depth = "#".repeat((2 + path.matches('.').count()).min(4));
        if path.is_empty() {
            self.out.push_str("\n## <a id=\"root\"></a>Top level\n");
        } else {
            _ = write!(self.out, "\n{depth} <a id=\"{}\"></a>`{path}`\n\n{}\n", anchor(path), section.about);
        }
        self.out.push_str("\n| key | type | default | what it does |\n|---|---|---|---|\n");
        let before = std::mem::take(&mut self.later);
        for (key, entry) in self.model.keys(section) {
            let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            self.row(&path, key, &entry, defaults.and_then(|defaults| defaults.get(key)));
        }
        for (path, section, defaults) in std::mem::replace(&mut self.later, before) {
            self.section(&path, &section, defaults.as_ref());
        }
    }

    fn row(&mut self, path: &str, key: &str, entry: &Entry<'m>, default: Option<&Json>) {
        let mut kind = cell(&type_name(self.model, entry));
        let inner = match entry.kind {
            Kind::Section(_) => Some((entry.clone(), path.to_owned())),
            Kind::Map(values) => Some((self.model.open(values), format!("{path}.<name>"))),
            _ => None,
        };
        if let Some((inner, place)) = inner
            && let Kind::Section(name) = inner.kind
        {
            let bare = default.and_then(Json::as_object).is_none_or(serde_json::Map::is_empty);
            let told = if path == "hosts" { Some("hostDefaults".to_owned()) } else { self.seen.get(name).cloned() };
            let link = told.filter(|_| bare || path == "hosts").unwrap_or_else(|| {
                self.seen.entry(name).or_insert_with(|| place.clone());
                let default = if matches!(entry.kind, Kind::Section(_)) { default.cloned() } else { None };
                self.later.push((place.clone(), inner, default));
                place
            });
            kind = format!("[{kind}](#{})", anchor(&link));
        }
        let shown = match default {
            Some(Json::Object(map)) if matches!(entry.kind, Kind::Section(_)) && !map.is_empty() => String::new(),
            Some(value) => format!("`{}`", cell(&value.to_string())),
            None => String::new(),
        };
        let mut about = cell(entry.about);
        if let Kind::Choice(words) = &entry.kind {
            for (word, meaning) in words.iter().filter(|(_, meaning)| !meaning.is_empty()) {
                _ = write!(about, "<br>`{word}`: {}", cell(meaning));
            }
        }
        _ = writeln!(self.out, "| `{key}` | {kind} | {shown} | {about} |");
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Anchors have no brackets.
fn anchor(path: &str) -> String {
    path.replace(['<', '>'], "")
}
