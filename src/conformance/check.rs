//! What a check is, and how it ends.

use std::pin::Pin;
use std::time::Duration;

use super::scene::Stage;
use crate::cluster::ClusterError;

/// What a check needs to be run. Without it, it is skipped with the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// The agent: a Pod inside the cluster.
    Agent,
    /// Hosts that pull from the agent.
    Guests,
    /// At least two hosts.
    TwoHosts,
    /// The NATS server of the release.
    BundledNats,
    /// The identities of the release on NATS.
    Identities,
    /// Our host: reasons in headers, metrics, probes.
    OurHost,
    /// Our operator: reasons in conditions, events, metrics.
    OurOperator,
    /// A namespace of our own.
    Namespaces,
    /// Leave to end Pods of the release.
    Disruptive,
}

impl Need {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Agent,
        Self::Guests,
        Self::TwoHosts,
        Self::BundledNats,
        Self::Identities,
        Self::OurHost,
        Self::OurOperator,
        Self::Namespaces,
        Self::Disruptive,
    ];

    /// Its name on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Guests => "guests",
            Self::TwoHosts => "two-hosts",
            Self::BundledNats => "bundled-nats",
            Self::Identities => "identities",
            Self::OurHost => "chartwright-host",
            Self::OurOperator => "chartwright-operator",
            Self::Namespaces => "namespaces",
            Self::Disruptive => "disruptive",
        }
    }

    /// What that means, for people.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Agent => "a Pod of our image runs in the namespace of the release",
            Self::Guests => "hosts pull from the registry of that Pod, and want no certificate of it",
            Self::TwoHosts => "two hosts or more",
            Self::BundledNats => "the release brings its NATS server",
            Self::Identities => "the release's own credentials of NATS can be mounted",
            Self::OurHost => "the host is ours",
            Self::OurOperator => "the operator is ours",
            Self::Namespaces => "a namespace may be made, and workloads of it run on these hosts",
            Self::Disruptive => "`--disruptive`: Pods of the release may be ended",
        }
    }
}

/// How a check ends when its claim does not hold, or cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// It does not hold: what was seen, and a hint if a better one is known than the check's own.
    Failed { seen: String, hint: Option<String> },
    /// It cannot be judged here, and why.
    Skipped(String),
}

impl Stop {
    /// The claim does not hold.
    pub(super) fn failed(seen: impl Into<String>) -> Self {
        Self::Failed { seen: seen.into(), hint: None }
    }

    /// The claim cannot be judged.
    pub(super) fn skipped(why: impl Into<String>) -> Self {
        Self::Skipped(why.into())
    }
}

impl From<ClusterError> for Stop {
    fn from(err: ClusterError) -> Self {
        Self::failed(err.to_string())
    }
}

/// What was seen, or why that is not enough.
pub(super) type Outcome = Result<String, Stop>;

/// The future of a check.
pub(super) type Running = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Beside which others a check runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    /// Beside any others.
    Parallel,
    /// Alone: it looks at what others change.
    Alone,
    /// Alone and last: it ends Pods of the release.
    Disruptive,
}

/// One claim about the platform.
pub struct Check {
    /// `http.routing.unknown-host`: the family, and a name that stays.
    pub id: &'static str,
    /// What it claims, in a line.
    pub claim: &'static str,
    /// The likely cause when that does not hold, and what to do.
    pub hint: &'static str,
    /// What it needs.
    pub needs: &'static [Need],
    /// How long it may take.
    pub limit: Duration,
    pub(super) mode: Mode,
    pub(super) run: fn(Stage) -> Running,
}

impl Check {
    /// The first part of its id.
    pub fn family(&self) -> &'static str {
        self.id.split('.').next().unwrap_or(self.id)
    }
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

/// A table of checks. One that judges objects alone takes a function of the snapshot; others take the stage.
macro_rules! checks {
    ($(
        $id:literal $kind:ident($run:path) [$($need:ident),*] $seconds:literal s
            $claim:literal
            hint $hint:literal
    )*) => {
        /// The checks of this family.
        pub(super) static CHECKS: &[$crate::conformance::check::Check] = &[$(
            $crate::conformance::check::Check {
                id: $id,
                claim: $claim,
                hint: $hint,
                needs: &[$($crate::conformance::check::Need::$need),*],
                limit: std::time::Duration::from_secs($seconds),
                mode: $crate::conformance::check::checks!(@mode $kind),
                run: $crate::conformance::check::checks!(@run $kind $run),
            },
        )*];
    };
    (@mode objects) => { $crate::conformance::check::Mode::Parallel };
    (@mode parallel) => { $crate::conformance::check::Mode::Parallel };
    (@mode alone) => { $crate::conformance::check::Mode::Alone };
    (@mode disruptive) => { $crate::conformance::check::Mode::Disruptive };
    (@run objects $run:path) => { |stage| Box::pin(async move { $run(stage.snapshot()) }) };
    (@run $kind:ident $run:path) => { |stage| Box::pin(async move { $run(&stage).await }) };
}

/// Fails with what was seen unless it holds.
macro_rules! hold {
    ($holds:expr, $($seen:tt)+) => {
        let holds: bool = $holds;
        if !holds {
            return Err($crate::conformance::check::Stop::failed(format!($($seen)+)));
        }
    };
}

pub(super) use {checks, hold};
