//! The way to a cluster, for verbs that take one.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueHint};

use crate::cluster::{self, Client, Target};

/// Which cluster.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Cluster")]
pub(super) struct ClusterArgs {
    /// The kubeconfig to read; without it `KUBECONFIG`, `~/.kube/config`, or the cluster of the Pod we run in
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    kubeconfig: Option<PathBuf>,
    /// The context of it, in place of its current one
    #[arg(long = "kube-context", value_name = "NAME")]
    context: Option<String>,
}

impl ClusterArgs {
    /// Runs what needs that cluster.
    pub(super) fn run<T>(self, task: impl AsyncFnOnce(Client) -> T) -> anyhow::Result<T> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start a runtime")?;
        let target = Target { kubeconfig: self.kubeconfig, context: self.context };
        runtime.block_on(async { Ok(task(cluster::connect(&target).await?).await) })
    }
}
