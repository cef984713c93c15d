//! A client for the cluster that somebody named.

use std::path::PathBuf;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use super::ClusterError;

/// Which cluster is meant. Without anything said: the file of `KUBECONFIG`, `~/.kube/config`, or the cluster of the Pod we run in.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// A kubeconfig to read in place of those.
    pub kubeconfig: Option<PathBuf>,
    /// A context of it in place of its current one.
    pub context: Option<String>,
}

/// A client for that cluster; nothing is asked of it yet.
pub async fn connect(target: &Target) -> Result<Client, ClusterError> {
    // Several crates bring TLS; one provider is to be used by all of them. A second call keeps the first.
    _ = rustls::crypto::ring::default_provider().install_default();
    let unusable = |err: &dyn std::error::Error| ClusterError::Config(err.to_string());
    let options = KubeConfigOptions { context: target.context.clone(), ..KubeConfigOptions::default() };
    let mut config = match (&target.kubeconfig, &target.context) {
        (Some(path), _) => {
            let file = Kubeconfig::read_from(path)
                .map_err(|err| ClusterError::Config(format!("{}: {err}", path.display())))?;
            Config::from_custom_kubeconfig(file, &options).await.map_err(|err| unusable(&err))?
        }
        (None, Some(_)) => Config::from_kubeconfig(&options).await.map_err(|err| unusable(&err))?,
        (None, None) => Config::infer().await.map_err(|err| unusable(&err))?,
    };
    // Watches are long; what may hang is bounded by who waits for it.
    config.read_timeout = None;
    Client::try_from(config).map_err(|err| unusable(&err))
}
