//! One line a finding, for logs and `grep`.

use std::io::{self, Write};

use super::{Finding, Options, Report, Severity, summary};

pub(super) fn write(
    report: &Report<'_>,
    findings: &[Finding<'_>],
    out: &mut dyn Write,
    options: &Options,
) -> io::Result<()> {
    for finding in findings {
        if let Some(place) = &finding.place {
            write!(out, "{}: ", one_line(&place.text))?;
        }
        let (on, off) = if options.color { (color(finding.severity()), "\u{1b}[0m") } else { ("", "") };
        write!(out, "{on}{}[{}]{off} {}", finding.severity(), finding.code(), one_line(&finding.message))?;
        if let Some(help) = &finding.help {
            write!(out, " — {}", one_line(help))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{}", summary(report, findings))
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

const fn color(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "\u{1b}[1;31m",
        Severity::Warning => "\u{1b}[1;33m",
        Severity::Info => "\u{1b}[1;34m",
    }
}
