//! Certificates (to come with the rest of this room).

use std::path::Path;
use std::sync::Arc;

use kube::Client;

use crate::metrics::Metrics;
use crate::options::Options;

/// What is wrong with the list of certificates.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

pub(crate) struct Keeper;

impl Keeper {
    pub(crate) fn new(_: Client, _: &Options, list: &Path, _: Arc<Metrics>) -> Result<Self, ConfigError> {
        Err(ConfigError(format!("{}: certificates are not made yet", list.display())))
    }

    pub(crate) async fn run(self) {}
}
