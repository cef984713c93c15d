//! Components from OCI registries, kept by their digest.
//!
//! ```text
//! Store::fetch ── reference ── cache ─────────────────────────── Component
//!                     └────── login ── session ── artifact ────────┘
//! ```

mod artifact;
mod auth;
mod cache;
mod errors;
mod helper;
mod in_use;
mod login;
mod reference;
mod secret;
mod session;
mod single_flight;
mod store;
mod transport;

#[cfg(test)]
mod tests;

pub use artifact::ArtifactError;
pub use cache::Cleaned;
pub use errors::{Cause, FetchError, OptionsError, Seconds, TlsProblem};
pub use in_use::InUse;
pub use login::{Login, LoginSource};
pub(crate) use reference::digest_of;
pub use secret::Secret;
pub use store::{Component, Options, Origin, Policy, Store};
