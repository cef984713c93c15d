//! Workloads on this host: what was asked for, checked and resolved, and what serves it.
//!
//! A digest's code is shared ([`crate::engine::Compiled`]); a workload is names, settings and a route, a few kilobytes.

mod handler;
mod plan;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use handler::{Handler, HandlerOptions, RequestData};
pub use plan::{Plan, PlanError, PlannedComponent};

use crate::http::AllowedHosts;

/// Whose component an instance is, and what it was given.
pub struct Part {
    /// Id of the workload.
    pub workload_id: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub workload: String,
    /// The component's name; the workload's when it has none.
    pub component: String,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// What `wasi:config` shows.
    pub config: BTreeMap<String, String>,
    /// Where HTTP requests may go.
    pub allowed_hosts: AllowedHosts,
    /// What sends them.
    pub client: crate::http::Client,
    /// Instances and calls.
    pub pool: Pool,
}

/// How instances of a component are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Warm instances; 0: a new one for each call.
    pub size: usize,
    /// Calls after which an instance is replaced; none: never.
    pub max_invocations: Option<usize>,
    /// Calls at a time on one instance.
    pub max_concurrency: usize,
    /// Idle seconds after which a warm instance is given back; none: never.
    pub reclaim_seconds: Option<u64>,
}

/// A workload that runs.
pub struct Running {
    /// Host names it serves, and by what; none without HTTP.
    pub route: Option<Arc<crate::http::Target>>,
    /// How many components it has.
    pub components: usize,
    /// Keeps their code.
    pub compiled: Vec<Arc<crate::engine::Compiled>>,
    /// Keeps the components in the cache: a host that starts anew finds them.
    pub in_use: Vec<crate::oci::InUse>,
}
