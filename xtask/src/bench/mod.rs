//! `cargo xtask bench`: what we ship against its peers.

pub(crate) mod chart;
pub(crate) mod host;
pub(crate) mod install;
pub(crate) mod operator;

use anyhow::Result;

use crate::Verdict;

/// Flags of `cargo xtask bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

/// What can be measured.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// `render` and `validate` against `helm template` and `helm lint` of the exported chart
    Chart {
        /// Measured runs of each contender
        #[arg(long, default_value_t = chart::RUNS, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
        runs: usize,
    },
    /// The host against `wasmtime serve` and hyper alone, and what many workloads take
    Host(host::Args),
    /// `install --wait` against Helm's of the exported chart, on a cluster of one node on this machine
    Install {
        /// Installs of each
        #[arg(long, default_value_t = install::TIMES)]
        times: u32,
    },
    /// The operator: workloads placed a second, writes for each, time from scale to running, memory
    Operator,
}

/// Runs the chore.
pub(crate) fn run(args: &Args) -> Result<Verdict> {
    match &args.what {
        What::Chart { runs } => chart::run(*runs),
        What::Host(args) => host::run(args),
        What::Install { times } => install::run(*times),
        What::Operator => operator::run(),
    }
}
