//! Brings together the images that a verb works on: made here, found in registries, or out of an archive.

use std::path::PathBuf;

use super::{
    Image, ImageError, NAME, Platform, archive,
    collect::Keep,
    fetch::fetch,
    make, own_name,
    payload::Search,
    wanted::{Wanted, is_ours, is_own},
};
use crate::{
    oci::{Epoch, Reference, Session, full_name},
    render::CHART,
};

/// Where images come from.
#[derive(Debug)]
pub struct Gather<'s> {
    session: &'s Session,
    search: Search,
    platforms: Vec<Platform>,
    keep: Keep,
    epoch: Epoch,
    archive: Option<(PathBuf, Vec<Image>)>,
    /// Made once, whatever it is called.
    own: Option<Image>,
}

impl<'s> Gather<'s> {
    /// From payloads and registries.
    pub fn new(session: &'s Session, search: Search, platforms: Vec<Platform>, keep: Keep, epoch: Epoch) -> Self {
        Self { session, search, platforms, keep, epoch, archive: None, own: None }
    }

    /// From an archive alone.
    pub fn archive(mut self, path: PathBuf) -> Result<Self, ImageError> {
        let images = archive::open(&path)?;
        self.archive = Some((path, images));
        Ok(self)
    }

    /// What is worked on when no values say it: all of the archive, or our own image.
    pub fn all(&self) -> Vec<Wanted> {
        let named = |name: String| Wanted { origin: name.clone(), name, users: Vec::new() };
        match &self.archive {
            Some((_, images)) => images.iter().map(|image| named(image.name.clone())).collect(),
            None => vec![named(own_name())],
        }
    }

    /// One image, under the name that is wanted.
    pub fn image(&mut self, wanted: &Wanted) -> Result<Image, ImageError> {
        let name = full_name(&wanted.name)?;
        let found = match &self.archive {
            Some(archive) => in_archive(archive, wanted)?,
            None => self.build_or_fetch(wanted)?,
        };
        Ok(Image { name, ..found })
    }

    fn build_or_fetch(&mut self, wanted: &Wanted) -> Result<Image, ImageError> {
        let published = has_registry(&wanted.origin);
        if is_own(&wanted.name) {
            let own = self.own()?.clone();
            if pinned(&wanted.name).is_none_or(|digest| digest == own.top.digest) {
                return Ok(own);
            }
        }
        // Without a registry nobody publishes our image.
        if is_ours(&wanted.name) && !published {
            let digest = self.own()?.top.digest.clone();
            return Err(ImageError::OtherBuild { name: wanted.name.clone(), version: CHART.app_version, digest });
        }
        fetch(self.session, &wanted.name, &wanted.origin, &self.keep)
    }

    /// Our own image.
    pub fn own(&mut self) -> Result<&Image, ImageError> {
        let own = match self.own.take() {
            Some(own) => own,
            None => {
                let payloads: Result<Vec<_>, _> =
                    self.platforms.iter().map(|&platform| self.search.find(platform)).collect();
                make(&own_name(), &payloads?, self.epoch)?
            }
        };
        Ok(self.own.insert(own))
    }
}

fn in_archive((path, images): &(PathBuf, Vec<Image>), wanted: &Wanted) -> Result<Image, ImageError> {
    let by = |name: &str| full_name(name).ok().and_then(|full| images.iter().find(|image| image.name == full));
    // An archive that was saved without a mirror, or without values, has the same images under other names.
    let own = || images.iter().find(|image| is_own(&wanted.name) && is_own(&image.name));
    let found = by(&wanted.name).or_else(|| by(&wanted.origin)).or_else(own);
    let found = found.filter(|image| pinned(&wanted.name).is_none_or(|digest| digest == image.top.digest));
    found.cloned().ok_or_else(|| ImageError::NotInArchive {
        path: path.clone(),
        name: wanted.name.clone(),
        present: images.iter().map(|image| image.name.as_str()).collect::<Vec<_>>().join(", "),
    })
}

/// The digest that a name carries.
fn pinned(name: &str) -> Option<String> {
    name.parse::<Reference>().ok()?.digest().map(str::to_owned)
}

/// Whether a name says where it is published; `chartwright:1` says nothing, and Docker Hub has none.
fn has_registry(name: &str) -> bool {
    !(name.starts_with(&format!("{NAME}:")) || name.starts_with(&format!("{NAME}@")))
}
