//! `chartwright host`: runs a host, and looks after those that run.

#[cfg(feature = "cluster")]
mod intake;
#[cfg(feature = "host")]
mod serve;

use clap::Args;

use super::Outcome;

/// Run a host: components over HTTP, commands over NATS; or close, empty and open hosts of a cluster
///
/// Without a verb it is a host itself: it runs until SIGTERM or SIGINT, and finishes what is in flight. Each flag has an
/// environment variable.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
#[cfg_attr(feature = "host", command(after_long_help = serve::flag_table(), after_help = "`--help` lists the flags."))]
#[cfg_attr(not(feature = "host"), command(subcommand_required = true))]
pub(super) struct HostArgs {
    #[cfg(feature = "cluster")]
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Flags of the host, `--name=value`
    #[cfg(feature = "host")]
    #[arg(value_name = "FLAG", trailing_var_arg = true, allow_hyphen_values = true)]
    flags: Vec<String>,
}

#[cfg(feature = "cluster")]
#[derive(Debug, clap::Subcommand)]
enum Verb {
    Cordon(intake::CordonArgs),
    Drain(intake::DrainArgs),
    Uncordon(intake::UncordonArgs),
}

impl HostArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        #[cfg(feature = "cluster")]
        match self.verb {
            Some(Verb::Cordon(args)) => return args.run(),
            Some(Verb::Drain(args)) => return args.run(),
            Some(Verb::Uncordon(args)) => return args.run(),
            None => {}
        }
        #[cfg(feature = "host")]
        return Ok(serve::run(&self.flags));
        #[cfg(not(feature = "host"))]
        anyhow::bail!("this program was built without the host; `chartwright host --help` lists the verbs")
    }
}
