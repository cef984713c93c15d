//! Does the platform work? Checks that judge any operator and host on any cluster, installed by whomever.
//!
//! A [`Check`](check::Check) claims one thing and finds out. The runner takes it through its time limit, cleans up behind it and
//! reports. What has to be seen from inside the cluster is seen by an agent: a Pod of our own image that serves the components of
//! the checks as a registry and makes requests for the runner, which reaches it through the API server. What can be judged by the
//! objects alone is a function of a snapshot of them, and so is tested without a cluster.

#[cfg(feature = "conformance")]
pub mod agent;
mod check;
mod checks;
mod page;
mod probe;
mod report;
mod runner;
mod scene;
mod select;

pub use check::{Check, Need};
pub use page::markdown;
pub use report::{Entry, Format, Report, Status};
pub use runner::{Event, Plan, RunError, run};
pub use scene::Wanted;
pub use select::Selection;

/// All checks, in the order of their families.
pub fn checks() -> Vec<&'static Check> {
    checks::all()
}
