//! Images into nodes ahead of a release: `install --load-images`.

use serde_json::{Map, Value};

use super::load::{To, format, loader, put};
use super::save::here;
use super::source::{SourceArgs, for_nodes};
use crate::cli::output;
use crate::cli::registry::{Lines, RegistryArgs};
use crate::image::wanted;
use crate::oci::Session;
use crate::render::Release;

/// The images that values need into the nodes, as far as they are at hand; the others are named, and nodes pull them.
pub(in crate::cli) fn into_nodes(
    to: Option<To>,
    cluster: Option<&str>,
    values: &Map<String, Value>,
    release: &Release,
) -> anyhow::Result<()> {
    let loader = loader(to, cluster)?;
    let (source, platforms) = (SourceArgs::default(), here().to_vec());
    let wanted = for_nodes(wanted::wanted(values, release)?);
    let progress = Lines::new();
    let origins = wanted.iter().map(|wanted| wanted.origin.as_str());
    let session = Session::new(RegistryArgs::default().access(None, origins)?, progress.clone())?;
    let mut gather = source.gather(&session, &platforms)?;
    let mut images = Vec::new();
    for wanted in &wanted {
        match gather.image(wanted) {
            Ok(image) => images.push(image),
            Err(err) => {
                output::say(&format!("note: {} is not at hand, nodes must have it or pull it: {err}", wanted.name));
            }
        }
    }
    if images.is_empty() {
        return Ok(());
    }
    put(&images, format(loader, &platforms)?, loader, cluster, &session, progress.as_ref())?;
    for image in &images {
        output::say(&format!("loaded {}", image.name));
    }
    Ok(())
}
