//! Workflow commands: GitHub Actions shows them as annotations beside the code.

use std::io::{self, Write};

use super::{Counts, Finding, Options, Report, Severity, repository_path, summary};

/// What GitHub shows of each level in one step (actions/toolkit #734); the rest vanishes without a word.
const SHOWN: usize = 10;

pub(super) fn write(
    report: &Report<'_>,
    findings: &[Finding<'_>],
    out: &mut dyn Write,
    options: &Options,
) -> io::Result<()> {
    for finding in findings {
        let command = match finding.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        write!(out, "::{command} title={}", property(finding.code().0))?;
        if let Some(place) = finding.in_file() {
            let (start, end) = (place.start, place.end);
            write!(out, ",file={},line={}", property(&repository_path(place.file, options)), start.line)?;
            // With columns on several lines GitHub drops the annotation.
            if start.line == end.line {
                write!(out, ",col={},endLine={},endColumn={}", start.column, end.line, end.column)?;
            } else {
                write!(out, ",endLine={}", end.line)?;
            }
        }
        let mut text = finding.message_with_place();
        for remark in finding.remarks() {
            text = text + "\n" + &remark;
        }
        writeln!(out, "::{}", escape(&text))?;
    }
    let Counts { errors, warnings, infos } = Counts::of(findings);
    writeln!(out, "{}", summary(report, findings))?;
    if errors.max(warnings).max(infos) > SHOWN {
        writeln!(out, "GitHub shows {SHOWN} annotations of each kind in a step; the full list is in this log")?;
    }
    Ok(())
}

fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escape(text).replace(':', "%3A").replace(',', "%2C")
}
