//! `chartwright crds`: the custom resource definitions on a cluster.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use crate::install::{self, InstallError, Marks};

use super::cluster::ClusterArgs;
use super::{Outcome, output};

/// Make the custom resource definitions of a cluster those of this version
#[derive(Args, Debug)]
pub(super) struct CrdsArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Apply all of them; Helm installs CRDs once and never upgrades them
    Apply(ApplyArgs),
}

#[derive(Args, Debug)]
struct ApplyArgs {
    /// Mark them so that Helm leaves them when the release goes: with them all objects would go
    #[arg(long)]
    keep: bool,
    /// A label for each of them
    #[arg(long = "label", value_name = "KEY=VALUE")]
    labels: Vec<String>,
    /// An annotation for each of them
    #[arg(long = "annotation", value_name = "KEY=VALUE")]
    annotations: Vec<String>,
    #[command(flatten)]
    cluster: ClusterArgs,
}

impl CrdsArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let What::Apply(args) = self.what;
        let marks = Marks { labels: pairs(&args.labels)?, annotations: pairs(&args.annotations)?, keep: args.keep };
        let applied = args.cluster.run(async |client| install::apply_crds(&client, &marks).await)?;
        match applied {
            Ok(names) => {
                for name in names {
                    output::product(&format!("{name}\n"))?;
                }
                Ok(Outcome::Done)
            }
            Err(err) => {
                output::say(&format!("error: {err}"));
                // That is said before anything is applied.
                let refused = matches!(err, InstallError::StoredVersion { .. });
                Ok(if refused { Outcome::Unable } else { Outcome::No })
            }
        }
    }
}

fn pairs(texts: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let pair = |text: &String| {
        let (key, value) = text.split_once('=').with_context(|| format!("`{text}`: write `key=value`"))?;
        if key.is_empty() {
            bail!("`{text}`: write `key=value`");
        }
        Ok((key.to_owned(), value.to_owned()))
    };
    texts.iter().map(pair).collect()
}
