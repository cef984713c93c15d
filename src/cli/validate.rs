//! `chartwright validate`: what is wrong with values files and manifests.

use std::path::Path;

use anyhow::{Context, bail};
use clap::{Args, ValueHint};

use super::findings::{Findings, finish};
use super::settings::{FailOn, ReleaseArgs, ValuesArgs, add_file, load, secrets_of};
use super::{Outcome, output};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::ignore::Ignore;
use crate::diagnostics::render::Format;
use crate::source::{self, SourceId, Sources};
use crate::validate::{self, manifests};

/// Say what is wrong with values files and manifests
///
/// Each values file is judged by itself over the defaults (and profiles and `--set` flags given); files given with
/// `-f` lie under each of them. Manifests of the wasmCloud kinds, and the Services, Secrets and autoscalers beside
/// them, are judged together. Globs are understood.
#[derive(Args, Debug)]
pub(super) struct ValidateArgs {
    /// Files or globs; `-` reads standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    targets: Vec<String>,
    #[command(flatten)]
    values: ValuesArgs,
    #[command(flatten)]
    release: ReleaseArgs,
    /// How findings are written to stdout: `full` on a terminal, else `concise`
    #[arg(long, value_name = "FORMAT", value_enum, help_heading = "Findings")]
    output_format: Option<Format>,
    /// Writes a report besides, such as `sarif=out.sarif`
    #[arg(long, value_name = "FORMAT=PATH", help_heading = "Findings")]
    report: Vec<String>,
    /// From which severity on findings fail the run
    #[arg(long, value_name = "SEVERITY", value_enum, default_value = "error", help_heading = "Findings")]
    fail_on: FailOn,
    /// Findings are only shown: the exit code is 0 whatever they are
    #[arg(long, help_heading = "Findings", conflicts_with = "fail_on")]
    exit_zero: bool,
    /// Leaves out findings of a code, or of a code at a path: `CW0204=hosts.edge`
    #[arg(long, value_name = "CODE[=PATH]", value_delimiter = ',', help_heading = "Findings")]
    ignore: Vec<Ignore>,
    /// APIs the cluster has beside its own, such as `monitoring.coreos.com/v1`
    #[arg(long, value_name = "GROUP/VERSION", value_delimiter = ',', help_heading = "Findings")]
    api_versions: Vec<String>,
}

impl ValidateArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let reports = self.report.iter().map(|report| report_target(report)).collect::<anyhow::Result<Vec<_>>>()?;
        let findings = self.judge()?;
        for (format, path) in reports {
            findings.write_file(format, path)?;
        }
        let stdout = std::io::stdout();
        let color = output::color(&stdout);
        let github = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        let format = self.output_format.unwrap_or(if color { Format::Full } else { Format::Concise });
        findings.write(format, &mut stdout.lock(), color)?;
        if github && self.output_format.is_none() {
            findings.write(Format::Github, &mut std::io::stderr().lock(), false)?;
        }
        Ok(findings.outcome(if self.exit_zero { FailOn::Never } else { self.fail_on }))
    }

    fn judge(&self) -> anyhow::Result<Findings> {
        let release = self.release.release()?;
        let targets = expand(&self.targets)?;
        if targets.is_empty() && self.values.files.is_empty() {
            bail!("no file to validate: name values files or manifests, or use `-f`");
        }
        let mut all =
            Findings { sources: Sources::default(), diagnostics: Vec::new(), files: Vec::new(), secrets: Vec::new() };
        let (mut documents, mut comments) = (Vec::new(), Vec::new());
        let mut alone = Vec::new();
        for target in &targets {
            let id = add_file(&mut all.sources, target)?;
            all.files.push(all.sources.get(id).name.clone());
            let parsed = source::parse_documents(&all.sources, id);
            let is_manifest = parsed.documents.iter().any(manifests::is_manifest);
            if is_manifest {
                all.diagnostics.extend(parsed.diagnostics);
                comments.extend(parsed.comments);
                documents.extend(parsed.documents);
            } else {
                alone.push(id);
            }
        }
        if !documents.is_empty() {
            all.diagnostics.extend(manifests::check(&all.sources, &documents));
            all.secrets.extend(documents.iter().flat_map(secrets_of));
        }
        for id in alone {
            self.judge_values(Some(id), &release, &mut all, &mut comments)?;
        }
        if targets.is_empty() {
            self.judge_values(None, &release, &mut all, &mut comments)?;
        }
        finish(&mut all.diagnostics, &comments, &all.sources, &self.ignore);
        Ok(all)
    }

    /// One values file over everything that `-f` and flags say; or these alone.
    fn judge_values(
        &self,
        id: Option<SourceId>,
        release: &crate::render::Release,
        all: &mut Findings,
        comments: &mut Vec<source::Comment>,
    ) -> anyhow::Result<()> {
        let loaded = load(&self.values, &mut all.sources, id)?;
        all.diagnostics.extend(loaded.empty.iter().map(|id| source::empty_file(*id)));
        all.diagnostics.extend(loaded.diagnostics.iter().cloned());
        let found: Vec<Diagnostic> = validate::values(&all.sources, &loaded.coalesced, release, &self.api_versions)?;
        all.diagnostics.extend(found);
        all.secrets.extend(loaded.secrets());
        all.files.extend(loaded.files.iter().cloned());
        all.files.sort();
        all.files.dedup();
        comments.extend(loaded.comments);
        Ok(())
    }
}

fn report_target(text: &str) -> anyhow::Result<(Format, &str)> {
    let (format, path) = text.split_once('=').with_context(|| format!("`--report {text}`: write FORMAT=PATH"))?;
    let format = format.parse::<Format>().map_err(|err| anyhow::anyhow!("`--report {text}`: {err}"))?;
    Ok((format, path))
}

/// Globs to files; a name that is a file is taken as it stands.
fn expand(targets: &[String]) -> anyhow::Result<Vec<String>> {
    let mut files = Vec::new();
    for target in targets {
        if target == "-" || Path::new(target).is_file() || !target.contains(['*', '?', '[']) {
            files.push(target.clone());
            continue;
        }
        let before = files.len();
        for entry in glob::glob(target).with_context(|| format!("`{target}` is no glob"))? {
            let path = entry?;
            if path.is_file() {
                files.push(path.to_string_lossy().into_owned());
            }
        }
        if files.len() == before {
            bail!("`{target}` matches no file");
        }
    }
    Ok(files)
}
