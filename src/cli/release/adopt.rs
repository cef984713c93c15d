//! `chartwright adopt`.

use clap::{Args, ValueHint};

use super::super::cluster::ClusterArgs;
use super::super::findings::{Findings, finish};
use super::super::settings::{FailOn, ReleaseArgs, Stored, ValuesArgs};
use super::super::{Outcome, output};
use super::change::ChangeArgs;
use super::content::content;
use crate::import;
use crate::install::{Goal, InstallError};
use crate::release::{History, Record};
use crate::render::{CHART, to_yaml};
use crate::source::{self, SourceKind, Sources};

/// Take over a release of the upstream chart
///
/// Its stored values become ours, as `import` does it; names and selectors stay upstream's, so that objects are changed and not
/// replaced. `--dry-run` shows what would change. Values given here lie over the imported ones.
#[derive(Args, Debug)]
pub(in super::super) struct AdoptArgs {
    #[command(flatten)]
    values: ValuesArgs,
    /// A file for the imported values: what the release is upgraded with from now on
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Values")]
    write_values: Option<String>,
    #[command(flatten)]
    release: ReleaseArgs,
    /// Leave custom resource definitions as they are
    #[arg(long, help_heading = "Change")]
    skip_crds: bool,
    #[command(flatten)]
    change: ChangeArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
}

impl AdoptArgs {
    pub(in super::super) fn run(mut self) -> anyhow::Result<Outcome> {
        let release = self.release.release()?;
        self.cluster.run(async |client| {
            let revisions = History::new(client.clone(), &release.namespace, &release.name)?.read().await?;
            let Some(last) = revisions.last() else {
                return Err(InstallError::Missing { release: release.name, namespace: release.namespace }.into());
            };
            if last.record.chart_name() == CHART.name {
                anyhow::bail!("the release {} is of our chart already: `upgrade` changes it", release.name);
            }
            let Some(text) = imported(&last.record)? else { return Ok(Outcome::Unable) };
            if let Some(path) = &self.write_values {
                fs_err::write(path, &text)?;
                output::say(&format!("the imported values are in {path}"));
            }
            self.values.stored = Some(Stored { name: format!("imported values of {}", release.name), text });
            let Some(content) = content(&client, &self.values, &release).await? else { return Ok(Outcome::Unable) };
            let options = self.change.options(None, self.skip_crds);
            self.change.change(&client, Goal::Upgrade, content, revisions, options).await
        })?
    }
}

/// Our values out of upstream's record; none when they cannot be carried over, which was shown.
fn imported(record: &Record) -> anyhow::Result<Option<String>> {
    let mut sources = Sources::default();
    let name = format!("values of revision {} of {}", record.version, record.name);
    let id = sources.add(SourceKind::File, &name, to_yaml(&record.config.clone().into()));
    let parsed = source::parse_lenient(&sources, id);
    let mut diagnostics = parsed.diagnostics;
    let origin = source::Origin { source: id, start: 0, end: 0 };
    let node = parsed.node.unwrap_or_else(|| source::Node::from_json(&serde_json::json!({}), origin));
    let options = import::Options {
        version: semver::Version::parse(record.chart_version()).ok(),
        release_namespace: Some(record.namespace.clone()),
        from: import::From::Auto,
    };
    let imported = import::import(&sources, &node, &options);
    diagnostics.extend(imported.diagnostics.iter().cloned());
    finish(&mut diagnostics, &[], &sources, &[]);
    let text = imported.to_yaml(&sources, &[&name]);
    let findings = Findings { sources, diagnostics, files: vec![name], secrets: imported.secrets.clone() };
    findings.show()?;
    Ok((findings.outcome(FailOn::Error) == Outcome::Done).then_some(text))
}
