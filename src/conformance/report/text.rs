//! For people: a line a check, and details of what did not pass.

use std::fmt::Write as _;

use super::{Report, Status};

pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    for (family, entries) in report.families() {
        let _ = writeln!(text, "{family}");
        for entry in entries {
            let mark = match entry.status {
                Status::Passed => "ok  ",
                Status::Failed => "FAIL",
                Status::Skipped => "skip",
            };
            let _ = writeln!(text, "  {mark}  {:<40} {:>7.2} s  {}", entry.id, entry.seconds, entry.claim);
            if entry.status != Status::Passed {
                let _ = writeln!(text, "        {}", entry.seen.replace('\n', "\n        "));
            }
            if let Some(hint) = &entry.hint {
                let _ = writeln!(text, "        hint: {hint}");
            }
        }
    }
    if let Some(advice) = &report.advice {
        let _ = writeln!(text, "{advice}");
    }
    let _ = writeln!(
        text,
        "{} passed, {} failed, {} skipped in {} s",
        report.passed, report.failed, report.skipped, report.seconds
    );
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_failed_says_why_and_what_to_do() {
        let text = super::render(&super::super::sample());
        assert!(text.contains("  FAIL  install.available"), "{text}");
        assert!(text.contains("        shop/web <0 of 1>\n        hint: look at its Pods\n"), "{text}");
        assert!(text.ends_with("1 passed, 1 failed, 1 skipped in 0 s\n"), "{text}");
    }

    #[test]
    fn what_lets_more_be_judged_stands_before_the_last_line() {
        let mut report = super::super::sample();
        report.advice = Some("9 checks were not judged:\n  --set 'a={b}'".into());
        let text = super::render(&report);
        assert!(text.ends_with("--set 'a={b}'\n1 passed, 1 failed, 1 skipped in 0 s\n"), "{text}");
    }
}
