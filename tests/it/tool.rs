//! Runs the program as a user does, and reads what it says.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A finding, as `--output-format json` tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// `values.yaml:3:5 CW0204`, the file without its folder.
    pub(crate) at: String,
    /// `error`, `warning` or `info`.
    pub(crate) severity: String,
    pub(crate) message: String,
    pub(crate) help: String,
    pub(crate) notes: Vec<String>,
}

/// The program, in a folder and with an environment that no machine's settings reach.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("chartwright"));
    command.current_dir(folder);
    for name in ["CHARTWRIGHT_RELEASE", "CHARTWRIGHT_NAMESPACE", "GITHUB_ACTIONS", "SOURCE_DATE_EPOCH", "COLUMNS"] {
        command.env_remove(name);
    }
    command
}

/// Runs it with nothing on standard input.
pub(crate) fn run_in(folder: &Path, args: &[&str]) -> Run {
    run_with(folder, args, b"")
}

/// Runs it with some standard input.
pub(crate) fn run_with(folder: &Path, args: &[&str], input: &[u8]) -> Run {
    let mut child =
        command(folder).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that does not read its input closes the pipe; that is its right.
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs it in the checkout.
pub(crate) fn run(args: &[&str]) -> Run {
    run_in(&root(), args)
}

/// Runs it and measures how long it took.
pub(crate) fn timed(folder: &Path, args: &[&str]) -> (Run, Duration) {
    let start = Instant::now();
    let run = run_in(folder, args);
    (run, start.elapsed())
}

/// The checkout.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs_err::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The findings of files of one case.
pub(crate) fn case(name: &str, files: &[&str]) -> Vec<Finding> {
    let mut args = vec!["validate", "--output-format=json"];
    args.extend(files);
    judged(&run_in(&root().join("tests/cases").join(name), &args))
}

/// The findings for a values file of ours, remarks on images left out.
pub(crate) fn judge(values: &str) -> Vec<Finding> {
    let folder = folder(&[("v.yaml", values)]);
    let mut found = judged(&run_in(folder.path(), &["validate", "v.yaml", "--output-format=json"]));
    found.retain(|finding| !finding.at.ends_with("CW1001"));
    found
}

/// What a plain run of `validate` found; its exit code says whether there is an error among it.
fn judged(run: &Run) -> Vec<Finding> {
    let found = findings(run);
    let wrong = found.iter().any(|finding| finding.severity == "error");
    assert_eq!(run.code, i32::from(wrong), "{run:?}");
    found
}

/// Where values of ours have findings.
pub(crate) fn places(values: &str) -> Vec<String> {
    judge(values).into_iter().map(|finding| finding.at).collect()
}

/// What a run of `validate --output-format=json` found.
pub(crate) fn findings(run: &Run) -> Vec<Finding> {
    let json: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|err| panic!("{err}: {run:?}"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    json["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let file = text(&finding["file"]);
            let file = file.rsplit('/').next().unwrap();
            let at = format!("{file}:{}:{} {}", finding["line"], finding["column"], text(&finding["code"]));
            Finding {
                at,
                severity: text(&finding["severity"]),
                message: text(&finding["message"]),
                help: text(&finding["help"]),
                notes: finding["notes"].as_array().into_iter().flatten().map(text).collect(),
            }
        })
        .collect()
}

/// The objects that values of ours render to.
pub(crate) fn render(values: &str, args: &[&str]) -> Vec<Value> {
    let folder = folder(&[("v.yaml", values)]);
    let mut all = vec!["render", "-f", "v.yaml"];
    all.extend(args);
    let run = run_in(folder.path(), &all);
    assert_eq!(run.code, 0, "{values}\n{}", run.stderr);
    documents(&run.stdout)
}

/// The documents of a stream as this tool writes it.
pub(crate) fn documents(stream: &str) -> Vec<Value> {
    stream
        .split("---\n")
        .filter(|text| !text.trim().is_empty())
        .map(|text| chartwright::render::read_yaml(text).unwrap())
        .collect()
}

/// One object by kind and name.
pub(crate) fn object<'o>(objects: &'o [Value], kind: &str, name: &str) -> &'o Value {
    objects
        .iter()
        .find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
        .unwrap_or_else(|| panic!("no {kind}/{name}"))
}
