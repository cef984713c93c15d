//! Diagnostics as text: one file a format, all over the same [`Finding`]s, so that positions, fingerprints and
//! redaction are worked out once.

mod concise;
mod finding;
mod full;
mod github;
mod gitlab;
mod json;
mod junit;
mod sarif;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::str::FromStr;

use clap::ValueEnum;

use self::finding::Finding;
use super::redact::Redactor;
use super::{Code, Diagnostic, Rule, Severity};
use crate::source::{Origin, Sources};

/// The JSON Schema of [`Format::Json`].
pub const JSON_SCHEMA: &str = include_str!("../../../values-schemas/report.schema.json");

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Each finding with the lines it speaks of, for people
    Full,
    /// One line a finding: `file:line:column: error[CODE] message`
    Concise,
    /// One JSON document with a versioned shape, for scripts and editors
    Json,
    /// Workflow commands that GitHub Actions turns into annotations
    Github,
    /// A Code Quality report for GitLab merge requests
    Gitlab,
    /// SARIF 2.1.0, for code scanning and IDEs
    Sarif,
    /// `JUnit` XML, for any CI
    Junit,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        <Self as ValueEnum>::from_str(text, false)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_possible_value().map_or(Ok(()), |value| f.write_str(value.get_name()))
    }
}

/// What a run found, and on what.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// The texts.
    pub sources: &'a Sources,
    /// The findings, in the order to be printed ([`super::tidy`]).
    pub diagnostics: &'a [Diagnostic],
    /// Every file that was checked, the clean ones too.
    pub files: Vec<String>,
    /// Every rule that was checked.
    pub rules: &'a [Rule],
    /// Scalars that carry secrets; neither excerpts nor messages show them.
    pub redacted: &'a [Origin],
}

/// How to write it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// With ANSI colours ([`Format::Full`] and [`Format::Concise`]).
    pub color: bool,
    /// The working directory as seen from the repository's root, such as `deploy/`: code hosts want paths from
    /// there. Empty when they are the same.
    pub prefix: String,
}

/// Writes a report.
pub fn render(format: Format, report: &Report<'_>, out: &mut dyn io::Write, options: &Options) -> io::Result<()> {
    let redactor = Redactor::new(report.sources, report.redacted);
    let findings = finding::all(report, &redactor);
    match format {
        Format::Full => full::write(report, &redactor, &findings, out, options),
        Format::Concise => concise::write(report, &findings, out, options),
        Format::Json => json::write(report, &findings, out),
        Format::Github => github::write(report, &findings, out, options),
        Format::Gitlab => gitlab::write(report, &findings, out, options),
        Format::Sarif => sarif::write(report, &findings, out, options),
        Format::Junit => junit::write(report, &findings, out),
    }
}

/// The page of a rule.
pub fn url(code: Code) -> String {
    concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/rules.md#").to_owned() + &code.0.to_lowercase()
}

/// How many there are of each severity.
struct Counts {
    errors: usize,
    warnings: usize,
    infos: usize,
}

impl Counts {
    fn of(findings: &[Finding<'_>]) -> Self {
        let count = |severity| findings.iter().filter(|finding| finding.severity() == severity).count();
        Self { errors: count(Severity::Error), warnings: count(Severity::Warning), infos: count(Severity::Info) }
    }
}

/// `2 errors, 1 warning in 3 files`.
fn summary(report: &Report<'_>, findings: &[Finding<'_>]) -> String {
    let Counts { errors, warnings, infos } = Counts::of(findings);
    let parts: Vec<String> = [(errors, "error"), (warnings, "warning"), (infos, "remark")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| counted(count, what))
        .collect();
    let what = if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") };
    // Flags and defaults alone are no file.
    if report.files.is_empty() { what } else { format!("{what} in {}", counted(report.files.len(), "file")) }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A file's path as code hosts want it: from the repository's root, `/` between its parts, no `./`.
fn repository_path(name: &str, options: &Options) -> String {
    let name = name.replace('\\', "/");
    if name.starts_with('/') || name.get(1..2) == Some(":") {
        return name;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in options.prefix.split('/').chain(name.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
