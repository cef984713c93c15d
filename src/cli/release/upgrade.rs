//! `chartwright upgrade`.

use clap::Args;

use super::super::cluster::ClusterArgs;
use super::super::settings::{ReleaseArgs, ValuesArgs};
use super::super::{Outcome, output};
use super::ahead::AheadArgs;
use super::change::ChangeArgs;
use super::content::{content_and_values, lay_stored};
use super::namespaces::NamespaceArgs;
use crate::install::Goal;
use crate::release::History;

/// Bring a release to other values, or to this version
///
/// Without values it keeps those of the revision that is deployed; with any, those count only with --reuse-values.
#[derive(Args, Debug)]
pub(in super::super) struct UpgradeArgs {
    #[command(flatten)]
    values: ValuesArgs,
    /// Lay the values that are given over those of the revision that is deployed
    #[arg(long, help_heading = "Values")]
    reuse_values: bool,
    /// Forget the values of the revision that is deployed, even if none are given
    #[arg(long, help_heading = "Values", conflicts_with = "reuse_values")]
    reset_values: bool,
    #[command(flatten)]
    release: ReleaseArgs,
    /// Install it if it is not there
    #[arg(short, long, help_heading = "Release")]
    install: bool,
    #[command(flatten)]
    namespaces: NamespaceArgs,
    /// Leave custom resource definitions as they are
    #[arg(long, help_heading = "Change")]
    skip_crds: bool,
    #[command(flatten)]
    ahead: AheadArgs,
    #[command(flatten)]
    change: ChangeArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
}

impl UpgradeArgs {
    pub(in super::super) fn run(mut self) -> anyhow::Result<Outcome> {
        let release = self.release.release()?;
        self.cluster.run(async |client| {
            let revisions = History::new(client.clone(), &release.namespace, &release.name)?.read().await?;
            let foreign = revisions.last().filter(|last| last.record.chart_name() != crate::render::CHART.name);
            if let Some(foreign) = foreign {
                anyhow::bail!(
                    "the release {} is of the chart {} and not of ours: `adopt` takes it over",
                    release.name,
                    foreign.record.chart_name()
                );
            }
            if self.reuse_values || (!self.values.is_given() && !self.reset_values) {
                lay_stored(&mut self.values, &revisions);
                if let Some(stored) = &self.values.stored {
                    output::say(&format!("with the {}", stored.name));
                }
            }
            let read = content_and_values(&client, &self.values, &release).await?;
            let Some((content, values)) = read else { return Ok(Outcome::Unable) };
            if !self.change.is_only_planned() {
                self.ahead.load(&values, &release)?;
            }
            let goal = if revisions.is_empty() && self.install { Goal::Install } else { Goal::Upgrade };
            let options = self.change.options(self.namespaces.labels(), self.skip_crds);
            self.change.change(&client, goal, content, revisions, options).await
        })?
    }
}
