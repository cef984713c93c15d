//! Whether a host gets anything new, as somebody wrote on its Host: `chartwright host cordon`, `drain` and `uncordon`.

use chartwright_contract::crds::Host;
use chartwright_contract::crds::names::{CORDON, DRAINED};
use kube::ResourceExt as _;

use crate::conditions::Outcome;

/// What a host is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Intake {
    /// Whatever fits.
    #[default]
    Open,
    /// Nothing new.
    Cordoned,
    /// Nothing new, and what it has moves elsewhere.
    Drained,
}

impl Intake {
    /// As it stands on the object. A word that nobody knows was meant to keep something away, and does.
    pub(crate) fn of(host: &Host) -> Self {
        match host.annotations().get(CORDON).map(String::as_str) {
            None | Some("") => Self::Open,
            Some(DRAINED) => Self::Drained,
            Some(_) => Self::Cordoned,
        }
    }

    /// What the Host says of it.
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Open => Outcome::True,
            Self::Cordoned => Outcome::False("Cordoned", "it gets nothing new".into()),
            Self::Drained => Outcome::False("Drained", "it gets nothing new, and what it has moves elsewhere".into()),
        }
    }
}
