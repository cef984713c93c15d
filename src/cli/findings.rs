//! Judging values, and showing what was found: the same for `validate`, `render` and `chart`.

use std::io::Write;

use anyhow::Context;

use super::settings::{FailOn, Loaded, ValuesArgs, load};
use super::{Outcome, output};
use crate::diagnostics::ignore::Ignore;
use crate::diagnostics::render::{Format, Options, Report};
use crate::diagnostics::{self, Diagnostic, Rule, Severity};
use crate::render::Release;
use crate::source::{Comment, Origin, Sources};
use crate::validate;

/// What a check of values or manifests came to.
pub(super) struct Findings {
    pub(super) sources: Sources,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) files: Vec<String>,
    pub(super) secrets: Vec<Origin>,
}

/// Checks values: schema, rules across keys, warnings; then what the user allows or ignores.
fn judge(
    loaded: &Loaded,
    sources: &Sources,
    release: &Release,
    api_versions: &[String],
) -> anyhow::Result<Vec<Diagnostic>> {
    let mut found = loaded.diagnostics.clone();
    found.extend(validate::values(sources, &loaded.coalesced, release, api_versions)?);
    finish(&mut found, &loaded.comments, sources, &[]);
    Ok(found)
}

/// Takes out what is allowed or ignored, and puts the rest in order.
pub(super) fn finish(found: &mut Vec<Diagnostic>, comments: &[Comment], sources: &Sources, ignore: &[Ignore]) {
    let rules = rules();
    // A scalar that readers differ on has no type yet: what the schema says of it would only confuse.
    let doubtful: Vec<Option<Origin>> = found.iter().filter(|finding| finding.code.0 == "CW0104").map(place).collect();
    found.retain(|finding| !(finding.code.0.starts_with("CW02") && doubtful.contains(&place(finding))));
    // After a text that could not be read, an allowance that matches nothing says nothing.
    if !found.iter().any(|finding| finding.code.0.starts_with("CW01")) {
        diagnostics::allow::allow(found, comments, sources, &rules);
        diagnostics::ignore::ignore(found, ignore, &rules);
    }
    diagnostics::tidy(found, sources);
}

fn place(finding: &Diagnostic) -> Option<Origin> {
    finding.primary.as_ref().map(|label| label.origin)
}

/// Every rule there is.
pub fn rules() -> Vec<Rule> {
    let mut all = validate::all_rules();
    all.extend_from_slice(crate::import::RULES);
    all.sort_by_key(|rule| rule.code);
    all
}

impl Findings {
    fn report<'a>(&'a self, rules: &'a [Rule]) -> Report<'a> {
        Report {
            sources: &self.sources,
            diagnostics: &self.diagnostics,
            files: self.files.clone(),
            rules,
            redacted: &self.secrets,
        }
    }

    /// Writes them in a format.
    pub(super) fn write(&self, format: Format, out: &mut dyn Write, color: bool) -> anyhow::Result<()> {
        let rules = rules();
        let options = Options { color, ..Options::default() };
        match diagnostics::render::render(format, &self.report(&rules), out, &options) {
            Err(err) if err.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }

    /// Writes them to a file.
    pub(super) fn write_file(&self, format: Format, path: &str) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        self.write(format, &mut bytes, false)?;
        fs_err::write(path, bytes).context("cannot write the report")
    }

    /// Shows them on stderr, for verbs whose product is something else. Silent when there is nothing to say.
    pub(super) fn show(&self) -> anyhow::Result<()> {
        if self.diagnostics.is_empty() {
            return Ok(());
        }
        let stderr = std::io::stderr();
        let color = output::color(&stderr);
        self.write(Format::Full, &mut stderr.lock(), color)
    }

    /// What they mean for the exit code.
    pub(super) fn outcome(&self, fail_on: FailOn) -> Outcome {
        let limit = match fail_on {
            FailOn::Never => return Outcome::Done,
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
            FailOn::Info => Severity::Info,
        };
        if self.diagnostics.iter().any(|finding| finding.severity >= limit) { Outcome::No } else { Outcome::Done }
    }
}

/// Values that may be rendered: shows what was found, and refuses what is wrong.
pub(super) fn accepted(
    args: &ValuesArgs,
    release: &Release,
    api_versions: &[String],
) -> anyhow::Result<Option<(Loaded, Sources)>> {
    let mut sources = Sources::default();
    let loaded = load(args, &mut sources, None)?;
    let diagnostics = judge(&loaded, &sources, release, api_versions)?;
    let refused = diagnostics.iter().any(|finding| finding.severity == Severity::Error);
    let findings = Findings { sources, diagnostics, files: loaded.files.clone(), secrets: loaded.secrets() };
    findings.show()?;
    Ok((!refused).then_some((loaded, findings.sources)))
}
