//! `chartwright image save`: images as one archive.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::source::{SourceArgs, bring, for_nodes, read};
use crate::cli::registry::{Lines, RegistryArgs};
use crate::cli::settings::{ReleaseArgs, ValuesArgs};
use crate::cli::{Outcome, output};
use crate::image::{Image, Platform, archive, archive::Format, inspect::bytes};
use crate::oci::Session;

/// Write images as one archive, for the air gap
///
/// Without values it holds our own image. Other images are pulled from where they are published, each blob compared with
/// its digest; an image that values name by digest is kept whole, others have the platforms of ours.
#[derive(Args, Debug)]
pub(super) struct SaveArgs {
    /// The file
    #[arg(short = 'o', long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: PathBuf,
    #[command(flatten)]
    values: ValuesArgs,
    #[command(flatten)]
    release: ReleaseArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    registry: RegistryArgs,
    /// What the archive is for
    #[arg(long, value_enum, default_value = "oci")]
    format: SaveFormat,
}

/// The forms of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SaveFormat {
    /// An OCI layout with all platforms: containerd, kind, k3s, skopeo
    Oci,
    /// One platform, as `docker load` wants it
    Docker,
}

impl SaveArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let format = match self.format {
            SaveFormat::Oci => Format::Oci,
            SaveFormat::Docker => Format::Docker(one(&self.source.payload.platforms(here()))?),
        };
        let given = if self.values.is_given() {
            let Some(given) = read(&self.values, &self.release)? else { return Ok(Outcome::No) };
            Some(given.wanted(&self.source)?)
        } else {
            None
        };
        let origins = given.iter().flatten().map(|wanted| wanted.origin.as_str());
        let progress = Lines::new();
        let session = Session::new(self.registry.access(None, origins)?, progress.clone())?;
        let docker = self.format == SaveFormat::Docker;
        let platforms = if docker { here() } else { &Platform::ALL };
        let mut gather = self.source.gather(&session, platforms)?;
        let wanted = given.unwrap_or_else(|| gather.all());
        let wanted = if docker { for_nodes(wanted) } else { wanted };
        let images = bring(&mut gather, &wanted, &self.source.payload.platforms(platforms))?;
        if let Err(err) = archive::write_file(&self.output, &images, format, Some(&session), progress.as_ref()) {
            return Ok(output::tried(&err.into()));
        }
        let size = fs_err::metadata(&self.output)?.len();
        let count = if images.len() == 1 { "1 image".to_owned() } else { format!("{} images", images.len()) };
        output::say(&format!("{count} in {}, {}", self.output.display(), bytes(size)));
        output::product(&images.iter().map(line).collect::<String>())?;
        Ok(Outcome::Done)
    }
}

/// What is in the archive, by digest.
fn line(image: &Image) -> String {
    if image.name.contains('@') {
        format!("{}\n", image.name)
    } else {
        format!("{}@{}\n", image.name, image.top.digest)
    }
}

/// The platform of containers on this machine; both are offered where it has none of ours.
pub(super) fn here() -> &'static [Platform] {
    match Platform::here() {
        Some(Platform::Amd64) => &[Platform::Amd64],
        Some(Platform::Arm64) => &[Platform::Arm64],
        None => &Platform::ALL,
    }
}

/// Docker's archives hold one platform.
pub(super) fn one(platforms: &[Platform]) -> anyhow::Result<Platform> {
    match platforms {
        [platform] => Ok(*platform),
        _ => anyhow::bail!("a Docker archive holds one platform: name it with `--platform linux/amd64`"),
    }
}
