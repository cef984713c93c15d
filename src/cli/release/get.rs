//! `chartwright get`.

use clap::{Args, ValueEnum};

use super::super::cluster::ClusterArgs;
use super::super::settings::ReleaseArgs;
use super::super::{Outcome, output};
use crate::install::InstallError;
use crate::release::{History, Record};
use crate::render::to_yaml;

/// Show what is stored of a revision
#[derive(Args, Debug)]
pub(in super::super) struct GetArgs {
    /// What of it
    what: What,
    #[command(flatten)]
    release: ReleaseArgs,
    /// Which revision, in place of the last
    #[arg(long, value_name = "N")]
    revision: Option<u32>,
    #[command(flatten)]
    cluster: ClusterArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// The values that were supplied
    Values,
    /// The objects, as they were applied
    Manifest,
    /// The hooks
    Hooks,
    /// What was printed after the install
    Notes,
}

impl GetArgs {
    pub(in super::super) fn run(self) -> anyhow::Result<Outcome> {
        let release = self.release.release()?;
        self.cluster.run(async |client| {
            let revisions = History::new(client.clone(), &release.namespace, &release.name)?.read().await?;
            let found = match self.revision {
                Some(wanted) => revisions.iter().find(|one| one.record.version == wanted),
                None => revisions.last(),
            };
            let Some(found) = found else {
                return Err(match self.revision.filter(|_| !revisions.is_empty()) {
                    None => InstallError::Missing { release: release.name, namespace: release.namespace },
                    Some(version) => {
                        let known = revisions.iter().map(|one| one.record.version.to_string());
                        InstallError::NoRevision {
                            release: release.name,
                            version,
                            known: known.collect::<Vec<_>>().join(", "),
                        }
                    }
                }
                .into());
            };
            output::product(&text(&found.record, self.what))?;
            Ok(Outcome::Done)
        })?
    }
}

fn text(record: &Record, what: What) -> String {
    match what {
        What::Values => to_yaml(&record.config.clone().into()),
        What::Manifest => record.manifest.clone(),
        What::Hooks => {
            record.hooks.iter().map(|hook| format!("---\n# Source: {}\n{}", hook.path, hook.manifest)).collect()
        }
        What::Notes => record.info.notes.clone(),
    }
}
