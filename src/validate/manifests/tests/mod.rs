//! The cases of real users, schemas, and what the tests of the rules share.

mod schemas;

use super::{RULES, check};
use crate::diagnostics::{Diagnostic, tidy};
use crate::source::{Node, SourceKind, Sources, parse_documents};

/// A deployment up to its `spec`.
pub(super) const DEPLOYMENT: &str =
    "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\nmetadata: {name: a}\n";

/// A set of files, read.
pub(super) fn read(files: &[(&str, &str)]) -> (Sources, Vec<Node>) {
    let mut sources = Sources::default();
    let mut documents = Vec::new();
    for (name, text) in files {
        let id = sources.add(SourceKind::File, *name, *text);
        let parsed = parse_documents(&sources, id);
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        documents.extend(parsed.documents);
    }
    (sources, documents)
}

/// The findings in the order they are read.
fn findings(files: &[(&str, &str)]) -> (Sources, Vec<Diagnostic>) {
    let (sources, documents) = read(files);
    let mut found = check(&sources, &documents);
    tidy(&mut found, &sources);
    (sources, found)
}

/// `CODE file:line:column message`, one a line.
pub(super) fn told(sources: &Sources, found: &[Diagnostic]) -> Vec<String> {
    let place = |finding: &Diagnostic| sources.place(finding.primary.as_ref().unwrap().origin);
    found.iter().map(|finding| format!("{} {} {}", finding.code, place(finding), finding.message)).collect()
}

/// The findings of files of `tests/cases/<id>`.
pub(super) fn case(id: &str, names: &[&str]) -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(id);
    let texts: Vec<String> = names.iter().map(|name| fs_err::read_to_string(folder.join(name)).unwrap()).collect();
    let files: Vec<(&str, &str)> = names.iter().copied().zip(texts.iter().map(String::as_str)).collect();
    let (sources, found) = findings(&files);
    told(&sources, &found)
}

/// The findings of one code: `line:column message | help`.
pub(super) fn only(code: &str, text: &str) -> Vec<String> {
    let (sources, found) = findings(&[("a.yaml", text)]);
    let found = found.iter().filter(|finding| finding.code.0 == code);
    found
        .map(|finding| {
            let place = sources.position(finding.primary.as_ref().unwrap().origin);
            let help = finding.help.as_ref().map(|help| format!(" | {help}")).unwrap_or_default();
            format!("{}:{} {}{help}", place.line, place.column, finding.message)
        })
        .collect()
}

#[test]
fn every_rule_has_its_own_code_and_a_whole_page() {
    let mut codes: Vec<_> = RULES.iter().map(|rule| rule.code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), RULES.len());
    for rule in RULES {
        assert!(("CW2000".."CW2300").contains(&rule.code.0), "{}", rule.code);
        for part in ["**Why.**", "**Example.**", "**Write instead.**"] {
            assert!(rule.docs.contains(part), "{} {part}", rule.code);
        }
    }
}

#[test]
fn a_good_set_has_no_finding() {
    assert_eq!(case("_common", &["objects.yaml"]), [""; 0]);
    assert_eq!(case("_common", &["hello.yaml"]), [""; 0]);
}

#[test]
fn secrets_are_not_in_any_finding() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/H11");
    let texts: Vec<String> =
        ["secrets.yaml", "wd.yaml"].iter().map(|name| fs_err::read_to_string(folder.join(name)).unwrap()).collect();
    let (_, found) = findings(&[("secrets.yaml", &texts[0]), ("wd.yaml", &texts[1])]);
    assert!(!format!("{found:?}").contains("not-a-real-one"));
}

#[test]
fn the_data_of_secrets_is_marked() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: YQ==}\nstringData: {b: hunter2}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n";
    let (sources, documents) = read(&[("a.yaml", text)]);
    let hidden: Vec<_> = super::secrets(&documents).into_iter().map(|origin| sources.text(origin)).collect();
    assert_eq!(hidden, ["YQ==", "hunter2"]);
}
