//! Certificates of `tls.provider: operator`, and of `job`, which is the same as a command.
//!
//! The chart lists what is wanted ([`List`]). What there is is read from Secrets, `plan` decides what to do about it and
//! `issue` does it, both without a cluster; [`pass()`] is one round of reading, deciding and writing. The [`Keeper`] goes round
//! for ever, `chartwright certs renew` once. `roll` restarts the pods that read a Secret only when they start.
//!
//! # How it goes
//!
//! - Each Secret has a key of its own, made where it is used: no key travels between namespaces.
//! - A certificate is renewed at five eighths of its life: two thirds are never passed, even by a Job that comes once a day.
//! - An authority is followed by a new one by overlap. First everybody learns to trust the new one (`next.crt`, `next.key` of
//!   its Secret); when the last Secret has had it for the overlap, it signs; when nothing of the old one is left, for the
//!   overlap again, the old one is trusted no more. Where this stands is in the Secrets, so whoever comes next goes on there.
//! - An authority whose Secret was deleted or damaged is replaced. What it signed is trusted until all of it is replaced.
//! - A Secret that holds something and is not marked as ours is left alone, and named.

mod authority;
mod command;
mod config;
mod first;
mod issue;
mod keeper;
mod material;
mod pass;
mod plan;
mod roll;
mod state;
mod status;
mod store;

pub use command::{CertificatesError, renew, status};
pub use config::{ConfigError, List, Usage, Wanted};
pub(crate) use first::first;
pub(crate) use keeper::Keeper;
pub use pass::{Asked, Report, pass};
pub use plan::OVERLAP;
pub use status::{Row, Status};

#[cfg(test)]
mod tests;
