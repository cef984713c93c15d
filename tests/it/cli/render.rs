//! `render`: the stream and its selections.

use std::process::Stdio;

use super::UNKNOWN_KEY;
use crate::tool::{command, documents, folder, run, run_in, run_with};

#[test]
fn standard_output_is_manifests_and_nothing_else() {
    let run = run(&["render", "-f", "golden/synadia-leaf/values.yaml"]);
    assert_eq!(run.code, 0);
    let objects = documents(&run.stdout);
    assert!(objects.len() > 15, "{}", objects.len());
    assert!(objects.iter().all(|object| object["apiVersion"].is_string() && object["metadata"]["name"].is_string()));
    // kubectl would run a hook like any other object.
    assert!(!run.stdout.contains("helm.sh/hook"));
}

#[test]
fn refused_values_render_nothing() {
    let run = run_with(&std::env::temp_dir(), &["render", "-f", "-"], UNKNOWN_KEY.as_bytes());
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("<stdin>:2:3") && run.stderr.contains("did you mean `replicas`"), "{}", run.stderr);
}

#[test]
fn later_layers_win_and_say_so() {
    let folder =
        folder(&[("a.yaml", "hostDefaults: { replicas: 2 }\n"), ("b.yaml", "hostDefaults: { replicas: 3 }\n")]);
    let args = ["render", "--profile", "minimal", "-f", "a.yaml", "-f", "b.yaml", "--show-origin"];
    let row = |args: &[&str]| {
        let run = run_in(folder.path(), args);
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout.lines().find(|line| line.starts_with("hostDefaults.replicas ")).unwrap().to_owned()
    };
    assert_eq!(row(&args), "hostDefaults.replicas = 3  # b.yaml:1:27, over a.yaml:1:27, defaults");
    let mut flag = args.to_vec();
    flag.extend(["--set", "hostDefaults.replicas=4"]);
    assert_eq!(
        row(&flag),
        "hostDefaults.replicas = 4  # --set hostDefaults.replicas=4, over b.yaml:1:27, a.yaml:1:27, defaults"
    );
    let profile = run_in(folder.path(), &["render", "--profile", "ha", "--show-origin"]).stdout;
    assert!(profile.lines().any(|line| line.starts_with("operator.replicas = ") && line.contains("# profile ha:")));
}

#[test]
fn one_object_by_name_or_many_by_pattern() {
    let kinds = |only: &str| -> Vec<String> {
        let run = run(&["render", "--only", only]);
        assert_eq!(run.code, 0, "{only}");
        documents(&run.stdout).iter().map(|object| object["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds("deployment/*operator*"), ["Deployment"]);
    assert_eq!(kinds("Service,StatefulSet").iter().filter(|kind| *kind == "StatefulSet").count(), 1);
}

#[test]
fn a_folder_gets_one_file_an_object() {
    let folder = folder(&[]);
    let run = run_in(folder.path(), &["render", "-n", "apps", "--output-dir", "out"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""));
    let count = documents(&run_in(folder.path(), &["render", "-n", "apps"]).stdout).len();
    let files: Vec<_> = fs_err::read_dir(folder.path().join("out")).unwrap().collect();
    assert_eq!(files.len(), count);
}

#[test]
fn a_summary_counts() {
    let run = run(&["render", "--summary", "--set", "hostDefaults.replicas=5"]);
    assert_eq!(run.code, 0);
    for words in ["release wasmcloud in default", "requests cpu", "limits memory", "images"] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    assert!(!run.stdout.contains("apiVersion"));
}

#[test]
fn a_summary_has_the_instance_pool_of_each_group() {
    let values = "\
tls: { provider: operator }
hosts:
  big: { flags: { core-instances: 20, default-heap-memory: 8Gi } }
  default: { replicas: 2 }
  lean: { limits: { coreInstances: 500, defaultHeapMemory: 256Mi } }
  stock: { implementation: { name: wasmcloud, version: \"2.9.0\" }, limits: { coreInstances: 200 } }
  without: { wasm: { pooling: false } }
";
    let folder = folder(&[("v.yaml", values)]);
    let run = run_in(folder.path(), &["render", "-f", "v.yaml", "--summary"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let pools = "
instance pools
  big      20 instances × 8Gi = 160Gi; reserves more than 160Gi of address space
  default  1000 (the host's default) instances × 4Gi (the host's default) = 4000Gi; reserves more than 4000Gi of address space
  lean     500 instances × 256Mi = 125Gi; reserves more than 2000Gi of address space
  stock    200 instances × 4Gi (the host's default) = 800Gi; reserves more than 800Gi of address space
  without  none: instances are made one by one

images
";
    assert!(run.stdout.contains(pools), "{}", run.stdout);
}

#[test]
fn definitions_come_first_when_asked_for() {
    let run = run(&["render", "--include-crds"]);
    let kinds: Vec<String> =
        documents(&run.stdout).iter().map(|object| object["kind"].as_str().unwrap().to_owned()).collect();
    let crds = kinds.iter().take_while(|kind| *kind == "CustomResourceDefinition").count();
    assert!(crds >= 5);
    assert_eq!(crds, kinds.iter().filter(|kind| *kind == "CustomResourceDefinition").count());
}

#[test]
fn hooks_come_only_when_asked_for() {
    let run = run(&["render", "--with-hooks"]);
    assert!(run.stdout.contains("helm.sh/hook: "), "{}", run.stdout);
}

#[test]
fn each_kind_of_flag_reaches_the_values() {
    let folder = folder(&[("key.txt", "from a file")]);
    let run = run_in(
        folder.path(),
        &[
            "render",
            "--set=commonLabels.a=x\\,y",
            "--set-string=commonLabels.b=10",
            "--set-json=commonAnnotations={\"c\": \"1\"}",
            "--set-file=commonAnnotations.d=key.txt",
            "--set-literal=commonAnnotations.e=x=[y],z",
            "--only=ServiceAccount",
        ],
    );
    // A label takes no comma: the flag is named.
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("--set:1:16") && run.stderr.contains("commonLabels.a=x\\,y"), "{}", run.stderr);
    let run = run_in(
        folder.path(),
        &[
            "render",
            "--set-string=commonLabels.b=10",
            "--set-json=commonAnnotations={\"c\": \"1\"}",
            "--set-file=commonAnnotations.d=key.txt",
            "--set-literal=commonAnnotations.e=x=[y],z",
            "--only=ServiceAccount",
        ],
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
    let account = &documents(&run.stdout)[0]["metadata"];
    assert_eq!(account["labels"]["b"], "10");
    let annotations = serde_json::json!({ "c": "1", "d": "from a file", "e": "x=[y],z" });
    for (key, value) in annotations.as_object().unwrap() {
        assert_eq!(account["annotations"][key], *value);
    }
}

#[test]
fn a_closed_pipe_is_no_fault() {
    let mut child = command(&std::env::temp_dir())
        .args(["render", "--include-crds"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(!words.contains("panicked") && !words.contains("pipe"), "{words}");
    assert_ne!(output.status.code(), Some(101));
}
