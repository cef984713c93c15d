//! The way to a cluster, for verbs that take one.

use anyhow::Context as _;
use chartwright_operator::{Client, client};

/// Runs what needs a cluster: that of the Pod, or of KUBECONFIG.
pub(super) fn run<T>(task: impl AsyncFnOnce(Client) -> T) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start a runtime")?;
    runtime.block_on(async { Ok(task(client().await?).await) })
}
