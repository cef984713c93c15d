//! `chartwright host`: runs WebAssembly components, told what to do over NATS.

use std::fmt::Write as _;

use chartwright_contract::flags::{FlagKind, Implementation, Program, flags};
use chartwright_host::serve;
use clap::Args;

use super::{Outcome, output};

/// Run a host: components over HTTP, commands over NATS
///
/// It runs until SIGTERM or SIGINT, and finishes what is in flight. Each flag has an environment variable.
#[derive(Args, Debug)]
#[command(after_long_help = list(), after_help = "`--help` lists the flags.")]
pub(super) struct HostArgs {
    /// Flags of the host, `--name=value`
    #[arg(value_name = "FLAG", trailing_var_arg = true, allow_hyphen_values = true)]
    flags: Vec<String>,
}

impl HostArgs {
    #[expect(clippy::unnecessary_wraps, reason = "all verbs are called alike")]
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let Err(err) = serve(&self.flags) else { return Ok(Outcome::Done) };
        for line in err.to_string().lines() {
            output::say(&format!("error: {line}"));
        }
        Ok(if err.is_usage() { Outcome::Unable } else { Outcome::No })
    }
}

/// The flag table as people read it.
fn list() -> String {
    let mut text = String::from("Flags:\n");
    for flag in flags(Program::Host, Implementation::Chartwright) {
        let value = match flag.kind {
            FlagKind::Switch | FlagKind::Bool => "[=true|false]".to_owned(),
            FlagKind::Choice(words) => format!("={}", words.join("|")),
            FlagKind::List { .. } => "=A,B".to_owned(),
            FlagKind::Number | FlagKind::Percent => "=N".to_owned(),
            FlagKind::Size => "=512Mi".to_owned(),
            FlagKind::Duration => "=30s".to_owned(),
            FlagKind::Address => "=HOST:PORT".to_owned(),
            FlagKind::Path => "=PATH".to_owned(),
            FlagKind::Url | FlagKind::Value => "=TEXT".to_owned(),
        };
        let default = flag.default.map(|default| format!(" [default: {default}]")).unwrap_or_default();
        let variable = flag.env.map(|env| format!(" [env: {env}]")).unwrap_or_default();
        let _ = writeln!(text, "  --{}{value}\n          {}{default}{variable}", flag.name, flag.doc);
    }
    text
}
