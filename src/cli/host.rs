//! `chartwright host`: runs WebAssembly components, told what to do over NATS.

use chartwright_contract::flags::Program;
use chartwright_host::serve;
use clap::Args;

use super::Outcome;
use super::program::{ended, flag_list};

/// Run a host: components over HTTP, commands over NATS
///
/// It runs until SIGTERM or SIGINT, and finishes what is in flight. Each flag has an environment variable.
#[derive(Args, Debug)]
#[command(after_long_help = flag_list(Program::Host), after_help = "`--help` lists the flags.")]
pub(super) struct HostArgs {
    /// Flags of the host, `--name=value`
    #[arg(value_name = "FLAG", trailing_var_arg = true, allow_hyphen_values = true)]
    flags: Vec<String>,
}

impl HostArgs {
    #[expect(clippy::unnecessary_wraps, reason = "all verbs are called alike")]
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let Err(err) = serve(&self.flags) else { return Ok(Outcome::Done) };
        Ok(ended(&err, err.is_usage()))
    }
}
