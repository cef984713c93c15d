//! Both Helms as judges: small Go programs around their libraries that render one chart with many value sets.

use std::{
    collections::BTreeMap,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
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
    /// Objects by kind and name, or Helm's error.
    pub(crate) result: Result<BTreeMap<String, Value>, String>,
    pub(crate) notes: String,
}

impl Helm {
    /// Writes the chart; none, with a message, where Go is not installed.
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

    /// Renders all sets, hooks left out.
    pub(crate) fn render(&self, release: &str, namespace: &str, sets: &[Value]) -> Vec<Answer> {
        let mut child = Command::new(&self.program)
            .args(["-n", namespace, "-release", release])
            .arg(self.chart.path().join("chartwright"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let lines: Vec<String> = sets.iter().map(|set| json!({"values": set}).to_string()).collect();
        let writer = std::thread::spawn(move || {
            for line in lines {
                writeln!(stdin, "{line}").unwrap();
            }
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        assert!(output.status.success(), "the Go program failed");
        let answers: Vec<Answer> = String::from_utf8(output.stdout).unwrap().lines().map(answer).collect();
        assert_eq!(answers.len(), sets.len());
        answers
    }
}

fn answer(line: &str) -> Answer {
    let json: Value = serde_json::from_str(line).unwrap();
    let notes = json["notes"].as_str().unwrap_or_default().to_owned();
    if json["ok"] != true {
        return Answer { result: Err(json["error"].as_str().unwrap_or_default().to_owned()), notes };
    }
    let mut objects = BTreeMap::new();
    for object in json["objects"].as_array().unwrap() {
        let (Some(kind), Some(name)) = (object["kind"].as_str(), object["metadata"]["name"].as_str()) else {
            panic!("Helm rendered something without a kind or name: {object}");
        };
        let name = format!("{kind}/{name}");
        assert!(objects.insert(name.clone(), object.clone()).is_none(), "{name} twice");
    }
    Answer { result: Ok(objects), notes }
}

/// Builds the program once; Go's own cache makes later runs cheap.
fn program(version: Version) -> Option<PathBuf> {
    static BUILT: Mutex<BTreeMap<&str, Option<PathBuf>>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap();
    built
        .entry(version.name())
        .or_insert_with(|| {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            let program = root.join("target/helm-render").join(version.name());
            let done = Command::new("go")
                .current_dir(root.join("tests/helm/render").join(version.name()))
                .args(["build", "-o"])
                .arg(&program)
                .arg(".")
                .status();
            match done {
                Ok(status) if status.success() => Some(program),
                Ok(status) => panic!("building the {} renderer: {status}", version.name()),
                Err(err) => {
                    let _ = writeln!(
                        std::io::stderr(),
                        "SKIPPED: comparison with Helm {}: no `go` ({err})",
                        version.name()
                    );
                    None
                }
            }
        })
        .clone()
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
    match chartwright::render::read_yaml(text).unwrap() {
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
                out.push_str(&format!("{path}\n  ours:   {ours}\n  theirs: {theirs}\n"));
            }
        }
    }
    let as_map = |map: &BTreeMap<String, Value>| Value::Object(map.clone().into_iter().collect());
    let mut out = String::new();
    walk("", &as_map(ours), &as_map(theirs), &mut out);
    out
}
