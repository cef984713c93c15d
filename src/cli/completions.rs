//! Shell completions and man pages, made by clap from the command itself.

use clap::{Args, CommandFactory, ValueHint};
use clap_complete::Shell;

use super::{Cli, Outcome, output};

/// Print shell completions
#[derive(Args, Debug)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl CompletionsArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "chartwright", &mut text);
        output::product(&String::from_utf8(text)?)?;
        Ok(Outcome::Done)
    }
}

/// Write man pages, one a verb, into a folder
#[derive(Args, Debug)]
pub(super) struct ManArgs {
    /// The folder
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    folder: String,
}

impl ManArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        fs_err::create_dir_all(&self.folder)?;
        clap_mangen::generate_to(Cli::command(), &self.folder)?;
        output::say(&format!("man pages in {}", self.folder));
        Ok(Outcome::Done)
    }
}
