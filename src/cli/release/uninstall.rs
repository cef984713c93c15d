//! `chartwright uninstall`.

use std::time::Duration;

use clap::Args;

use super::super::cluster::ClusterArgs;
use super::super::settings::ReleaseArgs;
use super::super::{Outcome, output};
use super::change::{duration, failed};
use super::progress::Progress;
use crate::install::{self, Removal};
use crate::release::History;

/// Take a release away, and name what stays
///
/// First what the operator holds is freed of its finalizers, so that nothing hangs; then objects go in the reverse of the
/// order in which they came. Custom resource definitions, workloads in every namespace that the operator watched, volumes, Secrets
/// that the operator made, and namespaces that were made for the release stay.
#[derive(Args, Debug)]
pub(in super::super) struct UninstallArgs {
    #[command(flatten)]
    release: ReleaseArgs,
    /// Keep the record: `rollback` brings the release back
    #[arg(long)]
    keep_history: bool,
    /// Take what stays too, unless another release may need it: workloads only if no other operator looks after them, definitions only
    /// if there is no other release and no object of them. Namespaces stay
    #[arg(long)]
    purge: bool,
    /// End when objects are marked to go, not when they are gone
    #[arg(long)]
    no_wait: bool,
    /// Leave hooks out
    #[arg(long)]
    no_hooks: bool,
    /// How long all of it together may take: `300`, `90s`, `5m`
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    timeout: Duration,
    #[command(flatten)]
    cluster: ClusterArgs,
}

impl UninstallArgs {
    pub(in super::super) fn run(self) -> anyhow::Result<Outcome> {
        let release = self.release.release()?;
        let removal = Removal {
            keep_history: self.keep_history,
            purge: self.purge,
            no_hooks: self.no_hooks,
            no_wait: self.no_wait,
            timeout: self.timeout,
        };
        self.cluster.run(async |client| {
            let revisions = History::new(client.clone(), &release.namespace, &release.name)?.read().await?;
            if revisions.is_empty() {
                anyhow::bail!("there is no release {} in {}", release.name, release.namespace);
            }
            match install::uninstall(&client, &release, revisions, &removal, &mut Progress::new()).await {
                Ok(left) => {
                    output::say(&format!("{} is uninstalled", release.name));
                    for one in left {
                        output::product(&format!("stays: {} ({})\n", one.what, one.why))?;
                    }
                    Ok(Outcome::Done)
                }
                Err(err) => Ok(failed(&err)),
            }
        })?
    }
}
