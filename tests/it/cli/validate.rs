//! `validate`: formats, reports, thresholds, comments that allow.

use serde_json::{Value, json};

use super::UNKNOWN_KEY;
use crate::tool::{findings, folder, run_in};

/// A warning: a tag that moves.
const FLOATING: &str = "hostDefaults: { image: { repository: acme, tag: latest } }\n";

#[test]
fn thresholds_decide_the_code() {
    let folder = folder(&[("bad.yaml", UNKNOWN_KEY), ("warn.yaml", FLOATING), ("good.yaml", "{}\n")]);
    let code = |args: &[&str]| {
        let mut all = vec!["validate", "--ignore", "CW1001"];
        all.extend(args);
        run_in(folder.path(), &all).code
    };
    assert_eq!(code(&["good.yaml", "--fail-on=info"]), 0);
    assert_eq!(code(&["warn.yaml"]), 0);
    assert_eq!(code(&["warn.yaml", "--fail-on=warning"]), 1);
    assert_eq!(code(&["bad.yaml"]), 1);
    assert_eq!(code(&["bad.yaml", "--fail-on=never"]), 0);
    assert_eq!(code(&["bad.yaml", "--exit-zero"]), 0);
    assert_eq!(code(&["bad.yaml", "--ignore=CW0204"]), 0);
    assert_eq!(code(&["bad.yaml", "--ignore=CW0204=operator"]), 1);
    assert_eq!(code(&["good.yaml", "bad.yaml"]), 1);
    assert_eq!(code(&["*.yaml"]), 1);
}

#[test]
fn every_format_names_the_place() {
    let folder = folder(&[("v.yaml", UNKNOWN_KEY)]);
    for format in ["full", "concise", "json", "github", "gitlab", "sarif", "junit"] {
        let run = run_in(folder.path(), &["validate", "v.yaml", "--output-format", format]);
        assert_eq!(run.code, 1, "{format}");
        assert!(run.stdout.contains("CW0204") && run.stdout.contains("v.yaml"), "{format}: {}", run.stdout);
        match format {
            "full" => assert!(run.stdout.contains("v.yaml:2:3") && run.stdout.contains("^^^^^^^"), "{}", run.stdout),
            "concise" => assert!(run.stdout.starts_with("v.yaml:2:3: error[CW0204]"), "{}", run.stdout),
            "json" => assert_eq!(findings(&run)[0].at, "v.yaml:2:3 CW0204"),
            "github" => assert!(run.stdout.contains("::error title=CW0204,file=v.yaml,line=2,"), "{}", run.stdout),
            "gitlab" => {
                let report: Value = serde_json::from_str(&run.stdout).unwrap();
                assert_eq!(report[0]["location"]["lines"]["begin"], 2);
                assert!(report[0]["fingerprint"].is_string());
            }
            "sarif" => {
                let report: Value = serde_json::from_str(&run.stdout).unwrap();
                let result = &report["runs"][0]["results"][0];
                assert_eq!(result["ruleId"], "CW0204");
                let region = &result["locations"][0]["physicalLocation"]["region"];
                assert_eq!((&region["startLine"], &region["startColumn"]), (&json!(2), &json!(3)));
            }
            _ => assert!(run.stdout.contains("<testsuite") && run.stdout.contains("<failure"), "{}", run.stdout),
        }
    }
}

#[test]
fn reports_are_written_beside_the_answer() {
    let folder = folder(&[("v.yaml", UNKNOWN_KEY)]);
    let args = ["validate", "v.yaml", "--report=sarif=out.sarif", "--report=junit=deep/out.xml"];
    let run = run_in(folder.path(), &args[..3]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.starts_with("v.yaml:2:3"), "{}", run.stdout);
    let report = fs_err::read_to_string(folder.path().join("out.sarif")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&report).unwrap()["version"], "2.1.0");
}

#[test]
fn a_fingerprint_survives_a_shifted_line() {
    let fingerprint = |text: &str| {
        let folder = folder(&[("v.yaml", text)]);
        let run = run_in(folder.path(), &["validate", "v.yaml", "--output-format=gitlab"]);
        serde_json::from_str::<Value>(&run.stdout).unwrap()[0]["fingerprint"].clone()
    };
    assert_eq!(fingerprint(UNKNOWN_KEY), fingerprint(&format!("# a line above\n{UNKNOWN_KEY}")));
    assert_ne!(fingerprint(UNKNOWN_KEY), fingerprint("hostDefaults:\n  replicass: 2\n"));
}

#[test]
fn a_comment_allows_one_finding_with_a_reason() {
    let code = |text: &str| {
        let folder = folder(&[("v.yaml", text)]);
        let run = run_in(folder.path(), &["validate", "v.yaml", "--fail-on=warning", "--ignore=CW1001"]);
        (run.code, run.stdout)
    };
    assert_eq!(code(FLOATING).0, 1);
    let floats = code(FLOATING).1;
    let found = floats.split_once('[').unwrap().1.split_once(']').unwrap().0.to_owned();
    let allowed = code(&format!("# chartwright: allow({found}) our mirror pins it\n{FLOATING}"));
    assert_eq!(allowed.0, 0, "{}", allowed.1);
}

#[test]
fn values_and_manifests_are_told_apart() {
    let manifest = "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\nmetadata: { name: a }\nspec: { replica: 1 }\n";
    let folder = folder(&[("v.yaml", UNKNOWN_KEY), ("m.yaml", manifest)]);
    let run = run_in(folder.path(), &["validate", "*.yaml", "--output-format=json"]);
    let places: Vec<String> = findings(&run).into_iter().map(|finding| finding.at).collect();
    assert!(places.contains(&"v.yaml:2:3 CW0204".to_owned()), "{places:?}");
    assert!(places.contains(&"m.yaml:4:9 CW0204".to_owned()), "{places:?}");
}
