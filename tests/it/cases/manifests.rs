//! Manifests that a cluster takes without a word and that do not work.

use crate::tool::{case, findings, root, run_in};

fn places(name: &str, files: &[&str]) -> Vec<String> {
    case(name, files).into_iter().map(|finding| finding.at).collect()
}

#[test]
fn h02_a_port_with_another_name_gets_no_endpoints() {
    let found = case("H02", &["svc.yaml", "wd.yaml"]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].at, "svc.yaml:8:15 CW2101");
    assert_eq!(found[0].help, "write `name: http`");
}

#[test]
fn h03_a_local_traffic_policy_needs_node_names() {
    assert_eq!(places("H03", &["svc.yaml"]), ["svc.yaml:8:3 CW2103"]);
}

#[test]
fn h04_a_blobstore_needs_its_buckets() {
    let found = case("H04", &["wd.yaml"]);
    let mut places: Vec<&str> = found.iter().map(|finding| finding.at.as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, ["wd.yaml:14:11 CW2111", "wd.yaml:15:13 CW2110", "wd.yaml:16:13 CW2110", "wd.yaml:7:13 CW2118"]);
    assert!(found.iter().any(|finding| finding.help == "known keys: `buckets` and `read_only`"));
}

#[test]
fn h05_replicas_without_a_group_handle_each_message_each() {
    let found = case("H05", &["wd.yaml"]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].at, "wd.yaml:7:13 CW2119");
    assert!(found[0].message.contains("handled 4 times"));
    assert!(found[0].help.contains("`broadcast`"));
}

#[test]
fn h10_a_tag_that_moves_is_pulled_always() {
    assert_eq!(places("H10", &["wd.yaml"]), ["wd.yaml:12:18 CW2123"]);
}

#[test]
fn h11_three_pull_secrets_fail_for_three_reasons() {
    let found = case("H11", &["secrets.yaml", "wd.yaml"]);
    let places: Vec<&str> = found.iter().map(|finding| finding.at.as_str()).collect();
    assert_eq!(places, ["secrets.yaml:4:7 CW2131", "wd.yaml:12:87 CW2132", "wd.yaml:13:87 CW2104"]);
    assert!(found[0].help.contains("kubernetes.io/dockerconfigjson"));
    assert!(found[1].message.contains("`other-registry` has no entry for `registry.example`"));
    assert!(found[2].message.contains("no Secret `pull-elsewhere` in namespace `apps`"));
}

#[test]
fn h12_there_are_no_pods_behind_a_workload_deployment() {
    assert_eq!(places("H12", &["hpa.yaml"]), ["hpa.yaml:12:13 CW2140"]);
}

#[test]
fn r19_typos_are_found_and_null_is_a_default() {
    let expected = ["wd.yaml:5:1 CW0204", "wd.yaml:7:13 CW0201", "wd.yaml:11:7 CW0204"];
    assert_eq!(places("R19", &["wd.yaml"]), expected);
    let found = case("R19", &["wd.yaml"]);
    assert!(found[2].help.contains("did you mean `hostInterfaces`?"));
    assert_eq!(places("R19", &["deploy.yaml"]), ["deploy.yaml:1:1 CW0205", "deploy.yaml:5:1 CW0204"]);
    let folder = root().join("tests/cases/R19");
    let run = run_in(&folder, &["validate", "wd.yaml", "--output-format=sarif"]);
    assert_eq!(run.code, 1);
    let sarif: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let lines: Vec<i64> = sarif["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|result| result.pointer("/locations/0/physicalLocation/region/startLine")?.as_i64())
        .collect();
    assert_eq!(lines, [5, 7, 11]);
}

#[test]
fn v12_argo_cd_needs_the_whole_path_and_certificates_that_stay() {
    let found = case("V12", &["app.yaml"]);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].at, "app.yaml:10:14 CW2201");
    assert_eq!(found[0].help, "write `ghcr.io/wasmcloud/charts`");
    assert!(found[1].at.ends_with("CW2202"));
}

#[test]
fn objects_as_people_write_them_have_no_finding() {
    let run = run_in(&root().join("tests/cases"), &["validate", "_common/*.yaml", "--output-format=json"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(!findings(&run).iter().any(|finding| finding.at.contains("CW0")), "{}", run.stdout);
}
