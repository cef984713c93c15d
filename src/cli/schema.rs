//! `chartwright schema`: the JSON Schema of the values, for editors.

use clap::Args;

use super::{Outcome, output};

/// Print the JSON Schema of the values, for editors and other tools
///
/// In an editor with yaml-language-server, begin a values file with
/// `# yaml-language-server: $schema=values.schema.json`.
#[derive(Args, Debug)]
pub(super) struct SchemaArgs {}

impl SchemaArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let Self {} = self;
        output::product(&crate::values::schema::schema_text())?;
        Ok(Outcome::Done)
    }
}
