//! `chartwright image load`: images into a node.

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::save::{here, one};
use super::source::{SourceArgs, bring, for_nodes, read};
use crate::cli::registry::{Lines, RegistryArgs};
use crate::cli::settings::{ReleaseArgs, ValuesArgs};
use crate::cli::{Outcome, output};
use crate::image::{Image, ImageError, Platform, archive, archive::Format, load, load::Loader};
use crate::oci::{Progress, Session};

/// Load images into a node: containerd, kind, k3s, minikube or Docker
///
/// No registry is needed: nodes that have the image do not pull it. Without values our own image is loaded.
#[derive(Args, Debug)]
pub(super) struct LoadArgs {
    /// What to load into; without it the first that is on PATH: k3s, kind, minikube, ctr, docker
    #[arg(long, value_name = "WHAT", value_enum)]
    to: Option<To>,
    /// Name of the cluster, for kind and minikube
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    #[command(flatten)]
    values: ValuesArgs,
    #[command(flatten)]
    release: ReleaseArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    registry: RegistryArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum To {
    /// containerd on this machine, in Kubernetes' namespace
    Ctr,
    /// Every node of a cluster of kind
    Kind,
    /// k3s on this machine
    K3s,
    /// Every node of a cluster of minikube
    Minikube,
    /// Docker, or podman as `docker`
    Docker,
}

impl From<To> for Loader {
    fn from(to: To) -> Self {
        match to {
            To::Ctr => Self::Ctr,
            To::Kind => Self::Kind,
            To::K3s => Self::K3s,
            To::Minikube => Self::Minikube,
            To::Docker => Self::Docker,
        }
    }
}

impl LoadArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let loader = loader(self.to, self.cluster.as_deref())?;
        let given = if self.values.is_given() {
            let Some(given) = read(&self.values, &self.release)? else { return Ok(Outcome::No) };
            Some(given.wanted(&self.source)?)
        } else {
            None
        };
        let origins = given.iter().flatten().map(|wanted| wanted.origin.as_str());
        let progress = Lines::new();
        let session = Session::new(self.registry.access(None, origins)?, progress.clone())?;
        let mut gather = self.source.gather(&session, here())?;
        let wanted = for_nodes(given.unwrap_or_else(|| gather.all()));
        let platforms = self.source.payload.platforms(here());
        let images = bring(&mut gather, &wanted, &platforms)?;
        let format = format(loader, &platforms)?;
        match put(&images, format, loader, self.cluster.as_deref(), &session, progress.as_ref()) {
            Ok(()) => {}
            Err(err) if matches!(err.downcast_ref(), Some(ImageError::NoProgram { .. })) => return Err(err),
            Err(err) => return Ok(output::tried(&err)),
        }
        output::product(&images.iter().map(|image| format!("{}\n", image.name)).collect::<String>())?;
        Ok(Outcome::Done)
    }
}

/// Writes an archive, and gives it to the program.
pub(super) fn put(
    images: &[Image],
    format: Format,
    loader: Loader,
    cluster: Option<&str>,
    session: &Session,
    progress: &dyn Progress,
) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file: PathBuf = folder.path().join("images.tar");
    archive::write_file(&file, images, format, Some(session), progress)?;
    let said = load::load(loader, &file, cluster)?;
    said.lines().for_each(|line| output::say(&format!("  {line}")));
    Ok(())
}

/// What it reads.
pub(super) fn format(loader: Loader, platforms: &[Platform]) -> anyhow::Result<Format> {
    Ok(if loader.is_docker() { Format::Docker(one(platforms)?) } else { Format::Oci })
}

/// What was named, or the first that is on PATH.
pub(super) fn loader(to: Option<To>, cluster: Option<&str>) -> anyhow::Result<Loader> {
    let loader = match to {
        Some(to) => named(to.into())?,
        None => first()?,
    };
    if cluster.is_some() && !loader.has_clusters() {
        bail!("`--cluster` is for kind and minikube; {} has none", loader.program());
    }
    Ok(loader)
}

fn is_there(loader: Loader) -> bool {
    load::find(loader.program(), std::env::var_os("PATH").as_ref()).is_some()
}

fn named(loader: Loader) -> Result<Loader, ImageError> {
    if is_there(loader) { Ok(loader) } else { Err(load::missing(loader)) }
}

fn first() -> anyhow::Result<Loader> {
    let present: Vec<Loader> = Loader::ALL.into_iter().filter(|loader| is_there(*loader)).collect();
    let Some(first) = present.first() else {
        bail!(
            "none of k3s, kind, minikube, ctr and docker is on PATH: run this where one of them is, or write an archive with \
             `image save`"
        );
    };
    let others: Vec<&str> = present[1..].iter().map(|loader| loader.program()).collect();
    let others = if others.is_empty() { String::new() } else { format!("; `--to` takes {} too", others.join(", ")) };
    output::say(&format!("loading into {}{others}", first.program()));
    Ok(*first)
}
