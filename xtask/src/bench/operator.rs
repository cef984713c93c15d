//! `cargo xtask bench operator`: two thousand workloads on ten hosts that speak upstream's protocol.
//!
//! The measuring itself is an ignored test of `tests/platform`, which has the API server and the hosts. The operator runs as a process
//! of its own: what is shipped, but for optimization across crates.

use anyhow::Result;

use crate::Verdict;
use crate::command::{cargo, run as run_command};
use crate::tools::{self, Found};

/// Builds the test, and runs it; it prints a table in Markdown.
pub(crate) fn run() -> Result<Verdict> {
    let mut bench = cargo();
    // Optimization across crates would take longer than the measuring.
    for setting in ["lto=false", "codegen-units=16"] {
        bench.args(["--config", &format!("profile.release.{setting}")]);
    }
    bench.args(["test", "--quiet", "--release", "--package", "chartwright-platform-tests", "--test", "it"]);
    bench.args(["bench::", "--", "--ignored", "--nocapture"]);
    for (variable, found) in [
        (tools::NATS_SERVER_VARIABLE, tools::nats_server()?),
        (tools::ETCD_VARIABLE, tools::etcd()?),
        (tools::KUBEBOX_VARIABLE, tools::kubebox()?),
    ] {
        match found {
            Found::At(place) => bench.env(variable, place),
            Found::Missing(why) => anyhow::bail!("{variable}: {why}"),
        };
    }
    run_command(&mut bench)?;
    Ok(Verdict::Yes)
}
