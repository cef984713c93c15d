//! What the chart's hook Jobs do, once, around an upgrade and before an uninstall.

mod crds;
mod finalizers;

pub use crds::{Marks, apply};
pub use finalizers::{Place, release};

/// Why a hook did not get to its end.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// The API server said no, or nothing.
    #[error("{what}: {why}")]
    Api {
        /// What was tried.
        what: String,
        /// What it said.
        why: kube::Error,
    },
    /// Objects are stored in a version that the definition to be applied does not have.
    #[error(
        "the CustomResourceDefinition {name} holds objects of the versions {stored}, and this one only has {served}: \
         applying it would lose them; migrate them first"
    )]
    StoredVersion {
        /// Which.
        name: String,
        /// Versions of stored objects.
        stored: String,
        /// Versions to be applied.
        served: String,
    },
    /// Something did not happen in time.
    #[error("{0}")]
    Late(String),
}

/// Says what was tried when it failed.
fn doing(what: impl Into<String>) -> impl FnOnce(kube::Error) -> HookError {
    let what = what.into();
    move |why| HookError::Api { what, why }
}
