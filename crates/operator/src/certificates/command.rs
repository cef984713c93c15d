//! What `chartwright certs` does: the same round as the operator's, once, and a table.

use std::path::Path;
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use kube::{Client, Config};

use super::config::{ConfigError, List};
use super::pass::{Asked, Report, pass};
use super::status::{Status, collect};

/// Why a command did not do its job. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum CertificatesError {
    /// The list.
    #[error(transparent)]
    List(#[from] ConfigError),
    /// There is no way to the API server.
    #[error("no way to a cluster: {0}; in a Pod it needs its service account, elsewhere KUBECONFIG names a file")]
    Cluster(String),
    /// The cluster does not let us look.
    #[error("{0}")]
    Look(String),
    /// The process lacks something basic.
    #[error("cannot start: {0}")]
    Process(std::io::Error),
}

/// Goes one round over what `list` wants, in and from this namespace, or the one of the Pod or context.
pub fn renew(list: &Path, namespace: Option<&str>, asked: &Asked) -> Result<Report, CertificatesError> {
    with_client(namespace, async |client, own| {
        let list = List::read(list, &own)?;
        Ok(pass(&client, &list, &own, asked).await)
    })
}

/// The certificates whose authority is in this namespace; `within`: what ends in less days is a problem.
pub fn status(namespace: Option<&str>, within: Option<i64>) -> Result<Status, CertificatesError> {
    with_client(namespace, async |client, own| {
        collect(&client, &own, Timestamp::now(), within).await.map_err(CertificatesError::Look)
    })
}

fn with_client<T>(
    namespace: Option<&str>,
    work: impl AsyncFnOnce(Client, String) -> Result<T, CertificatesError>,
) -> Result<T, CertificatesError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(CertificatesError::Process)?;
    let result = runtime.block_on(async {
        // Several crates bring TLS; one provider is to be used by all of them.
        _ = rustls::crypto::ring::default_provider().install_default();
        let config = Config::infer().await.map_err(|err| CertificatesError::Cluster(err.to_string()))?;
        let own = namespace.map_or_else(|| config.default_namespace.clone(), str::to_owned);
        let client = Client::try_from(config).map_err(|err| CertificatesError::Cluster(err.to_string()))?;
        work(client, own).await
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}
