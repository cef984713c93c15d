//! `chartwright sysdump`.

use clap::{Args, ValueHint};

use super::super::cluster::ClusterArgs;
use super::super::settings::ReleaseArgs;
use super::super::{Outcome, output};
use super::progress::Progress;
use crate::install::{self, InstallError};
use crate::release::History;

/// Put everything that whoever helps will ask for into one archive
///
/// Objects, events, logs, metrics and history of a release. Of Secrets only which keys they have is in it; of arguments, variables,
/// values, ConfigMaps, workloads and logs nothing that looks like a secret.
#[derive(Args, Debug)]
pub(in super::super) struct SysdumpArgs {
    #[command(flatten)]
    release: ReleaseArgs,
    /// The archive
    #[arg(short, long, value_name = "FILE", default_value = "sysdump.tar.gz", value_hint = ValueHint::FilePath)]
    output: String,
    #[command(flatten)]
    cluster: ClusterArgs,
}

impl SysdumpArgs {
    pub(in super::super) fn run(self) -> anyhow::Result<Outcome> {
        let release = self.release.release()?;
        self.cluster.run(async |client| {
            let revisions = History::new(client.clone(), &release.namespace, &release.name)?.read().await?;
            if revisions.is_empty() {
                return Err(InstallError::Missing { release: release.name, namespace: release.namespace }.into());
            }
            let file = fs_err::File::create(&self.output)?;
            install::sysdump(&client, &release, &revisions, file, &mut Progress::new()).await?;
            output::say(&format!("{} is written", self.output));
            Ok(Outcome::Done)
        })?
    }
}
