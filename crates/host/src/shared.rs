//! What all parts of the host use.

use std::sync::Arc;

use tokio::sync::watch;

use crate::engine::Compiler;
use crate::http::{Clients, Router};
use crate::metrics::Metrics;
use crate::oci;
use crate::options::Options;
use crate::plugins::Capability;
use crate::workload::HandlerOptions;

pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) capabilities: Vec<Box<dyn Capability>>,
    pub(crate) compiler: Compiler,
    pub(crate) store: oci::Store,
    pub(crate) router: Arc<Router>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) client: Clients,
    pub(crate) handler: HandlerOptions,
    /// Whether the host is about to end.
    pub(crate) draining: watch::Receiver<bool>,
}
