//! `chartwright install`.

use clap::Args;

use super::super::Outcome;
use super::super::cluster::ClusterArgs;
use super::super::settings::{ReleaseArgs, ValuesArgs};
use super::ahead::AheadArgs;
use super::change::ChangeArgs;
use super::content::content_and_values;
use super::namespaces::NamespaceArgs;
use crate::install::Goal;
use crate::release::History;

/// Install operator, hosts and NATS on a cluster
///
/// Custom resource definitions first, then all objects in Helm's order by server-side apply; then it waits until all of it
/// works. The history is Helm's: `helm list`, `status`, `upgrade`, `rollback` and `uninstall` know the release. Values with
/// errors, objects of others and whatever else is in the way are said before the first write (exit code 2); an install that
/// was begun and did not reach its goal ends with 1.
#[derive(Args, Debug)]
pub(in super::super) struct InstallArgs {
    #[command(flatten)]
    values: ValuesArgs,
    #[command(flatten)]
    release: ReleaseArgs,
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

impl InstallArgs {
    pub(in super::super) fn run(self) -> anyhow::Result<Outcome> {
        let release = self.release.release()?;
        self.cluster.run(async |client| {
            let revisions = History::new(client.clone(), &release.namespace, &release.name)?.read().await?;
            let read = content_and_values(&client, &self.values, &release).await?;
            let Some((content, values)) = read else { return Ok(Outcome::Unable) };
            if !self.change.is_only_planned() {
                self.ahead.load(&values, &release)?;
            }
            let options = self.change.options(self.namespaces.labels(), self.skip_crds);
            self.change.change(&client, Goal::Install, content, revisions, options).await
        })?
    }
}
