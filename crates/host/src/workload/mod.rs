//! Workloads on this host: what was asked for, checked and resolved, and what serves it.
//!
//! A digest's code is shared ([`crate::engine::Compiled`]); a workload is names, settings and a route, a few kilobytes.

mod handler;
mod once;
mod plan;
mod pool;
mod service;
mod volumes;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use handler::{Caller, Handler, HandlerOptions};
pub use plan::{Plan, PlanError, PlannedComponent, PlannedService};
pub use pool::Pool;
pub use service::{Service, ServiceState};
pub use volumes::{Mount, Volumes};
pub use work::Work;

use crate::engine::Compiled;
use crate::http::{AllowedHosts, Target};
use crate::oci;

/// Whose component an instance is, and what it was given.
pub struct Part {
    /// Namespace of the workload.
    pub namespace: String,
    /// Name of the workload.
    pub workload: String,
    /// The component's name; the workload's when it has none.
    pub component: String,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// What `wasi:config` shows.
    pub config: BTreeMap<String, String>,
    /// Folders it sees.
    pub mounts: Vec<Mount>,
    /// Keeps them until its last instance is gone.
    pub volumes: Arc<Volumes>,
    /// Largest linear memory, in bytes, if less than the host's own limit.
    pub memory: Option<usize>,
    /// Where HTTP requests may go.
    pub allowed_hosts: AllowedHosts,
    /// What sends them.
    pub client: crate::http::Client,
    /// Instances and calls.
    pub pool: Pool,
}

/// A workload that runs.
pub struct Running {
    /// What serves its host names; none without HTTP.
    pub route: Option<Arc<Target>>,
    /// The part that runs by itself.
    pub service: Option<Service>,
    /// How many components it has.
    pub components: usize,
    /// Their code, which is known for as long as some workload has it.
    pub compiled: Vec<Arc<Compiled>>,
    /// Keeps their bytes in the cache of pulls.
    pub in_use: Vec<oci::InUse>,
    /// The names of its components and service, each with the digest of the image that runs.
    pub images: Vec<(String, String)>,
    /// Its components and service.
    pub parts: Vec<Arc<Part>>,
    /// What whoever asks about it should know.
    pub notes: Vec<String>,
}

impl Running {
    /// How its service is, if it has one.
    pub fn service_state(&self) -> Option<ServiceState> {
        self.service.as_ref().map(Service::state)
    }
}
