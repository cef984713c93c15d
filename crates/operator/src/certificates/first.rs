//! Certificates before anything else: an operator that makes its own must have made it before it can connect.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kube::Client;

use super::config::{ConfigError, List};
use super::pass::{Asked, pass};
use crate::options::Options;

/// How long the kubelet may take to bring a Secret that is new.
const BROUGHT: Duration = Duration::from_mins(3);

/// Goes one round, and waits until the files that the connection to NATS needs are there: the chart mounts them as optional.
/// What is missing after that, the connection says.
pub(crate) async fn first(client: &Client, options: &Options, list: &Path) -> Result<(), ConfigError> {
    let list = List::of(options, list)?;
    let report = pass(client, &list, &options.own_namespace, &Asked::default()).await;
    for change in &report.changes {
        tracing::info!("{change}");
    }
    for problem in &report.problems {
        tracing::error!("{problem}");
    }
    let nats = &options.nats;
    let files: Vec<PathBuf> = [&nats.tls_ca, &nats.tls_cert, &nats.tls_key].into_iter().flatten().cloned().collect();
    let end = Instant::now() + BROUGHT;
    let mut said = false;
    while let Some(file) = files.iter().find(|file| !file.exists()) {
        if Instant::now() > end {
            break;
        }
        if !said {
            tracing::info!(file = %file.display(), "waiting for the kubelet to bring the certificate of this operator");
            said = true;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}
