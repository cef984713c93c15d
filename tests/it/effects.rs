//! No dead knobs: every key of ours changes what is rendered, and `docs/effects.md` says where.
//!
//! Each key is set to values its type takes, in the setting that `tests/effects/fixtures.yaml` names for it, and what is
//! rendered is compared with what is rendered without. A checksum does not count: it changes with anything.
//! `CHARTWRIGHT_EFFECTS=write cargo test effects` writes the page anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chartwright::render::{Release, refusals, render};
use chartwright::source::{SourceKind, Sources, parse};
use chartwright::values::reference::{Key, exists, keys};
use serde_json::{Map, Value, json};

const PAGE: &str = "docs/effects.md";

/// What an operator of a cluster may have; `auto` looks for it.
const API_VERSIONS: &[&str] = &[
    "monitoring.coreos.com/v1",
    "monitoring.coreos.com/v1/PodMonitor",
    "monitoring.coreos.com/v1/ServiceMonitor",
    "monitoring.coreos.com/v1/PrometheusRule",
];

/// What a key does.
#[derive(Clone, Debug)]
struct Effect {
    kind: &'static str,
    object: String,
    pointer: String,
}

/// `tests/effects/fixtures.yaml`.
struct Fixtures {
    /// Beginning of a path → settings in which its keys show.
    settings: BTreeMap<String, Vec<Value>>,
    /// Path → values to try before the made-up ones.
    values: BTreeMap<String, Vec<Value>>,
    /// Keys that do something else: path → kind and where.
    elsewhere: BTreeMap<String, String>,
    /// Keys whose template is not there yet.
    pending: BTreeSet<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn fixtures() -> Fixtures {
    let path = root().join("tests/effects/fixtures.yaml");
    let mut sources = Sources::default();
    let source = sources.add(SourceKind::File, "fixtures.yaml", fs_err::read_to_string(path).unwrap());
    let parsed = parse(&sources, source);
    assert_eq!(parsed.diagnostics, []);
    let all = parsed.node.unwrap().to_json();
    let lists = |key: &str| {
        let map = all[key].as_object().cloned().unwrap_or_default();
        map.into_iter().map(|(key, list)| (key, list.as_array().cloned().unwrap())).collect()
    };
    Fixtures {
        settings: lists("settings"),
        values: lists("values"),
        elsewhere: all["elsewhere"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, what)| (key.clone(), what.as_str().unwrap().to_owned()))
            .collect(),
        pending: all["pending"].as_array().unwrap().iter().map(|key| key.as_str().unwrap().to_owned()).collect(),
    }
}

impl Fixtures {
    /// The settings for a key: those of the longest beginning first, the defaults last.
    fn settings_of(&self, path: &str) -> Vec<Value> {
        let mut matching: Vec<(&String, &Vec<Value>)> = self
            .settings
            .iter()
            .filter(|(prefix, _)| {
                path.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
            .collect();
        matching.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        matching.into_iter().flat_map(|(_, settings)| settings.clone()).chain([json!({})]).collect()
    }

    fn values_of(&self, key: &Key) -> Vec<Value> {
        self.values.get(&key.path).into_iter().flatten().chain(&key.samples).cloned().collect()
    }
}

/// As Helm coalesces: maps merge, null takes away, everything else replaces.
fn merge(base: &mut Map<String, Value>, over: &Value) {
    for (key, value) in over.as_object().into_iter().flatten() {
        match (base.get_mut(key), value) {
            (_, Value::Null) => _ = base.remove(key),
            (Some(Value::Object(inner)), Value::Object(_)) => merge(inner, value),
            _ => _ = base.insert(key.clone(), value.clone()),
        }
    }
}

fn at_path(path: &str, value: &Value) -> Value {
    path.split('.').rev().fold(value.clone(), |inner, step| {
        let step = if step == "<name>" { "example" } else { step };
        json!({ step: inner })
    })
}

/// Everything rendered, by kind and name; hooks apart.
fn objects(values: &Map<String, Value>) -> Result<BTreeMap<(bool, String), Value>, String> {
    let release = Release { name: "r".into(), namespace: "ns".into() };
    let api_versions: Vec<String> = API_VERSIONS.iter().map(ToString::to_string).collect();
    let rendered = render(values, &release, &api_versions).map_err(|error| error.to_string())?;
    let all = rendered.objects.into_iter().chain(rendered.hooks);
    Ok(all.map(|object| ((object.hook, format!("{} {}", object.kind, object.name)), object.value)).collect())
}

fn refused(values: &Map<String, Value>) -> BTreeSet<String> {
    let release = Release { name: "r".into(), namespace: "ns".into() };
    let found = refusals(values, &release, &[]).unwrap_or_default();
    found.into_iter().map(|refusal| refusal.code).collect()
}

/// The pointers at which two values part, checksums aside.
fn differences(before: &Value, after: &Value, pointer: &str, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys.into_iter().filter(|key| !key.contains("checksum")) {
                let pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                differences(a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null), &pointer, found);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for at in 0..a.len().max(b.len()) {
                let pointer = format!("{pointer}/{at}");
                differences(a.get(at).unwrap_or(&Value::Null), b.get(at).unwrap_or(&Value::Null), &pointer, found);
            }
        }
        _ if before != after => found.push(pointer.to_owned()),
        _ => {}
    }
}

/// What setting one key to one value changes; an error when one of the two cannot be rendered.
fn effect(setting: &Value, path: &str, value: &Value) -> Result<Option<Effect>, String> {
    let mut before = chartwright::values::defaults();
    merge(&mut before, setting);
    let mut after = before.clone();
    merge(&mut after, &at_path(path, value));
    if refused(&after).difference(&refused(&before)).next().is_some() {
        return Err(format!("refused: {:?}", refused(&after)));
    }
    let (before, after) = (objects(&before)?, objects(&after)?);
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for (hook, object) in names {
        let pair = (*hook, object.clone());
        let absent = Value::Null;
        let mut found = Vec::new();
        let (old, new) = (before.get(&pair).unwrap_or(&absent), after.get(&pair).unwrap_or(&absent));
        differences(old, new, "", &mut found);
        if let Some(pointer) = found.into_iter().next() {
            let kind = if *hook { "installs" } else { "renders" };
            let pointer = match (old.is_null(), new.is_null()) {
                (true, _) => "(it appears)".to_owned(),
                (_, true) => "(it goes)".to_owned(),
                _ => format!("`{pointer}`"),
            };
            return Ok(Some(Effect { kind, object: object.clone(), pointer }));
        }
    }
    Ok(None)
}

/// The first effect that any value in any setting has; else what stood in the way.
fn first_effect(fixtures: &Fixtures, key: &Key) -> Result<Effect, String> {
    let mut trouble = String::from("changes nothing");
    let mut only_hook = None;
    for setting in fixtures.settings_of(&key.path) {
        for value in fixtures.values_of(key) {
            match effect(&setting, &key.path, &value) {
                Ok(Some(effect)) if effect.kind == "renders" => return Ok(effect),
                Ok(Some(effect)) => only_hook = only_hook.or(Some(effect)),
                Ok(None) => {}
                Err(error) => trouble = format!("{value}: {}", error.lines().next().unwrap_or_default()),
            }
        }
    }
    only_hook.ok_or(trouble)
}

#[test]
fn effects_every_key_changes_what_is_rendered() {
    let fixtures = fixtures();
    let mut page = String::from(
        "# Effects\n\nWhere each key shows: the first place that changes when it is set. A key that changed nothing would \
         fail a test.\n`renders`: in an object of the release; `installs`: in a hook only; `documents`: nowhere in the \
         cluster.\n\nGenerated by `tests/it/effects.rs`.\n\n| key | kind | object | place |\n|---|---|---|---|\n",
    );
    let mut dead = Vec::new();
    let mut alive = Vec::new();
    for key in keys() {
        if let Some(what) = fixtures.elsewhere.get(&key.path) {
            _ = writeln!(page, "| `{}` | documents | | {what} |", key.path);
            continue;
        }
        match (first_effect(&fixtures, &key), fixtures.pending.contains(&key.path)) {
            (Ok(effect), pending) => {
                if pending {
                    alive.push(key.path.clone());
                }
                _ = writeln!(page, "| `{}` | {} | {} | {} |", key.path, effect.kind, effect.object, effect.pointer);
            }
            (Err(_), true) => {}
            (Err(trouble), false) => dead.push(format!("{}: {trouble}", key.path)),
        }
    }
    let write = std::env::var_os("CHARTWRIGHT_EFFECTS").is_some_and(|what| what == "write");
    if write {
        fs_err::write(root().join(PAGE), &page).unwrap();
    }
    assert!(dead.is_empty(), "{} keys have no effect:\n{}", dead.len(), dead.join("\n"));
    assert!(alive.is_empty(), "these are no longer pending:\n{}", alive.join("\n"));
    let present = fs_err::read_to_string(root().join(PAGE)).unwrap_or_default();
    assert!(present == page, "{PAGE} is not current: CHARTWRIGHT_EFFECTS=write cargo test effects");
}

#[test]
fn the_fixtures_of_effects_name_keys_that_exist() {
    let fixtures = fixtures();
    let named = fixtures
        .settings
        .keys()
        .chain(fixtures.values.keys())
        .chain(fixtures.elsewhere.keys())
        .chain(&fixtures.pending);
    for path in named {
        assert!(exists(path), "{path}");
    }
}

#[test]
fn the_table_of_knobs_has_every_row_and_names_keys_that_exist() {
    let text = fs_err::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/knobs.md")).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells.get(1).is_some_and(|number| number.parse::<usize>().is_ok()))
        .collect();
    let numbers: Vec<usize> = rows.iter().map(|cells| cells[1].parse().unwrap()).collect();
    assert_eq!(numbers, (1..=85).collect::<Vec<_>>());
    for cells in rows {
        let (number, keys, note) = (cells[1], cells[3], cells[4]);
        let paths: Vec<&str> = keys.split('`').skip(1).step_by(2).collect();
        assert!(!paths.is_empty() || !note.is_empty(), "row {number} says nothing");
        for path in paths {
            assert!(exists(path), "row {number}: {path}");
        }
    }
}
