//! `JUnit` XML: a suite a file, a test case a rule, the passed ones too — a report without test cases reads as
//! "no tests ran".

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::{Code, Finding, Report, Severity};

pub(super) fn write(report: &Report<'_>, findings: &[Finding<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut junit = Junit::new(env!("CARGO_PKG_NAME"));
    for file in files(report, findings) {
        let here: Vec<&Finding<'_>> = findings.iter().filter(|finding| file_of(finding) == file).collect();
        let mut suite = TestSuite::new(file);
        for (code, name) in rules(report, &here) {
            let of_rule: Vec<&Finding<'_>> = here.iter().copied().filter(|finding| finding.code() == code).collect();
            suite.add_test_case(case(file, code, name, &of_rule));
        }
        if suite.test_cases.is_empty() {
            suite.add_test_case(TestCase::new("readable", TestCaseStatus::success()));
        }
        junit.add_test_suite(suite);
    }
    if junit.test_suites.is_empty() {
        let mut status = TestCaseStatus::skipped();
        status.set_message("no file was checked");
        let mut suite = TestSuite::new(env!("CARGO_PKG_NAME"));
        suite.add_test_case(TestCase::new("input", status));
        junit.add_test_suite(suite);
    }
    junit.serialize(out).map_err(io::Error::other)
}

fn file_of<'a>(finding: &'a Finding<'_>) -> &'a str {
    finding.place.as_ref().map_or(env!("CARGO_PKG_NAME"), |place| place.file)
}

/// What was checked, and whatever else findings speak of (a flag, nothing at all).
fn files<'a>(report: &'a Report<'_>, findings: &'a [Finding<'_>]) -> Vec<&'a str> {
    let mut files: Vec<&str> = Vec::new();
    for file in report.files.iter().map(String::as_str).chain(findings.iter().map(file_of)) {
        if !files.contains(&file) {
            files.push(file);
        }
    }
    files
}

fn rules(report: &Report<'_>, findings: &[&Finding<'_>]) -> Vec<(Code, &'static str)> {
    let mut rules: Vec<(Code, &str)> = report.rules.iter().map(|rule| (rule.code, rule.name)).collect();
    for finding in findings {
        if rules.iter().all(|(code, _)| *code != finding.code()) {
            rules.push((finding.code(), ""));
        }
    }
    rules
}

/// Fails by errors only, as the exit code does by default; warnings are its output.
fn case(file: &str, code: Code, name: &str, findings: &[&Finding<'_>]) -> TestCase {
    let text: Vec<String> = findings.iter().map(|finding| describe(finding)).collect();
    let text = text.join("\n");
    let error = findings.iter().find(|finding| finding.severity() == Severity::Error);
    let status = error.map_or_else(TestCaseStatus::success, |error| {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(error.message.as_str()).set_type(code.0).set_description(text.as_str());
        status
    });
    let mut case = TestCase::new(format!("{code} {name}").trim_end(), status);
    case.set_classname(file);
    if error.is_none() && !findings.is_empty() {
        case.set_system_out(text);
    }
    case
}

fn describe(finding: &Finding<'_>) -> String {
    let place = finding.place.as_ref().map(|place| format!("{}: ", place.text)).unwrap_or_default();
    let mut text = format!("{place}{}: {}", finding.severity(), finding.message);
    for remark in finding.remarks() {
        text = text + "\n  " + &remark;
    }
    text
}
