//! `chartwright diff`.

use std::collections::BTreeMap;

use clap::Args;

use super::super::cluster::ClusterArgs;
use super::super::settings::{ReleaseArgs, ValuesArgs};
use super::super::{Outcome, output};
use super::change::summary;
use super::content::{content, lay_stored};
use crate::install::{self, Change, Goal, Options};
use crate::release::{History, Status};

/// Show what an upgrade would change, object by object
///
/// The API server says what each object would become; nothing is written. Exit code 1: there are differences.
#[derive(Args, Debug)]
pub(in super::super) struct DiffArgs {
    #[command(flatten)]
    values: ValuesArgs,
    /// Lay the values that are given over those of the revision that is deployed
    #[arg(long, help_heading = "Values")]
    reuse_values: bool,
    #[command(flatten)]
    release: ReleaseArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
}

impl DiffArgs {
    pub(in super::super) fn run(mut self) -> anyhow::Result<Outcome> {
        let release = self.release.release()?;
        self.cluster.run(async |client| {
            let revisions = History::new(client.clone(), &release.namespace, &release.name)?.read().await?;
            if self.reuse_values || !self.values.is_given() {
                lay_stored(&mut self.values, &revisions);
            }
            let Some(content) = content(&client, &self.values, &release).await? else { return Ok(Outcome::Unable) };
            let there = revisions.iter().any(|one| one.record.info.status != Status::Uninstalled);
            let goal = if there { Goal::Upgrade } else { Goal::Install };
            let options = Options {
                create_namespace: Some(BTreeMap::new()),
                // What would be taken over differs, and is shown.
                take_ownership: true,
                force_conflicts: true,
                recover: true,
                ..Options::default()
            };
            let change = Change::prepare(&client, goal, content, revisions, options).await?;
            output::product(&install::differences(&change.plan))?;
            output::say(&summary(&change.plan));
            Ok(if change.plan.is_empty() { Outcome::Done } else { Outcome::No })
        })?
    }
}
