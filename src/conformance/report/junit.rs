//! For pipelines: a suite a family.

use std::io;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::{Report, Status};

pub(super) fn render(report: &Report) -> io::Result<String> {
    let mut junit = Junit::new("chartwright conformance");
    for (family, entries) in report.families() {
        let mut suite = TestSuite::new(family);
        for entry in entries {
            let mut status = match entry.status {
                Status::Passed => TestCaseStatus::success(),
                Status::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
                Status::Skipped => TestCaseStatus::skipped(),
            };
            if entry.status != Status::Passed {
                status.set_message(entry.seen.as_str());
            }
            if let Some(hint) = &entry.hint {
                status.set_description(format!("{}\n{}\nhint: {hint}", entry.claim, entry.seen));
            }
            let mut case = TestCase::new(entry.id, status);
            case.set_classname(family).set_time(Duration::from_secs_f64(entry.seconds));
            suite.add_test_case(case);
        }
        junit.add_test_suite(suite);
    }
    let mut out = Vec::new();
    junit.serialize(&mut out).map_err(io::Error::other)?;
    String::from_utf8(out).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_check_is_a_case_of_its_family() {
        let text = super::render(&super::super::sample()).unwrap();
        assert!(text.contains(r#"<testsuite name="install" tests="2" skipped="0" errors="0" failures="1""#), "{text}");
        assert!(text.contains("shop/web &lt;0 of 1&gt;"), "{text}");
    }
}
