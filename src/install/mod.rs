//! A release on a cluster: planned, applied, waited for, and written into Helm's history.
//!
//! Every change is a [`Plan`] first: what `diff` and `--dry-run` print is exactly what an install or upgrade carries out.
//! [`Content`] is what a revision brings, freshly rendered or out of an old record.

mod apply;
mod change;
mod conflicts;
mod content;
mod crds;
mod differ;
mod error;
mod finalizers;
mod handover;
mod hooks;
mod leftovers;
mod manifest;
mod marks;
mod namespace;
mod others;
mod plan;
mod preflight;
mod recover;
mod redact;
mod report;
mod sysdump;
mod uninstall;
mod wait;

pub use change::{Change, Goal, Options, carry_out};
pub use content::Content;
pub use crds::{Marks, apply_all as apply_crds};
pub use differ::differences;
pub use error::InstallError;
pub use finalizers::{Freed, Place, release as release_finalizers};
pub use manifest::read as read_manifest;
pub use plan::{Action, Plan, Planner, Step};
pub use preflight::{Finding, Probing, Verdict, capacity, preflight};
pub use recover::{Interrupted, interrupted};
pub use report::{Quiet, Reporter};
pub use sysdump::sysdump;
pub use uninstall::{Left, Removal, uninstall};
pub use wait::{Readiness, State, look};
