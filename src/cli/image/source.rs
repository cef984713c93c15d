//! Which images a verb works on, and where they come from.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueHint};
use serde_json::{Map, Value};

use crate::cli::settings::{ReleaseArgs, ValuesArgs, epoch};
use crate::cli::{findings, output};
use crate::image::{
    Image, ImageError, Platform,
    collect::Keep,
    gather::Gather,
    payload::Search,
    wanted::{self, Wanted},
};
use crate::oci::Session;
use crate::render::Release;

/// What our own image is made of.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Images")]
pub(super) struct PayloadArgs {
    /// Binary of this tool for a platform, as `linux/arm64=PATH`; found beside this program or in `dist/` without it
    #[arg(long = "payload", value_name = "PLATFORM=PATH", value_parser = payload)]
    payloads: Vec<(Platform, PathBuf)>,
    /// Platforms; all of ours without it, and for `load` that of this machine
    #[arg(long = "platform", value_name = "PLATFORM", value_delimiter = ',')]
    platforms: Vec<Platform>,
}

/// Where all images come from.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Images")]
pub(super) struct SourceArgs {
    #[command(flatten)]
    pub(super) payload: PayloadArgs,
    /// Archive made by `image save`, in place of payloads and registries
    #[arg(long, value_name = "ARCHIVE", value_hint = ValueHint::FilePath, conflicts_with_all = ["payloads", "platforms"])]
    pub(super) from: Option<PathBuf>,
    /// Copies every platform of other images, too
    #[arg(long, conflicts_with = "platforms")]
    all_platforms: bool,
    /// Pulls from the registry that `global.image.registry` names, not from where images are published
    #[arg(long, conflicts_with = "from")]
    via_mirror: bool,
}

fn payload(text: &str) -> Result<(Platform, PathBuf), String> {
    let (platform, path) = text.split_once('=').ok_or("write `linux/arm64=PATH`")?;
    Ok((platform.parse()?, path.into()))
}

impl PayloadArgs {
    /// The platforms asked for, or these.
    pub(super) fn platforms(&self, or: &[Platform]) -> Vec<Platform> {
        let asked = if self.platforms.is_empty() { or } else { self.platforms.as_slice() };
        Platform::ALL.into_iter().filter(|platform| asked.contains(platform)).collect()
    }

    pub(super) fn search(&self) -> Search {
        Search::usual(self.payloads.clone())
    }
}

impl SourceArgs {
    /// Ready to bring images.
    pub(super) fn gather<'s>(&self, session: &'s Session, or: &[Platform]) -> anyhow::Result<Gather<'s>> {
        let platforms = self.payload.platforms(or);
        let keep = if self.all_platforms { Keep::All } else { Keep::Only(platforms.clone()) };
        let gather = Gather::new(session, self.payload.search(), platforms, keep, epoch()?);
        Ok(match &self.from {
            Some(path) => gather.archive(path.clone())?,
            None => gather,
        })
    }
}

/// Values that were given, coalesced, and the release they are for.
pub(super) struct Given {
    pub(super) values: Map<String, Value>,
    pub(super) release: Release,
}

/// Reads values; the inner none says that they have errors, which were shown.
pub(super) fn read(values: &ValuesArgs, release: &ReleaseArgs) -> anyhow::Result<Option<Given>> {
    let release = release.release()?;
    let Some((loaded, _)) = findings::accepted(values, &release, &[])? else { return Ok(None) };
    let values = loaded.coalesced.root.to_json().as_object().cloned().context("values are a map")?;
    Ok(Some(Given { values, release }))
}

impl Given {
    /// The images that they need.
    pub(super) fn wanted(&self, source: &SourceArgs) -> anyhow::Result<Vec<Wanted>> {
        let mut all = wanted::wanted(&self.values, &self.release)?;
        if source.via_mirror {
            for wanted in &mut all {
                wanted.origin.clone_from(&wanted.name);
            }
        }
        Ok(all)
    }
}

/// All of them; said is which of them lack a platform.
pub(super) fn bring(
    gather: &mut Gather<'_>,
    wanted: &[Wanted],
    platforms: &[Platform],
) -> Result<Vec<Image>, ImageError> {
    let mut images = Vec::new();
    for wanted in wanted {
        let image = gather.image(wanted)?;
        let lacking: Vec<String> = image.lacks(platforms).iter().map(ToString::to_string).collect();
        if !lacking.is_empty() {
            output::say(&format!("note: {} has no {}", wanted.name, lacking.join(", ")));
        }
        images.push(image);
    }
    Ok(images)
}

/// What nodes run; hosts pull plugins and components from a registry, and would not find them in a node.
pub(super) fn for_nodes(wanted: Vec<Wanted>) -> Vec<Wanted> {
    let (hosts, nodes): (Vec<_>, Vec<_>) = wanted.into_iter().partition(Wanted::is_for_hosts);
    for wanted in hosts {
        output::say(&format!(
            "note: {} is left out: a host pulls it, so it belongs into a registry (`image push`)",
            wanted.name
        ));
    }
    nodes
}
