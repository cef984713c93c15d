//! Values that a key takes: for examples, and to see what a key changes.

use regex_lite::Regex;
use serde_json::{Map, Value as Json, json};

use super::model::{Entry, Kind, Model};

/// Kubernetes' types refer to each other: an example needs no more than this.
const DEEPEST: usize = 6;

/// One of them fits every pattern of ours; a test holds it to that.
const TEXTS: &[&str] = &[
    "example",
    "10Mi",
    "30s",
    "45s",
    "1.2.3",
    "2.10.3",
    "/example",
    "10.0.0.1",
    "10.0.0.0/8",
    "http://collector.example:4317",
    "tls://nats.example:4222",
    "17 4 * * *",
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "512KB",
    "25%",
    "IPv6",
    "Memory",
    "ReadWriteMany",
];

/// Values that the key takes, the likeliest first.
pub(super) fn samples(model: &Model, entry: &Entry<'_>) -> Vec<Json> {
    of(model, entry, 0)
}

fn of(model: &Model, entry: &Entry<'_>, depth: usize) -> Vec<Json> {
    match &entry.kind {
        Kind::Section(_) | Kind::Kubernetes(_) => fields(model, entry, depth).into_iter().collect(),
        Kind::Map(values) => {
            let name = if pattern_of(entry.body.get("propertyNames").and_then(Json::as_object))
                .is_none_or(|names| names.is_match("example"))
            {
                "example"
            } else {
                "Example"
            };
            of(model, &model.open(values), depth + 1).into_iter().take(1).map(|value| json!({ name: value })).collect()
        }
        Kind::List(items) => {
            let items: Vec<Json> = of(model, &model.open(items), depth + 1).into_iter().take(1).collect();
            if items.is_empty() { Vec::new() } else { vec![items.into()] }
        }
        Kind::Choice(words) => words.iter().map(|(word, _)| Json::from(*word)).collect(),
        Kind::Union(branches) => branches.iter().flat_map(|branch| of(model, branch, depth)).collect(),
        Kind::Scalar("boolean") => vec![true.into(), false.into()],
        Kind::Scalar("integer") => integers(entry.body),
        Kind::Scalar(_) => texts(entry),
        Kind::Any => {
            let required = entry.body.get("required").and_then(Json::as_array).into_iter().flatten();
            let keys = required.filter_map(Json::as_str).chain(["name"]);
            vec![keys.map(|key| (key.to_owned(), Json::from("example"))).collect::<Map<_, _>>().into()]
        }
    }
}

fn integers(body: &Map<String, Json>) -> Vec<Json> {
    let bound = |keyword, far| body.get(keyword).and_then(Json::as_i64).unwrap_or(far);
    let (least, most) = (bound("minimum", 0), bound("maximum", i64::MAX));
    // Ports people recognise as such, below 100 for percentages, above 100 for hours.
    let numbers = if most == 65535 { [8443, 9443, 30000] } else { [10, 7, 200] };
    let numbers = numbers.into_iter().chain([3]);
    numbers.filter(|number| (least..=most).contains(number)).map(Json::from).collect()
}

/// What the documentation names after "such as", if it fits; else the first that does.
fn texts(entry: &Entry<'_>) -> Vec<Json> {
    let pattern = pattern_of(Some(entry.body));
    let fits = |text: &&str| pattern.as_ref().is_none_or(|pattern| pattern.is_match(text));
    let named = entry.about.split("such as `").nth(1).and_then(|rest| rest.split('`').next());
    let mut texts: Vec<Json> = named.iter().copied().filter(|text| fits(text)).map(Json::from).collect();
    texts.extend(TEXTS.iter().copied().filter(fits).take(3).map(Json::from));
    texts.dedup();
    texts
}

fn pattern_of(body: Option<&Map<String, Json>>) -> Option<Regex> {
    Regex::new(body?.get("pattern")?.as_str()?).ok()
}

/// The fields that must be there, or else the first that can be made up.
fn fields(model: &Model, entry: &Entry<'_>, depth: usize) -> Option<Json> {
    if depth > DEEPEST {
        return None;
    }
    let keys = model.keys(entry);
    if keys.is_empty() {
        return of_types(entry.body);
    }
    let required: Vec<&str> =
        entry.body.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
    let first =
        |(key, field): &(&str, Entry<'_>)| Some((String::from(*key), of(model, field, depth + 1).into_iter().next()?));
    let made: Map<String, Json> = if required.is_empty() {
        keys.iter().find_map(first).into_iter().collect()
    } else {
        keys.iter().filter(|(key, _)| required.contains(key)).filter_map(first).collect()
    };
    (!made.is_empty() && made.len() >= required.len()).then(|| made.into())
}

/// A type of Kubernetes that is no object: a quantity, a time, a number or text.
fn of_types(body: &Map<String, Json>) -> Option<Json> {
    let kinds = body.get("type")?;
    let has = |kind: &str| kinds == kind || kinds.as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind));
    if has("string") && body.contains_key("pattern") {
        Some("100m".into())
    } else if has("integer") {
        Some(1.into())
    } else if has("string") {
        Some("example".into())
    } else {
        Some(json!({}))
    }
}
