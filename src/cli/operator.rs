//! `chartwright operator`: places workloads on hosts, and leads traffic to them.

use chartwright_contract::flags::Program;
use chartwright_operator::serve;
use clap::Args;

use super::Outcome;
use super::program::{ended, flag_list};

/// Run the operator: Kubernetes objects on one side, hosts over NATS on the other
///
/// It runs until SIGTERM or SIGINT, and hands its Lease over. It finds the cluster as kubectl does: in a Pod by its service
/// account, elsewhere by KUBECONFIG. Each flag has an environment variable.
#[derive(Args, Debug)]
#[command(after_long_help = flag_list(Program::Operator), after_help = "`--help` lists the flags.")]
pub(super) struct OperatorArgs {
    /// Flags of the operator, `--name=value`
    #[arg(value_name = "FLAG", trailing_var_arg = true, allow_hyphen_values = true)]
    flags: Vec<String>,
}

impl OperatorArgs {
    #[expect(clippy::unnecessary_wraps, reason = "all verbs are called alike")]
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let Err(err) = serve(&self.flags) else { return Ok(Outcome::Done) };
        Ok(ended(&err, err.is_usage()))
    }
}
