//! Help, completions, man pages, reference pages: what people read before and after.

use crate::tool::{folder, run, run_in};

/// Each way to ask for help, and the name of its snapshot.
const PAGES: &[(&str, &[&str])] = &[
    ("chartwright", &["--help"]),
    ("render", &["render", "-h"]),
    ("validate", &["validate", "-h"]),
    ("explain", &["explain", "-h"]),
    ("import", &["import", "-h"]),
    ("chart", &["chart", "-h"]),
    ("chart-export", &["chart", "export", "-h"]),
    ("chart-package", &["chart", "package", "-h"]),
    ("chart-push", &["chart", "push", "-h"]),
    ("image", &["image", "-h"]),
    ("image-list", &["image", "list", "-h"]),
    ("image-save", &["image", "save", "-h"]),
    ("image-load", &["image", "load", "-h"]),
    ("image-push", &["image", "push", "-h"]),
    ("image-inspect", &["image", "inspect", "-h"]),
    ("conformance", &["conformance", "-h"]),
    ("host-drain", &["host", "drain", "-h"]),
];

#[test]
fn each_verb_says_what_it_does() {
    for (name, args) in PAGES {
        let run = run(args);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{name}");
        insta::assert_snapshot!(*name, run.stdout);
    }
}

#[test]
fn a_wrong_call_says_what_would_be_right_and_is_code_2() {
    for (args, words) in [
        (&["rendr"][..], "a similar subcommand exists: 'render'"),
        (&["render", "--value", "x"], "a similar argument exists: '--values'"),
        (&["render", "--release", "No_Name"], "cannot name a release"),
        (&["render", "--kube-version", "1.20"], "the chart needs Kubernetes"),
        (&["render", "--kube-version", "new"], "is no version of Kubernetes"),
        (&["render", "--only", "Deployment/none"], "matches no object; there are"),
        (&["render", "-f", "none.yaml"], "none.yaml"),
        (&["validate"], "no file to validate"),
        (&["validate", "none*.yaml"], "none*.yaml"),
        (&["validate", "Cargo.toml", "--report", "pdf=x"], "pdf"),
        (&["chart", "package", "--image-registry", "a b"], "--image-registry a b"),
        (&["import", "none.yaml", "--profile", "ha"], "profiles are ours"),
    ] {
        let run = run(args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.contains(words), "{args:?}: {}", run.stderr);
        assert!(run.stderr.lines().count() < 40, "{args:?}: {}", run.stderr);
    }
}

#[test]
fn codes_and_keys_are_explained() {
    let code = run(&["explain", "CW1203"]);
    assert_eq!(code.code, 0);
    assert!(code.stdout.contains("CW1203") && code.stdout.contains("Write `auth:"), "{}", code.stdout);
    let key = run(&["explain", "hosts.edge.http.port"]);
    assert_eq!(key.code, 0);
    assert!(key.stdout.contains("hosts.edge.http.port"), "{}", key.stdout);
    for (wrong, near) in [("CW9999", "CW"), ("hosts.edge.http.prt", "port")] {
        let run = run(&["explain", wrong]);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{wrong}");
        assert!(run.stderr.contains(wrong) && run.stderr.contains(near), "{}", run.stderr);
    }
}

#[test]
fn shells_and_man_get_their_files() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let run = run(&["completions", shell]);
        assert!(run.code == 0 && run.stdout.contains("show-origin"), "{shell}");
    }
    let folder = folder(&[]);
    assert_eq!(run_in(folder.path(), &["man", "pages"]).code, 0);
    let page = fs_err::read_to_string(folder.path().join("pages/chartwright-render.1")).unwrap();
    assert!(page.contains(".TH") && page.contains("show\\-origin"), "{page}");
}

#[test]
fn the_default_values_are_values() {
    let defaults = run(&["values"]);
    let folder = folder(&[("v.yaml", &defaults.stdout)]);
    let valid = run_in(folder.path(), &["validate", "v.yaml", "--fail-on", "warning", "--ignore", "CW1001"]);
    assert_eq!(valid.code, 0, "{}", valid.stdout);
    let plain = run_in(folder.path(), &["render"]);
    let with = run_in(folder.path(), &["render", "-f", "v.yaml"]);
    assert_eq!((plain.code, plain.stdout), (0, with.stdout));
}
