//! SARIF 2.1.0, for code scanning and IDEs.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::finding::Place;
use super::{Finding, Options, Report, Rule, Severity, repository_path, url};
use crate::source::SourceKind;

pub(super) fn write(
    report: &Report<'_>,
    findings: &[Finding<'_>],
    out: &mut dyn Write,
    options: &Options,
) -> io::Result<()> {
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": env!("CARGO_PKG_NAME"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": report.rules.iter().map(rule).collect::<Value>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": findings.iter().map(|finding| result(finding, report, options)).collect::<Value>(),
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn rule(rule: &Rule) -> Value {
    let first = rule.docs.split("\n\n").next().unwrap_or_default();
    json!({
        "id": rule.code.0,
        "name": rule.name,
        "shortDescription": { "text": first },
        "help": { "text": rule.docs, "markdown": rule.docs },
        "helpUri": url(rule.code),
        "defaultConfiguration": { "level": level(rule.severity) },
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn result(finding: &Finding<'_>, report: &Report<'_>, options: &Options) -> Value {
    let mut text = finding.message_with_place();
    for remark in finding.remarks() {
        text = text + "\n" + &remark;
    }
    let mut result = json!({
        "ruleId": finding.code().0,
        "level": level(finding.severity()),
        "message": { "text": text },
        "locations": [location(finding, report, options)],
        "partialFingerprints": { "chartwright/v1": finding.fingerprint },
    });
    if let Some(index) = report.rules.iter().position(|rule| rule.code == finding.code()) {
        result["ruleIndex"] = index.into();
    }
    let related: Vec<Value> = finding
        .related
        .iter()
        .filter(|place| place.kind == SourceKind::File)
        .map(|place| json!({ "physicalLocation": physical(place, options), "message": { "text": place.label } }))
        .collect();
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    result
}

/// GitHub refuses a result without a file; what stands in none is shown at the top of the first one.
fn location(finding: &Finding<'_>, report: &Report<'_>, options: &Options) -> Value {
    let mut location = json!({});
    if let Some(place) = finding.in_file() {
        location["physicalLocation"] = physical(place, options);
    } else if let Some(file) = report.files.first() {
        location["physicalLocation"] =
            json!({ "artifactLocation": artifact(file, options), "region": { "startLine": 1 } });
    }
    if let Some(path) = &finding.diagnostic.path {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": path.to_string() }]);
    }
    location
}

fn physical(place: &Place<'_>, options: &Options) -> Value {
    json!({
        "artifactLocation": artifact(place.file, options),
        "region": {
            "startLine": place.start.line,
            "startColumn": place.start.column,
            "endLine": place.end.line,
            "endColumn": place.end.column,
        },
    })
}

fn artifact(file: &str, options: &Options) -> Value {
    let path = repository_path(file, options);
    if path.starts_with('/') {
        json!({ "uri": format!("file://{}", uri(&path)) })
    } else {
        json!({ "uri": uri(&path), "uriBaseId": "%SRCROOT%" })
    }
}

/// Percent-encodes what a URI's path cannot carry.
fn uri(path: &str) -> String {
    path.bytes().fold(String::with_capacity(path.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _infallible = write!(out, "%{byte:02X}");
        }
        out
    })
}
