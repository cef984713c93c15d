//! `chartwright image`: the image of this tool, and every image that values need.

#[cfg(feature = "cluster")]
mod ahead;
mod inspect;
mod list;
mod load;
mod push;
mod save;
mod source;

#[cfg(feature = "cluster")]
pub(super) use ahead::into_nodes;
use clap::{Args, Subcommand};
#[cfg(feature = "cluster")]
pub(super) use load::To;

use super::Outcome;

/// Save, load, push, list or inspect images: this tool's own, and all that values need
///
/// The image is this very tool for linux/amd64 and linux/arm64, made here without Docker, the same bytes each time.
/// With values (`-f`, `--set`, `--profile`) a verb works on every image that they need, without on ours alone.
#[derive(Args, Debug)]
pub(super) struct ImageArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    List(list::ListArgs),
    Save(save::SaveArgs),
    Load(load::LoadArgs),
    Push(push::PushArgs),
    Inspect(inspect::InspectArgs),
}

impl ImageArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        match self.verb {
            Verb::List(args) => args.run(),
            Verb::Save(args) => args.run(),
            Verb::Load(args) => args.run(),
            Verb::Push(args) => args.run(),
            Verb::Inspect(args) => args.run(),
        }
    }
}
