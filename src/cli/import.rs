//! `chartwright import`: an upstream values file becomes ours.

use anyhow::{Context, bail};
use clap::{Args, ValueEnum, ValueHint};
use serde_json::json;

use super::findings::{Findings, finish};
use super::settings::{FailOn, ValuesArgs, load_foreign};
use super::{Outcome, output};
use crate::import::{self, Imported, Options};
use crate::source::Sources;

/// Turn values of the upstream chart into values of ours
///
/// Takes values files of `runtime-operator` 2.x in the order they are given to Helm, and `--set` flags. stdout is our
/// values file; everything dead, changed or unsupported is said on stderr and at its top, nothing is dropped silently.
/// The v1 chart `wasmcloud-platform` needs `--from v1`.
#[derive(Args, Debug)]
pub(super) struct ImportArgs {
    /// Upstream values files; later ones win
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    upstream: Vec<String>,
    #[command(flatten)]
    values: ValuesArgs,
    /// Which chart the values are for
    #[arg(long, value_enum, default_value = "auto")]
    from: From,
    /// Version of the upstream chart; told from the newest key without it
    #[arg(long, value_name = "VERSION")]
    chart_version: Option<String>,
    /// Namespace of the release
    #[arg(short = 'n', long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// File for the values, in place of stdout
    #[arg(short = 'o', long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<String>,
    /// File for a report in JSON: what became of each key
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    report: Option<String>,
    /// From which severity on findings refuse the import
    #[arg(long, value_name = "SEVERITY", value_enum, default_value = "error")]
    fail_on: FailOn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum From {
    /// `runtime-operator`; values of the v1 chart are recognised and refused
    Auto,
    /// `runtime-operator` 2.x
    V2,
    /// `wasmcloud-platform`
    V1,
}

impl ImportArgs {
    pub(super) fn run(mut self) -> anyhow::Result<Outcome> {
        if !self.values.profiles.is_empty() {
            bail!("profiles are ours, and these are upstream's values: add them when you render");
        }
        self.values.files.extend(std::mem::take(&mut self.upstream));
        if self.values.files.is_empty() {
            bail!("no file to import: name upstream values files");
        }
        let mut sources = Sources::default();
        let loaded = load_foreign(&self.values, &mut sources)?;
        let imported = import::import(&sources, &loaded.coalesced.user, &self.options()?);
        let mut diagnostics = loaded.diagnostics.clone();
        diagnostics.extend(imported.diagnostics.iter().cloned());
        finish(&mut diagnostics, &loaded.comments, &sources, &[]);
        let mut secrets = imported.secrets.clone();
        secrets.extend(loaded.secrets());
        let findings = Findings { sources, diagnostics, files: loaded.files.clone(), secrets };
        findings.show()?;
        if let Some(path) = &self.report {
            fs_err::write(path, report(&imported, &findings.sources)?)?;
        }
        // Whatever may be ignored on the way, an error leaves no values worth writing.
        let outcome = findings.outcome(if self.fail_on == FailOn::Never { FailOn::Error } else { self.fail_on });
        if outcome != Outcome::Done {
            return Ok(outcome);
        }
        let names: Vec<&str> = loaded.files.iter().map(String::as_str).collect();
        let text = imported.to_yaml(&findings.sources, &names);
        match &self.output {
            Some(path) => fs_err::write(path, text)?,
            None => output::product(&text)?,
        }
        Ok(Outcome::Done)
    }

    fn options(&self) -> anyhow::Result<Options> {
        let version = self
            .chart_version
            .as_deref()
            .map(|text| {
                semver::Version::parse(text.trim_start_matches('v'))
                    .with_context(|| format!("`--chart-version {text}`: write a version such as `2.7.0`"))
            })
            .transpose()?;
        Ok(Options {
            version,
            release_namespace: self.namespace.clone(),
            from: match self.from {
                From::Auto => import::From::Auto,
                From::V2 => import::From::V2,
                From::V1 => import::From::V1,
            },
        })
    }
}

/// What became of each key, as JSON.
fn report(imported: &Imported, sources: &Sources) -> anyhow::Result<String> {
    let lines: Vec<_> = imported
        .report
        .iter()
        .map(|line| {
            let (outcome, detail) = match &line.outcome {
                import::Outcome::Mapped(to) => ("mapped", to),
                import::Outcome::NotNeeded(why) => ("not-needed", why),
                import::Outcome::Dead(why) => ("dead", why),
                import::Outcome::Unsupported(why) => ("unsupported", why),
            };
            let position = sources.position(line.origin);
            json!({
                "path": line.path.to_string(),
                "file": sources.get(line.origin.source).name,
                "line": position.line,
                "column": position.column,
                "outcome": outcome,
                "detail": detail,
            })
        })
        .collect();
    Ok(serde_json::to_string_pretty(&json!({ "chart": imported.chart, "keys": lines }))? + "\n")
}
