//! `chartwright image inspect`: what is in an image or an archive.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde_json::Value;

use super::list::ListFormat;
use super::source::PayloadArgs;
use crate::cli::registry::RegistryArgs;
use crate::cli::settings::epoch;
use crate::cli::{Outcome, output};
use crate::image::{Platform, archive, collect::Keep, fetch, gather::Gather, inspect};
use crate::oci::{Quiet, Session, full_name};

/// Show what is in an archive, an image of a registry, or the image that would be made here
#[derive(Args, Debug)]
pub(super) struct InspectArgs {
    /// A file, or a reference such as `registry.example/chartwright:0.1.0`; our own image without it
    #[arg(value_name = "ARCHIVE|REFERENCE", value_hint = ValueHint::FilePath)]
    what: Option<String>,
    #[command(flatten)]
    payload: PayloadArgs,
    #[command(flatten)]
    registry: RegistryArgs,
    /// How to write it
    #[arg(long, value_enum, default_value = "text")]
    format: ListFormat,
}

impl InspectArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let reference = self.what.as_deref().filter(|what| !is_file(what));
        let session = Session::new(self.registry.access(reference, [])?, std::sync::Arc::new(Quiet))?;
        let images = match (&self.what, reference) {
            (Some(_), Some(reference)) => vec![fetch::fetch_attached(&session, &full_name(reference)?, reference)?],
            (Some(path), None) => archive::open(&PathBuf::from(path))?,
            (None, _) => {
                let platforms = self.payload.platforms(&Platform::ALL);
                let mut gather = Gather::new(&session, self.payload.search(), platforms, Keep::All, epoch()?);
                vec![gather.own()?.clone()]
            }
        };
        let described: Result<Vec<Value>, _> =
            images.iter().map(|image| inspect::describe(image, Some(&session))).collect();
        let described = described?;
        let text = match self.format {
            ListFormat::Text => described.iter().map(inspect::text).collect(),
            ListFormat::Json => serde_json::to_string_pretty(&serde_json::json!({"images": described}))? + "\n",
        };
        output::product(&text)?;
        Ok(Outcome::Done)
    }
}

/// What looks like a file is one, even when it is missing: its error is the better one.
fn is_file(what: &str) -> bool {
    let archive = Path::new(what).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tar"));
    archive || what.starts_with(['/', '.', '~']) || Path::new(what).is_file()
}
