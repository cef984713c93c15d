//! `image load`: what the programs that take images are given.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use super::{entries, made, payload_arguments};
use crate::tool::{Run, command, folder};

/// Programs that write down their arguments and keep what they are given.
fn fakes(folder: &Path, names: &[&str], ending: i32) {
    let place = folder.join("bin");
    fs_err::create_dir_all(&place).unwrap();
    for name in names {
        let script = format!(
            "#!/bin/sh\nout='{0}'\nprintf '%s\\n' \"$*\" > \"$out/{name}.args\"\n/bin/cat > \"$out/{name}.stdin\"\n\
             for last; do if [ -f \"$last\" ]; then /bin/cp \"$last\" \"$out/{name}.file\"; fi; done\n\
             echo said-by-{name} >&2\nexit {ending}\n",
            folder.display()
        );
        // By another process: a file that a thread of ours still had open for writing could not be started.
        let write = "printf %s \"$2\" > \"$1\" && chmod 755 \"$1\"";
        let status = Command::new("sh").args(["-c", write, "sh"]).arg(place.join(name)).arg(script).status();
        assert!(status.unwrap().success());
    }
}

/// Runs `image load` with nothing on PATH but the fakes.
fn load(folder: &Path, args: &[&str]) -> Run {
    let mut command = command(folder);
    command.env("PATH", folder.join("bin")).args(["image", "load"]).args(args).args(payload_arguments(folder));
    let output = command.output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn read(folder: &Path, name: &str) -> String {
    fs_err::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn each_program_is_called_as_it_wants_and_gets_the_archive() {
    let folder = folder(&[]);
    fakes(folder.path(), &["ctr", "k3s", "kind", "minikube", "docker"], 0);
    for (to, arguments, given, docker) in [
        ("ctr", "-n k8s.io images import -", "stdin", false),
        ("k3s", "ctr images import -", "stdin", false),
        ("kind", "load image-archive ", "file", false),
        ("minikube", "image load ", "file", true),
        ("docker", "load", "stdin", true),
    ] {
        let run = load(folder.path(), &["--to", to]);
        assert_eq!(run.code, 0, "{to}: {}", run.stderr);
        assert_eq!(run.stdout, "docker.io/library/chartwright:0.1.0\n");
        assert!(run.stderr.contains(&format!("said-by-{to}")), "{}", run.stderr);
        let said = read(folder.path(), &format!("{to}.args"));
        assert!(said.starts_with(arguments), "{to}: {said}");
        let entries = entries(&folder.path().join(format!("{to}.{given}")));
        let has = |name: &str| entries.iter().any(|(entry, _)| entry == name);
        assert_eq!((has("index.json"), has("manifest.json")), (true, docker), "{to}");
    }
}

#[test]
fn only_the_platform_of_this_machine_is_loaded() {
    let folder = folder(&[]);
    fakes(folder.path(), &["ctr"], 0);
    assert_eq!(load(folder.path(), &[]).code, 0);
    let entries = entries(&folder.path().join("ctr.stdin"));
    let index = super::json(&entries, "index.json");
    let image: serde_json::Value =
        serde_json::from_slice(super::blob(&entries, &index["manifests"][0]["digest"])).unwrap();
    assert_eq!(image["manifests"].as_array().unwrap().len(), 1);
    let both = load(folder.path(), &["--platform", "linux/amd64,linux/arm64"]);
    assert_eq!(both.code, 0, "{}", both.stderr);
    let index = super::json(&super::entries(&folder.path().join("ctr.stdin")), "index.json");
    assert_eq!(index["manifests"][0]["digest"], made().top.digest.as_str());
}

#[test]
fn clusters_have_names() {
    let folder = folder(&[]);
    fakes(folder.path(), &["kind", "docker"], 0);
    assert_eq!(load(folder.path(), &["--cluster", "dev"]).code, 0);
    assert!(read(folder.path(), "kind.args").trim().ends_with("--name dev"));
    let run = load(folder.path(), &["--to", "docker", "--cluster", "dev"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("docker has none"), "{}", run.stderr);
}

#[test]
fn what_is_found_is_taken_and_said() {
    let folder = folder(&[]);
    fakes(folder.path(), &["docker", "kind"], 0);
    let run = load(folder.path(), &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("loading into kind; `--to` takes docker too"), "{}", run.stderr);
}

#[test]
fn a_missing_program_is_code_2_and_a_failing_one_code_1_with_its_words() {
    let folder = folder(&[]);
    let run = load(folder.path(), &[]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("none of k3s, kind, minikube, ctr and docker"), "{}", run.stderr);
    let run = load(folder.path(), &["--to", "ctr"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("`ctr` is not on PATH"), "{}", run.stderr);
    fakes(folder.path(), &["ctr"], 3);
    let run = load(folder.path(), &["--to", "ctr"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    for words in ["`ctr -n k8s.io images import -` ended with", "said-by-ctr"] {
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}

#[test]
fn an_archive_is_loaded_without_payloads() {
    let folder = folder(&[]);
    fakes(folder.path(), &["docker"], 0);
    assert_eq!(super::run_image(folder.path(), &["save", "-o", "a.tar"]).code, 0);
    let output = command(folder.path())
        .env("PATH", folder.path().join("bin"))
        .args(["image", "load", "--from", "a.tar"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list = super::json(&entries(&folder.path().join("docker.stdin")), "manifest.json");
    assert_eq!(list[0]["RepoTags"][0], "docker.io/library/chartwright:0.1.0");
}
