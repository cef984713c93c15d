//! The schema as something to read: what a key is, in which order keys stand, what holds without it.

use serde_json::{Map, Value as Json};

use super::super::schema::{KUBERNETES, MEANINGS, ORDER, ordered};

/// The types and their defaults.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) schema: Json,
    pub(super) defaults: Json,
}

/// A key's schema, opened.
#[derive(Clone, Debug)]
pub(super) struct Entry<'m> {
    /// The documentation.
    pub(super) about: &'m str,
    /// What it is.
    pub(super) kind: Kind<'m>,
    /// The keywords of the schema that says so.
    pub(super) body: &'m Map<String, Json>,
}

/// What a key takes.
#[derive(Clone, Debug)]
pub(super) enum Kind<'m> {
    /// A section of ours, by its type's name.
    Section(&'m str),
    /// A type of Kubernetes, by its own name.
    Kubernetes(&'m str),
    /// Entries by name.
    Map(&'m Json),
    /// A list.
    List(&'m Json),
    /// One of some words, each with its meaning.
    Choice(Vec<(&'m str, &'m str)>),
    /// One of several types.
    Union(Vec<Entry<'m>>),
    /// `string`, `integer` or `boolean`.
    Scalar(&'m str),
    /// Anything.
    Any,
}

impl Model {
    pub(super) fn new() -> Self {
        Self { schema: ordered(), defaults: Json::Object(super::super::defaults()) }
    }

    /// The keys of the whole values file.
    pub(super) fn root(&self) -> Entry<'_> {
        static EMPTY: std::sync::LazyLock<Map<String, Json>> = std::sync::LazyLock::new(Map::new);
        Entry { about: "", kind: Kind::Section(""), body: self.schema.as_object().unwrap_or(&EMPTY) }
    }

    /// Opens references and unions with null; the description nearest to the key wins.
    pub(super) fn open<'m>(&'m self, schema: &'m Json) -> Entry<'m> {
        let mut about = "";
        let mut name = "";
        let mut place = schema;
        loop {
            let Json::Object(body) = place else {
                static EMPTY: std::sync::LazyLock<Map<String, Json>> = std::sync::LazyLock::new(Map::new);
                return Entry { about, kind: Kind::Any, body: &EMPTY };
            };
            if let (true, Some(text)) = (about.is_empty(), body.get("description").and_then(Json::as_str)) {
                about = text;
            }
            if let Some(reference) = body.get("$ref").and_then(Json::as_str) {
                name = reference.trim_start_matches("#/definitions/");
                if let Some(definition) = self.schema.get("definitions").and_then(|definitions| definitions.get(name)) {
                    place = definition;
                    continue;
                }
            }
            if let Some([only]) = body.get("allOf").and_then(Json::as_array).map(Vec::as_slice) {
                place = only;
                continue;
            }
            let Some(branches) = body.get("anyOf").and_then(Json::as_array) else {
                return Entry { about, kind: kind_of(body, name), body };
            };
            let branches: Vec<&Json> =
                branches.iter().filter(|branch| branch.get("type").and_then(Json::as_str) != Some("null")).collect();
            if let [only] = branches[..] {
                place = only;
                continue;
            }
            let branches = branches.into_iter().map(|branch| self.open(branch)).collect();
            return Entry { about, kind: Kind::Union(branches), body };
        }
    }

    /// The keys of a section, or fields of a Kubernetes type, in the order to show them.
    pub(super) fn keys<'m>(&'m self, entry: &Entry<'m>) -> Vec<(&'m str, Entry<'m>)> {
        let Some(properties) = entry.body.get("properties").and_then(Json::as_object) else { return Vec::new() };
        let open = |key: &'m str| Some((key, self.open(properties.get(key)?)));
        match entry.body.get(ORDER).and_then(Json::as_array) {
            Some(order) => order.iter().filter_map(Json::as_str).filter_map(open).collect(),
            None => properties.keys().filter_map(|key| open(key)).collect(),
        }
    }
}

fn kind_of<'m>(body: &'m Map<String, Json>, name: &'m str) -> Kind<'m> {
    if let Some(kubernetes) = name.strip_prefix(KUBERNETES) {
        return Kind::Kubernetes(kubernetes.rsplit('.').next().unwrap_or(kubernetes));
    }
    if let Some(values) = body.get("enum").and_then(Json::as_array) {
        let meanings = body.get(MEANINGS).and_then(Json::as_array);
        let meaning = |at: usize| meanings.and_then(|meanings| meanings.get(at)?.as_str()).unwrap_or_default();
        let words = values.iter().enumerate().filter_map(|(at, value)| Some((value.as_str()?, meaning(at))));
        return Kind::Choice(words.collect());
    }
    if body.contains_key("properties") {
        return Kind::Section(name);
    }
    let kind = match body.get("type") {
        Some(Json::String(kind)) => kind.as_str(),
        Some(Json::Array(kinds)) => kinds.first().and_then(Json::as_str).unwrap_or_default(),
        _ => return Kind::Any,
    };
    match kind {
        "object" => match body.get("additionalProperties") {
            Some(values @ Json::Object(_)) => Kind::Map(values),
            _ => Kind::Any,
        },
        "array" => body.get("items").map_or(Kind::Any, Kind::List),
        scalar => Kind::Scalar(scalar),
    }
}

/// The name of a type, as people say it.
pub(super) fn type_name(model: &Model, entry: &Entry<'_>) -> String {
    match &entry.kind {
        Kind::Section(_) => "map".to_owned(),
        Kind::Kubernetes("Quantity") => "quantity".to_owned(),
        Kind::Kubernetes("IntOrString") => "integer or string".to_owned(),
        Kind::Kubernetes(name) => format!("Kubernetes' {name}"),
        Kind::Map(values) => format!("map by name of {}", type_name(model, &model.open(values))),
        Kind::List(items) => format!("list of {}", type_name(model, &model.open(items))),
        Kind::Choice(words) => words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Kind::Union(branches) => {
            branches.iter().map(|branch| type_name(model, branch)).collect::<Vec<_>>().join(" or ")
        }
        Kind::Scalar("integer") => integer(entry.body),
        Kind::Scalar(scalar) => (*scalar).to_owned(),
        Kind::Any => "anything".to_owned(),
    }
}

fn integer(body: &Map<String, Json>) -> String {
    let bound = |keyword| body.get(keyword).and_then(Json::as_i64);
    let far = i64::from(i32::MAX);
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) if most < far => format!("integer, {least} to {most}"),
        (Some(least), _) if least > -far => format!("integer from {least} on"),
        _ => "integer".to_owned(),
    }
}
