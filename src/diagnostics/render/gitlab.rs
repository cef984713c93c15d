//! GitLab's Code Quality report, shown in merge requests.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Finding, Options, Report, Severity, repository_path};

pub(super) fn write(
    report: &Report<'_>,
    findings: &[Finding<'_>],
    out: &mut dyn Write,
    options: &Options,
) -> io::Result<()> {
    let issues: Value = findings.iter().map(|finding| issue(finding, report, options)).collect();
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    writeln!(out)
}

fn issue(finding: &Finding<'_>, report: &Report<'_>, options: &Options) -> Value {
    let severity = match finding.severity() {
        Severity::Error => "major",
        Severity::Warning => "minor",
        Severity::Info => "info",
    };
    // A path and a line are required; what stands in no file is shown at the top of the first one.
    let (path, line) = finding.in_file().map_or_else(
        || (report.files.first().map_or("values.yaml", String::as_str), 1),
        |place| (place.file, place.start.line),
    );
    let text = finding
        .help
        .as_ref()
        .map_or_else(|| finding.message_with_place(), |help| format!("{}; {help}", finding.message_with_place()));
    json!({
        "description": text,
        "check_name": finding.code().0,
        "fingerprint": finding.fingerprint,
        "severity": severity,
        "location": { "path": repository_path(path, options), "lines": { "begin": line } },
    })
}
