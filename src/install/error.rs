//! Why a release is not what it was to be.

use crate::cluster::ClusterError;
use crate::release::HistoryError;

/// What went wrong, and whether anything was changed by then.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The cluster's answer.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The record.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// It is there already.
    #[error("there is a release {release} in {namespace} already (revision {version}, {status}): `upgrade` changes it")]
    Exists {
        /// Its name.
        release: String,
        /// Where.
        namespace: String,
        /// Its last revision.
        version: u32,
        /// How that stands.
        status: &'static str,
    },
    /// It is not there.
    #[error("there is no release {release} in {namespace}")]
    Missing {
        /// Its name.
        release: String,
        /// Where.
        namespace: String,
    },
    /// No such revision.
    #[error("the release {release} has no revision {version}; there are {known}")]
    NoRevision {
        /// Its name.
        release: String,
        /// What was asked for.
        version: u32,
        /// Those there are.
        known: String,
    },
    /// An operation is under way, or was interrupted.
    #[error("{0}")]
    Interrupted(super::Interrupted),
    /// Namespaces are not there.
    #[error("there is no namespace {}: make it, or say --create-namespace", .0.join(", "))]
    NoNamespace(Vec<String>),
    /// Definitions that are to stay are too old.
    #[error(
        "the definitions on this cluster are older than this version:\n{}\nWhat they lack would be dropped without a word; \
         leave --skip-crds out, or apply them first (`chartwright crds apply`)",
        .0.join("\n")
    )]
    OldDefinitions(Vec<String>),
    /// An object belongs to somebody else.
    #[error("{0}")]
    Owned(String),
    /// Several objects cannot be what they are to be, each for its own reason.
    #[error("{}", .0.join("\n"))]
    Several(Vec<String>),
    /// Fields belong to somebody else.
    #[error("{object}: {fields}. Say --force-conflicts to take these fields over")]
    Conflict {
        /// `Deployment shop/web`.
        object: String,
        /// Which, and whose.
        fields: String,
    },
    /// A definition would drop a version in which objects are stored.
    #[error(
        "the CustomResourceDefinition {name} holds objects of the versions {stored}, and the one to be applied only has {served}: \
         applying it would lose them; migrate them first: make one of {served} the version that is stored, read and write each \
         object once (`kubectl get … -o json | kubectl replace -f -`), and take the others out of `status.storedVersions`; or \
         leave the definitions as they are with --skip-crds"
    )]
    StoredVersion {
        /// Which.
        name: String,
        /// Versions of stored objects.
        stored: String,
        /// Versions to be applied.
        served: String,
    },
    /// A manifest of a record is no YAML.
    #[error("the manifest of {0} cannot be read: {1}")]
    Manifest(String, String),
    /// A record cannot be made of a chart.
    #[error("the record of the chart cannot be made: {0}")]
    Chart(String),
    /// A hook failed.
    #[error("the {event} hook {name} {why}")]
    Hook {
        /// `pre-install`.
        event: &'static str,
        /// `Job wasmcloud-crds`.
        name: String,
        /// `failed: …`.
        why: String,
    },
    /// Not all is ready.
    #[error("not ready after {seconds} s:\n{}", .what.join("\n"))]
    NotReady {
        /// How long.
        seconds: u64,
        /// Each object, and why.
        what: Vec<String>,
    },
    /// The time was up before all was applied.
    #[error("{doing} took longer than the {seconds} s of --timeout")]
    TimedOut {
        /// What was done.
        doing: String,
        /// The limit.
        seconds: u64,
    },
    /// Ctrl-C, or SIGTERM.
    #[error("interrupted by a signal")]
    Signal,
    /// Something did not come to its end.
    #[error("{0}")]
    Late(String),
}
