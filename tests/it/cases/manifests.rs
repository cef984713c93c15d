//! Manifests that a cluster takes without a word and that do not work.

use serde_json::Value;

use crate::tool::{Finding, case, findings, root, run_in};

/// `warning wd.yaml:7:13 CW2119` of each finding.
fn said(found: &[Finding]) -> Vec<String> {
    found.iter().map(|finding| format!("{} {}", finding.severity, finding.at)).collect()
}

#[test]
fn h02_a_port_with_another_name_gets_no_endpoints() {
    let found = case("H02", &["svc.yaml", "wd.yaml"]);
    assert_eq!(said(&found), ["warning svc.yaml:8:15 CW2101"]);
    // Our operator's slices have the ports of the Service: nothing is wrong with them.
    assert!(found[0].message.contains("upstream's operator"), "{found:?}");
    assert_eq!(found[0].help, "write `name: http`");
}

#[test]
fn h03_a_local_traffic_policy_needs_node_names() {
    assert_eq!(said(&case("H03", &["svc.yaml"])), ["warning svc.yaml:8:3 CW2103"]);
}

#[test]
fn h04_a_blobstore_needs_its_buckets() {
    let found = case("H04", &["wd.yaml"]);
    let mut all = said(&found);
    all.sort_unstable();
    assert_eq!(
        all,
        [
            "error wd.yaml:14:11 CW2111",
            "warning wd.yaml:15:13 CW2110",
            "warning wd.yaml:16:13 CW2110",
            "warning wd.yaml:7:13 CW2118",
        ]
    );
    assert!(found.iter().any(|finding| finding.help == "known keys: `buckets` and `read_only`"));
}

#[test]
fn h05_replicas_without_a_group_handle_each_message_each() {
    let found = case("H05", &["wd.yaml"]);
    assert_eq!(said(&found), ["warning wd.yaml:7:13 CW2119"]);
    assert!(found[0].message.contains("handled 4 times"));
    assert!(found[0].help.contains("`broadcast`"));
    assert_eq!(
        found[0].notes,
        ["the default group of upstream's host contains the replica's own name, so no two replicas share one"]
    );
}

#[test]
fn h10_a_tag_that_moves_is_pulled_always() {
    assert_eq!(said(&case("H10", &["wd.yaml"])), ["warning wd.yaml:12:18 CW2123"]);
}

#[test]
fn h11_three_pull_secrets_fail_for_three_reasons() {
    let found = case("H11", &["secrets.yaml", "wd.yaml"]);
    assert_eq!(
        said(&found),
        ["error secrets.yaml:4:7 CW2131", "warning wd.yaml:12:87 CW2132", "warning wd.yaml:13:87 CW2104"]
    );
    assert!(found[0].help.contains("kubernetes.io/dockerconfigjson"));
    assert!(found[1].message.contains("`other-registry` has no entry for `registry.example`"));
    assert!(found[2].message.contains("no Secret `pull-elsewhere` in namespace `apps`"));
}

#[test]
fn h12_there_are_no_pods_behind_a_workload_deployment() {
    assert_eq!(said(&case("H12", &["hpa.yaml"])), ["error hpa.yaml:12:13 CW2140"]);
}

#[test]
fn r19_typos_are_found_and_null_is_a_default() {
    let of_workload = ["5:1 CW0204", "7:13 CW0201", "11:7 CW0204"];
    // The second lacks its `spec` as well.
    let of_deployment = ["1:1 CW0205", "5:1 CW0204"];
    for (file, expected) in [("wd.yaml", &of_workload[..]), ("deploy.yaml", &of_deployment)] {
        let found = case("R19", &[file]);
        let all: Vec<String> = expected.iter().map(|place| format!("error {file}:{place}")).collect();
        assert_eq!(said(&found), all);
        let sarif = run_in(&root().join("tests/cases/R19"), &["validate", file, "--output-format=sarif"]);
        assert_eq!((sarif.code, in_sarif(&sarif.stdout)), (1, all), "{file}");
    }
    assert!(case("R19", &["wd.yaml"])[2].help.contains("did you mean `hostInterfaces`?"));
    assert!(case("R19", &["deploy.yaml"])[0].message.contains("`spec`"));
}

/// The same of a report in SARIF.
fn in_sarif(report: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(report).unwrap();
    let results = report["runs"][0]["results"].as_array().unwrap();
    results
        .iter()
        .map(|result| {
            let place = &result["locations"][0]["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            let (file, region) = (uri.rsplit('/').next().unwrap(), &place["region"]);
            let (level, code) = (result["level"].as_str().unwrap(), result["ruleId"].as_str().unwrap());
            format!("{level} {file}:{}:{} {code}", region["startLine"], region["startColumn"])
        })
        .collect()
}

#[test]
fn v12_argo_cd_needs_the_whole_path_and_certificates_that_stay() {
    let found = case("V12", &["app.yaml"]);
    assert_eq!(found.len(), 2);
    assert_eq!(said(&found)[0], "warning app.yaml:10:14 CW2201");
    assert_eq!(found[0].help, "write `ghcr.io/wasmcloud/charts`");
    assert!(said(&found)[1].starts_with("warning ") && found[1].at.ends_with("CW2202"), "{found:?}");
}

#[test]
fn objects_as_people_write_them_have_no_finding() {
    let run = run_in(&root().join("tests/cases"), &["validate", "_common/*.yaml", "--output-format=json"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(!findings(&run).iter().any(|finding| finding.at.contains("CW0")), "{}", run.stdout);
}
