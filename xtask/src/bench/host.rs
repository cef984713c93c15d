//! `cargo xtask bench host`: the host against `wasmtime serve` and hyper alone, and what many workloads take.
//!
//! The measuring itself is the example `bench` of the host's crate, in the profile that is shipped: it needs an async
//! runtime, a NATS client and a registry, which the other chores do without.

use anyhow::Result;

use crate::Verdict;
use crate::command::{cargo, run as run_command};
use crate::tools::{self, Found};

/// Flags of `cargo xtask bench host`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// A short look: fewer and shorter runs, fewer workloads
    #[arg(long)]
    quick: bool,
    /// Only requests
    #[arg(long)]
    requests: bool,
    /// Only workloads
    #[arg(long)]
    workloads: bool,
}

/// Builds the example, and runs it; it prints tables in Markdown.
pub(crate) fn run(args: &Args) -> Result<Verdict> {
    let server = match tools::nats_server()? {
        Found::At(place) => place,
        Found::Missing(why) => anyhow::bail!("no NATS server: {why}"),
    };
    let mut bench = cargo();
    bench.args(["run", "--quiet", "--release", "--package", "chartwright-host", "--example", "bench", "--"]);
    if args.requests || !args.workloads {
        match tools::wasmtime()? {
            Found::At(program) => _ = bench.arg(format!("--wasmtime={}", program.display())),
            Found::Missing(why) => println!("without `wasmtime serve`: {why}"),
        }
    }
    for (given, flag) in [(args.quick, "--quick"), (args.requests, "--requests"), (args.workloads, "--workloads")] {
        if given {
            bench.arg(flag);
        }
    }
    run_command(bench.env(tools::NATS_SERVER_VARIABLE, server))?;
    Ok(Verdict::Yes)
}
