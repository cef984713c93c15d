//! Chores of the repository: tests in order, tools, generated files, goldens, arrows between rooms, benchmarks.
//!
//! One file a chore; `cargo xtask help` lists them. Exit codes are the tool's own: 0 yes, 1 the answer is no,
//! 2 the chore could not be done.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a chore speaks to the person who typed it")]

mod bench;
mod cache;
mod cluster;
mod command;
mod dist;
mod edges;
mod generate;
mod golden;
mod hello;
mod stages;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of the chartwright repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_version_flag = true)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

/// What can be asked for.
#[derive(Debug, Subcommand)]
enum Chore {
    /// Run every check in order and close with a table of what passed, failed and was skipped
    Test(test::Args),
    /// Bring the tools that the checks need into the cache: both Helms, their helpers, servers, cargo-deny, the editor's server
    Tools(tools::Args),
    /// Write the files that are generated from the library, or check that they are current
    Gen(generate::Args),
    /// Render every golden, and write or compare its manifests
    Golden(golden::Args),
    /// Check the allowed arrows between the rooms of `src/` and between the crates
    Edges,
    /// Build the static binaries of a release, of which the image is made, into `dist/`
    Dist(dist::Args),
    /// A real cluster on this machine, and the platform on it
    Cluster(cluster::Args),
    /// Measure the tool against its peers
    Bench(bench::Args),
    /// Start a NATS server, a registry and a host here, run a component on it, and show what it answers
    Hello,
}

/// What a chore found: did the thing asked about hold?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It holds.
    Yes,
    /// It does not; what is wrong was printed.
    No,
}

fn main() -> ExitCode {
    let result = match Cli::parse().chore {
        Chore::Test(args) => test::run(&args),
        Chore::Tools(args) => tools::run(&args),
        Chore::Gen(args) => generate::run(&args),
        Chore::Golden(args) => golden::run(&args),
        Chore::Edges => edges::run(),
        Chore::Dist(args) => dist::run(&args),
        Chore::Cluster(args) => cluster::run(&args),
        Chore::Bench(args) => bench::run(&args),
        Chore::Hello => hello::run(),
    };
    match result {
        Ok(Verdict::Yes) => ExitCode::SUCCESS,
        Ok(Verdict::No) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }
}
