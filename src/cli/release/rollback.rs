//! `chartwright rollback`.

use anyhow::bail;
use clap::Args;

use super::super::Outcome;
use super::super::cluster::ClusterArgs;
use super::super::settings::ReleaseArgs;
use super::change::ChangeArgs;
use crate::install::{Content, Goal, InstallError};
use crate::release::{History, Revision, Status};

/// Bring an old revision of a release back
///
/// It becomes a new revision. Custom resource definitions stay as they are: an older one could lose objects.
#[derive(Args, Debug)]
pub(in super::super) struct RollbackArgs {
    /// Which revision; without it, the last one that was in force before this one
    revision: Option<u32>,
    #[command(flatten)]
    release: ReleaseArgs,
    #[command(flatten)]
    change: ChangeArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
}

impl RollbackArgs {
    pub(in super::super) fn run(self) -> anyhow::Result<Outcome> {
        let release = self.release.release()?;
        self.cluster.run(async |client| {
            let revisions = History::new(client.clone(), &release.namespace, &release.name)?.read().await?;
            let Some(last) = revisions.last() else {
                return Err(InstallError::Missing { release: release.name, namespace: release.namespace }.into());
            };
            let target = match self.revision {
                Some(wanted) => revisions.iter().find(|one| one.record.version == wanted),
                None => before(&revisions, last),
            };
            let Some(target) = target else {
                let Some(version) = self.revision else { bail!("no revision of {} was in force before", release.name) };
                let known = revisions.iter().map(|one| one.record.version.to_string()).collect::<Vec<_>>().join(", ");
                return Err(InstallError::NoRevision { release: release.name, version, known }.into());
            };
            let (to, content) = (target.record.version, Content::recorded(&target.record)?);
            let options = self.change.options(None, true);
            self.change.change(&client, Goal::Rollback(to), content, revisions, options).await
        })?
    }
}

/// The newest revision that was in force before the last one.
fn before<'r>(revisions: &'r [Revision], last: &Revision) -> Option<&'r Revision> {
    revisions.iter().rfind(|one| {
        one.record.version < last.record.version
            && matches!(one.record.info.status, Status::Deployed | Status::Superseded)
    })
}
