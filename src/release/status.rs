//! The states of a revision.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What Helm says of a revision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// In force.
    Deployed,
    /// Gone, and its record kept.
    Uninstalled,
    /// Another one is in force.
    Superseded,
    /// It did not reach its goal.
    Failed,
    /// On its way out.
    Uninstalling,
    /// An install is under way, or was interrupted.
    PendingInstall,
    /// An upgrade is under way, or was interrupted.
    PendingUpgrade,
    /// A rollback is under way, or was interrupted.
    PendingRollback,
    /// Nobody knows.
    #[default]
    #[serde(other)]
    Unknown,
}

impl Status {
    /// As Helm writes it, in the record and on the Secret's label.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Deployed => "deployed",
            Self::Uninstalled => "uninstalled",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::Uninstalling => "uninstalling",
            Self::PendingInstall => "pending-install",
            Self::PendingUpgrade => "pending-upgrade",
            Self::PendingRollback => "pending-rollback",
        }
    }

    /// Whether something is under way, or was interrupted: Helm refuses every change but a rollback then.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}
