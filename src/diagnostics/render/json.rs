//! One document with a versioned shape; its schema is `values-schemas/report.schema.json`.

use std::io::{self, Write};

use serde::Serialize;

use super::finding::Place;
use super::{Counts, Finding, Report, url};

/// Changes when a field changes its meaning or goes away; fields may be added.
const FORMAT_VERSION: &str = "1.0";

#[derive(Serialize)]
struct Document<'a> {
    format_version: &'static str,
    summary: Summary,
    diagnostics: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    infos: usize,
    files: usize,
}

#[derive(Serialize)]
struct Item<'a> {
    code: &'static str,
    severity: String,
    message: &'a str,
    #[serde(flatten)]
    place: Region<'a>,
    path: Option<String>,
    help: Option<&'a str>,
    notes: &'a [String],
    related: Vec<Related<'a>>,
    fingerprint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Default, Serialize)]
struct Region<'a> {
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: Region<'a>,
}

pub(super) fn write(report: &Report<'_>, findings: &[Finding<'_>], out: &mut dyn Write) -> io::Result<()> {
    let Counts { errors, warnings, infos } = Counts::of(findings);
    let summary = Summary { errors, warnings, infos, files: report.files.len() };
    let diagnostics = findings.iter().map(|finding| item(finding, report)).collect();
    serde_json::to_writer_pretty(&mut *out, &Document { format_version: FORMAT_VERSION, summary, diagnostics })?;
    writeln!(out)
}

fn item<'a>(finding: &'a Finding<'_>, report: &Report<'_>) -> Item<'a> {
    Item {
        code: finding.code().0,
        severity: finding.severity().to_string(),
        message: &finding.message,
        place: finding.place.as_ref().map(region).unwrap_or_default(),
        path: finding.diagnostic.path.as_ref().map(ToString::to_string),
        help: finding.help.as_deref(),
        notes: &finding.notes,
        related: finding.related.iter().map(|place| Related { message: &place.label, place: region(place) }).collect(),
        fingerprint: &finding.fingerprint,
        url: report.rules.iter().any(|rule| rule.code == finding.code()).then(|| url(finding.code())),
    }
}

const fn region<'a>(place: &'a Place<'_>) -> Region<'a> {
    Region {
        file: Some(place.file),
        line: Some(place.start.line),
        column: Some(place.start.column),
        end_line: Some(place.end.line),
        end_column: Some(place.end.column),
    }
}
