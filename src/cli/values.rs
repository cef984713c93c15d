//! `chartwright values`: the defaults with their documentation.

use clap::Args;

use super::{Outcome, output};

/// Print the commented default values file
#[derive(Args, Debug)]
pub(super) struct ValuesCommand {
    /// A profile in place of the defaults
    #[arg(long, value_name = "NAME", value_enum)]
    profile: Option<crate::values::profiles::Profile>,
}

impl ValuesCommand {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        output::product(self.profile.map_or(crate::values::DEFAULTS, crate::values::profiles::Profile::text))?;
        Ok(Outcome::Done)
    }
}
