//! `cargo xtask hello`: the host at work, everything on this machine.

use anyhow::{Result, bail};

use crate::Verdict;
use crate::command::{cargo, run as run_command};
use crate::tools::{self, Found};

/// Runs the example.
pub(crate) fn run() -> Result<Verdict> {
    let ready = |name: &str, found: Found| match found {
        Found::At(place) => Ok(place),
        Found::Missing(why) => bail!("no {name}: {why}"),
    };
    let (server, registry) = (ready("NATS server", tools::nats_server()?)?, ready("registry", tools::registry()?)?);
    let mut example = cargo();
    example.args(["run", "--quiet", "--package", "chartwright-host", "--example", "hello"]);
    run_command(example.env(tools::NATS_SERVER_VARIABLE, server).env(tools::REGISTRY_VARIABLE, registry))?;
    Ok(Verdict::Yes)
}
