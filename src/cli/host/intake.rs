//! `chartwright host cordon`, `drain` and `uncordon`.

use std::time::Duration;

use clap::Args;
use tokio::time::Instant;

use super::super::cluster::ClusterArgs;
use super::super::release::duration;
use super::super::{Outcome, output};
use crate::hosts::{Hosts, HostsError, Intake};

/// Give hosts nothing new; what they run goes on
///
/// It holds for the Host, so for the Pod: the next Pod is open.
#[derive(Args, Debug)]
pub(super) struct CordonArgs {
    #[command(flatten)]
    which: WhichArgs,
}

/// Give hosts nothing new, and move what they run elsewhere
///
/// Each replica is replaced on another host before it stops; what has no other place stays. Workloads that name a host by `hostId`
/// stay, too, and are listed.
#[derive(Args, Debug)]
pub(super) struct DrainArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// How long it may take: `300`, `90s`, `5m`
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    timeout: Duration,
}

/// Open hosts again
#[derive(Args, Debug)]
pub(super) struct UncordonArgs {
    #[command(flatten)]
    which: WhichArgs,
}

/// Which hosts.
#[derive(Args, Debug)]
struct WhichArgs {
    /// Names of Hosts: those of their Pods
    #[arg(required = true, value_name = "HOST")]
    hosts: Vec<String>,
    /// Namespace of the operator, where the Hosts are
    #[arg(short, long, value_name = "NAMESPACE", default_value = "default", env = "CHARTWRIGHT_NAMESPACE")]
    namespace: String,
    #[command(flatten)]
    cluster: ClusterArgs,
}

impl WhichArgs {
    /// Gives them that, says what they are now, and goes on.
    fn give(
        self,
        intake: Intake,
        now: &str,
        then: impl AsyncFnOnce(&Hosts, &[String]) -> Result<Outcome, HostsError>,
    ) -> anyhow::Result<Outcome> {
        let (names, namespace) = (self.hosts, self.namespace);
        self.cluster.run(async |client| {
            let hosts = Hosts::new(client, &namespace);
            let ended = async {
                hosts.give(&names, intake).await?;
                for name in &names {
                    output::say(&format!("host {name}: {now}"));
                }
                then(&hosts, &names).await
            };
            match ended.await {
                Err(err) if err.is_before() => Err(err.into()),
                Err(err) => Ok(output::tried(&err.into())),
                Ok(outcome) => Ok(outcome),
            }
        })?
    }
}

impl CordonArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        self.which.give(Intake::Cordoned, "gets nothing new", async |_, _| Ok(Outcome::Done))
    }
}

impl UncordonArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        self.which.give(Intake::Open, "is open", async |_, _| Ok(Outcome::Done))
    }
}

impl DrainArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let end = Instant::now() + self.timeout;
        self.which.give(Intake::Drained, "gets nothing new, and is emptied", async |hosts, names| {
            let watch = |moving: &[_]| match moving.len() {
                0 => output::say("nothing is left to move"),
                count => output::say(&format!("{count} to move")),
            };
            for one in hosts.emptied(names, end, watch).await? {
                let said = output::product(&format!("stays: Workload {} ({})\n", one.workload, one.why));
                if said.is_err() {
                    break;
                }
            }
            Ok(Outcome::Done)
        })
    }
}
