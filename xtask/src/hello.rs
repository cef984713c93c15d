//! `cargo xtask hello`: the host at work, everything on this machine.

use anyhow::{Result, bail};

use crate::Verdict;
use crate::command::{cargo, run as run_command};
use crate::tools::{self, Found};

/// Runs the example.
pub(crate) fn run() -> Result<Verdict> {
    let server = match tools::nats_server()? {
        Found::At(place) => place,
        Found::Missing(why) => bail!("no NATS server: {why}"),
    };
    let mut example = cargo();
    example.args(["run", "--quiet", "--package", "chartwright-host", "--example", "hello"]);
    run_command(example.env(tools::NATS_SERVER_VARIABLE, server))?;
    Ok(Verdict::Yes)
}
