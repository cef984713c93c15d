//! Every golden through the helm binaries, and through the Go programs, which so are checked themselves.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use chartwright::export::crds;
use serde_json::Value;

use super::{
    Ask, Helm, Objects, Version,
    compare::{self, NAMESPACE, RELEASE, Verdict},
    differences, named,
};

/// Each golden: its name, its file and the text of it.
fn goldens() -> Vec<(String, PathBuf, String)> {
    let mut all: Vec<_> = fs_err::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("golden"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("values.yaml"))
        .filter(|file| file.is_file())
        .map(|file| {
            let name = file.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
            let text = fs_err::read_to_string(&file).unwrap();
            (name, file, text)
        })
        .collect();
    all.sort();
    assert!(all.len() > 20, "{} goldens", all.len());
    all
}

/// What we render, as `ask` wants it.
fn ours(text: &str, ask: Ask) -> Objects {
    match compare::judge(text) {
        Ok(Verdict::Accepted(rendered, values)) => {
            let mut all = rendered.objects;
            if ask.hooks {
                all.extend(rendered.hooks);
            }
            if ask.crds {
                all.extend(crds(&values).unwrap());
            }
            compare::by_name(&all)
        }
        Ok(Verdict::Refused { findings, .. }) => panic!("refused: {findings:?}"),
        Err(err) => panic!("{err}"),
    }
}

/// `helm template`, its output read by Go.
fn template(binary: &Path, helm: &Helm, file: &Path, ask: Ask) -> Objects {
    let mut command = Command::new(binary);
    // What a Helm takes for the cluster's version depends on how it was built.
    command.args(["template", RELEASE, "--namespace", NAMESPACE, "--kube-version", "1.33", "-f"]);
    command.arg(file).arg(helm.chart());
    if !ask.hooks {
        command.arg("--no-hooks");
    }
    if ask.crds {
        command.arg("--include-crds");
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    helm.split(String::from_utf8(output.stdout).unwrap())
}

const ASKS: [Ask; 2] =
    [Ask { hooks: false, crds: false, skip_schema: false }, Ask { hooks: true, crds: true, skip_schema: false }];

#[test]
fn the_helm_binaries_render_what_we_render() {
    let mut wrong = Vec::new();
    for version in Version::ALL {
        let (Some(binary), Some(helm)) = (named(version.variable()), compare::chart(version)) else { continue };
        for (name, file, text) in goldens() {
            for ask in ASKS {
                let differences = differences(&ours(&text, ask), &template(&binary, &helm, &file, ask));
                if !differences.is_empty() {
                    wrong.push(format!("{name}, {version:?}, {ask:?}:\n{differences}"));
                }
            }
        }
    }
    compare::none(&wrong, "goldens");
}

#[test]
fn the_go_programs_render_what_the_binaries_render() {
    let goldens = goldens();
    let sets: Vec<Value> = goldens.iter().map(|(.., text)| compare::read(text)).collect();
    let mut wrong = Vec::new();
    for version in Version::ALL {
        let Some(helm) = compare::chart(version) else { continue };
        for ask in ASKS {
            for ((name, _, text), answer) in goldens.iter().zip(helm.ask(RELEASE, NAMESPACE, &sets, ask)) {
                let differences = match answer.result {
                    Ok(theirs) => differences(&ours(text, ask), &theirs),
                    Err(err) => err,
                };
                if !differences.is_empty() {
                    wrong.push(format!("{name}, {version:?}, {ask:?}:\n{differences}"));
                }
            }
        }
    }
    compare::none(&wrong, "goldens");
}
