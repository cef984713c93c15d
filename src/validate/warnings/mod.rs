//! What works, but probably not as meant: rules that only our own tool knows. One file a rule.

mod args_replace_flags;
mod control_plane_abroad;
mod even_cluster;
mod floating_tag;
mod image_without_registry;
mod lonely_toleration;
mod node_port_range;
mod operator_otel;
mod otlp_protocol;
mod plain_secret;
mod unlimited_stream;
mod unused_certificate_names;
mod unused_override;

use serde_json::{Map, Value as Json};

use crate::diagnostics::{Diagnostic, Rule};
use crate::render::Release;
use crate::source::{Coalesced, Path, Segment};

/// What a rule may look at.
pub(super) struct Context<'a> {
    pub(super) coalesced: &'a Coalesced,
    /// The same values without places.
    pub(super) values: &'a Map<String, Json>,
    pub(super) release: &'a Release,
}

/// A rule and its check.
struct Warning {
    rule: Rule,
    check: fn(&Context<'_>) -> Vec<Diagnostic>,
}

const WARNINGS: &[&Warning] = &[
    &image_without_registry::WARNING,
    &floating_tag::WARNING,
    &args_replace_flags::WARNING,
    &plain_secret::WARNING,
    &lonely_toleration::WARNING,
    &control_plane_abroad::WARNING,
    &unlimited_stream::WARNING,
    &even_cluster::WARNING,
    &node_port_range::WARNING,
    &otlp_protocol::WARNING,
    &operator_otel::WARNING,
    &unused_certificate_names::WARNING,
    &unused_override::WARNING,
];

/// All of them, on one set of values that the schema accepts.
pub(super) fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    WARNINGS.iter().flat_map(|warning| (warning.check)(context)).collect()
}

/// Their reference entries.
pub(super) fn rules() -> impl Iterator<Item = Rule> {
    WARNINGS.iter().map(|warning| warning.rule)
}

impl Context<'_> {
    /// A finding at a path of the values, or at what it inherits from.
    fn at(&self, finding: Diagnostic, path: Path) -> Diagnostic {
        super::values::locate(finding, &self.coalesced.user, path, "")
    }

    /// The path of an item of a pod's list that is joined with the inherited one: that of a host begins with it.
    fn item(&self, pod: &Path, list: &str, position: usize) -> Path {
        let inherited = if pod.0.first() == Some(&Segment::Key("hosts".into())) {
            self.get(&format!("hostDefaults.{list}")).and_then(Json::as_array).map_or(0, Vec::len)
        } else {
            0
        };
        match position.checked_sub(inherited) {
            Some(own) => pod.key(list).index(own),
            None => Path::keys(["hostDefaults", list]).index(position),
        }
    }

    /// A value by its path.
    fn get(&self, pointer: &str) -> Option<&Json> {
        let mut keys = pointer.split('.');
        let mut value = self.values.get(keys.next()?)?;
        for key in keys {
            value = value.get(key)?;
        }
        Some(value)
    }

    /// Host groups that are on, each with what it inherits.
    fn groups(&self) -> Vec<(String, Json)> {
        let empty = Map::new();
        let defaults = self.get("hostDefaults").cloned().unwrap_or_default();
        self.get("hosts")
            .and_then(Json::as_object)
            .unwrap_or(&empty)
            .iter()
            .map(|(name, own)| (name.clone(), merged(&defaults, own)))
            .filter(|(_, group)| group.get("enabled") != Some(&Json::Bool(false)))
            .collect()
    }

    /// The pods of the release: path, what they are, and their values.
    fn pods(&self) -> Vec<(Path, Json)> {
        let mut pods = Vec::new();
        for path in [["operator"].as_slice(), &["nats", "server"]] {
            if let Some(pod) = self.get(&path.join("."))
                && pod.get("enabled") == Some(&Json::Bool(true))
            {
                pods.push((Path::keys(path.iter().copied()), pod.clone()));
            }
        }
        pods.extend(self.groups().into_iter().map(|(name, group)| (Path::keys(["hosts".into(), name]), group)));
        pods
    }
}

/// The templates' one merge: null deletes, maps merge, lists called `extra…` are joined, everything else replaces.
fn merged(defaults: &Json, own: &Json) -> Json {
    let (Json::Object(defaults), Json::Object(own)) = (defaults, own) else { return own.clone() };
    let mut all = defaults.clone();
    for (key, value) in own {
        match (all.get_mut(key), value) {
            (_, Json::Null) => {
                all.remove(key);
            }
            (Some(Json::Array(before)), Json::Array(more)) if key.starts_with("extra") => {
                before.extend(more.iter().cloned());
            }
            (Some(before @ Json::Object(_)), Json::Object(_)) => *before = merged(before, value),
            _ => {
                all.insert(key.clone(), value.clone());
            }
        }
    }
    Json::Object(all)
}

fn text<'a>(value: &'a Json, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Json::as_str).unwrap_or_default()
}
