//! `chartwright finalizers`: what keeps objects from going.

use clap::{Args, Subcommand};

use crate::install::{self, Place};

use super::cluster::ClusterArgs;
use super::{Outcome, output};

/// Free the objects of a release before it is uninstalled
#[derive(Args, Debug)]
pub(super) struct FinalizersArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// End the operator, and take its finalizers from Hosts, Workloads, Artifacts and Pods; the objects stay
    Release(ReleaseArgs),
}

#[derive(Args, Debug)]
struct ReleaseArgs {
    /// The release
    #[arg(long)]
    release: String,
    /// Namespace of its operator
    #[arg(short, long)]
    namespace: String,
    /// Namespaces of its hosts besides
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    host_namespaces: Vec<String>,
    /// Namespaces of the workloads that its operator looked after; all without any
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    watch_namespaces: Vec<String>,
    #[command(flatten)]
    cluster: ClusterArgs,
}

impl FinalizersArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let What::Release(args) = self.what;
        // What the chart renders of an empty list is one empty name.
        let named = |names: Vec<String>| names.into_iter().filter(|name| !name.is_empty()).collect();
        let place = Place {
            release: args.release,
            namespace: args.namespace,
            host_namespaces: named(args.host_namespaces),
            watch_namespaces: named(args.watch_namespaces),
        };
        match args.cluster.run(async |client| install::release_finalizers(&client, &place).await)? {
            Ok(freed) => {
                output::say(&format!("{} objects freed", freed.objects));
                for namespace in freed.unseen {
                    output::say(&format!("passed over {namespace}: it is gone, or may not be looked into"));
                }
                Ok(Outcome::Done)
            }
            Err(err) => {
                output::say(&format!("error: {err}"));
                Ok(Outcome::No)
            }
        }
    }
}
