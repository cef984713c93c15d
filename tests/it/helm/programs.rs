//! Both Helms as judges: small Go programs around their libraries that render one chart with many value sets.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use chartwright::export::File;
use serde_json::{Map, Value, json};

/// One of the two Helms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V3,
    V4,
}

impl Version {
    pub(crate) const ALL: [Self; 2] = [Self::V3, Self::V4];

    /// Where the environment names this Helm itself.
    pub(crate) const fn variable(self) -> &'static str {
        match self {
            Self::V3 => "CHARTWRIGHT_HELM3",
            Self::V4 => "CHARTWRIGHT_HELM4",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::V3 => "v3",
            Self::V4 => "v4",
        }
    }
}

/// A chart on disk and the program that renders it.
pub(crate) struct Helm {
    program: PathBuf,
    chart: tempfile::TempDir,
}

/// What Helm made of one value set.
pub(crate) struct Answer {
    /// Objects by kind, namespace and name, or Helm's error.
    pub(crate) result: Result<Objects, String>,
    pub(crate) notes: String,
}

/// Objects by kind, namespace (if they name one) and name.
pub(crate) type Objects = BTreeMap<String, Value>;

/// What else Helm is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ask {
    /// Hook objects too.
    pub(crate) hooks: bool,
    /// The chart's custom resource definitions too.
    pub(crate) crds: bool,
    /// No look at `values.schema.json`: the templates' own rules have to refuse.
    pub(crate) skip_schema: bool,
}

impl Helm {
    /// Writes the chart; none, with a message, where the environment names no program.
    pub(crate) fn new(version: Version, files: &[File]) -> Option<Self> {
        let program = program(version)?;
        let chart = tempfile::tempdir().unwrap();
        for file in files {
            let path = chart.path().join("chartwright").join(&file.path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(&path, &file.content).unwrap();
        }
        Some(Self { program, chart })
    }

    /// Where the chart stands.
    pub(crate) fn chart(&self) -> PathBuf {
        self.chart.path().join("chartwright")
    }

    /// Renders all sets, hooks left out.
    pub(crate) fn render(&self, release: &str, namespace: &str, sets: &[Value]) -> Vec<Answer> {
        self.ask(release, namespace, sets, Ask::default())
    }

    /// Renders all sets.
    pub(crate) fn ask(&self, release: &str, namespace: &str, sets: &[Value], ask: Ask) -> Vec<Answer> {
        let lines: Vec<String> = sets
            .iter()
            .map(|set| {
                json!({"values": set, "hooks": ask.hooks, "crds": ask.crds, "skipSchema": ask.skip_schema}).to_string()
            })
            .collect();
        let chart = self.chart();
        let arguments = ["-n", namespace, "-release", release, chart.to_str().unwrap()];
        let output = run(&self.program, &arguments, lines.join("\n"));
        let answers: Vec<Answer> = output.lines().map(answer).collect();
        assert_eq!(answers.len(), sets.len());
        answers
    }

    /// The objects of a stream of manifests, as Go reads YAML.
    pub(crate) fn split(&self, stream: String) -> Objects {
        objects(&serde_json::from_str(&run(&self.program, &["-split"], stream)).unwrap())
    }
}

/// Runs one of the programs.
fn run(program: &Path, arguments: &[&str], input: String) -> String {
    let mut child = Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "the Go program failed");
    String::from_utf8(output.stdout).unwrap()
}

fn answer(line: &str) -> Answer {
    let json: Value = serde_json::from_str(line).unwrap();
    let notes = json["notes"].as_str().unwrap_or_default().to_owned();
    if json["ok"] != true {
        return Answer { result: Err(json["error"].as_str().unwrap_or_default().to_owned()), notes };
    }
    Answer { result: Ok(objects(&json["objects"])), notes }
}

/// A list of objects by name; a name that comes again gets a number, so that nothing is lost.
pub(crate) fn objects(list: &Value) -> Objects {
    let mut objects = Objects::new();
    for object in list.as_array().unwrap() {
        let metadata = &object["metadata"];
        let (Some(kind), Some(name)) = (object["kind"].as_str(), metadata["name"].as_str()) else {
            panic!("Helm rendered something without a kind or name: {object}");
        };
        let name = match metadata["namespace"].as_str() {
            Some(namespace) => format!("{kind}/{namespace}/{name}"),
            None => format!("{kind}/{name}"),
        };
        let mut key = name.clone();
        let mut number = 1;
        while objects.contains_key(&key) {
            number += 1;
            key = format!("{name}#{number}");
        }
        objects.insert(key, object.clone());
    }
    objects
}

/// A program that the environment names; none, with a message, without.
pub(crate) fn named(variable: &str) -> Option<PathBuf> {
    let place = std::env::var_os(variable).filter(|place| !place.is_empty()).map(PathBuf::from);
    if place.is_none() {
        let message = "SKIPPED: comparison with Helm: run `cargo xtask test --only helm`, or set";
        let _ = writeln!(std::io::stderr(), "{message} {variable}");
    }
    place
}

fn program(version: Version) -> Option<PathBuf> {
    let program = named("CHARTWRIGHT_HELM_RENDER")?.join(version.name());
    assert!(program.is_file(), "{} is no file", program.display());
    Some(program)
}

/// Helm's coalescing of user values over chart defaults.
pub(crate) fn coalesce(defaults: &Map<String, Value>, user: &Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for (key, default) in defaults {
        match (default, user.get(key)) {
            (Value::Null, None) | (_, Some(Value::Null)) => {}
            (_, None) => drop(out.insert(key.clone(), default.clone())),
            (Value::Object(default), Some(Value::Object(user))) => {
                out.insert(key.clone(), coalesce(default, user).into());
            }
            (_, Some(value)) => drop(out.insert(key.clone(), value.clone())),
        }
    }
    for (key, value) in user {
        if !defaults.contains_key(key) {
            out.insert(key.clone(), value.clone());
        }
    }
    out
}

/// Reads a small YAML file of ours by way of the values reader that both sides share.
pub(crate) fn read_yaml(text: &str) -> Map<String, Value> {
    match chartwright::source::parse_plain(text).unwrap() {
        Value::Object(map) => map,
        other => panic!("no map: {other}"),
    }
}

/// The paths at which two manifests differ, one a line.
pub(crate) fn differences(ours: &BTreeMap<String, Value>, theirs: &BTreeMap<String, Value>) -> String {
    fn walk(path: &str, ours: &Value, theirs: &Value, out: &mut String) {
        match (ours, theirs) {
            (Value::Object(ours), Value::Object(theirs)) => {
                for key in ours.keys().chain(theirs.keys().filter(|key| !ours.contains_key(*key))) {
                    let missing = Value::String("<missing>".into());
                    let (a, b) = (ours.get(key).unwrap_or(&missing), theirs.get(key).unwrap_or(&missing));
                    walk(&format!("{path}.{key}"), a, b, out);
                }
            }
            (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => {}
            (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
                for (position, (a, b)) in ours.iter().zip(theirs).enumerate() {
                    walk(&format!("{path}[{position}]"), a, b, out);
                }
            }
            (ours, theirs) if ours == theirs => {}
            (ours, theirs) => {
                let _ = writeln!(out, "{path}\n  ours:   {ours}\n  theirs: {theirs}");
            }
        }
    }
    let as_map = |map: &BTreeMap<String, Value>| Value::Object(map.clone().into_iter().collect());
    let mut out = String::new();
    walk("", &as_map(ours), &as_map(theirs), &mut out);
    out
}
