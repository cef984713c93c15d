//! Images in registries: what they are made of, before a layer is pulled.

use super::{
    Image, ImageError,
    collect::{Keep, Parts, attach, collect},
};
use crate::oci::{Descriptor, Error, Manifest, Reference, Session, Source};

/// Finds an image, with its manifests; configs and layers stay where they are.
///
/// `name` is what it will be called, `from` where it is. A reference with a digest is taken whole: an index of fewer
/// platforms would have another digest.
pub fn fetch(session: &Session, name: &str, from: &str, keep: &Keep) -> Result<Image, ImageError> {
    let reference: Reference = from.parse().map_err(|_| Error::Reference(from.to_owned()))?;
    let top = session.manifest(&reference)?;
    let keep = if reference.digest().is_some() { &Keep::All } else { keep };
    collect(name, top, keep, &mut Remote { session, repository: reference })
}

/// The same with what the registry has attached to it.
pub fn fetch_attached(session: &Session, name: &str, from: &str) -> Result<Image, ImageError> {
    let mut image = fetch(session, name, from, &Keep::All)?;
    let reference: Reference = from.parse().map_err(|_| Error::Reference(from.to_owned()))?;
    let top = reference.clone_with_digest(image.top.digest.clone());
    let mut remote = Remote { session, repository: reference };
    for entry in session.referrers(&top)? {
        if let Some(descriptor) = Descriptor::read(&entry) {
            let manifest = remote.manifest(&descriptor)?;
            attach(&mut image, manifest, &mut remote)?;
        }
    }
    Ok(image)
}

struct Remote<'s> {
    session: &'s Session,
    repository: Reference,
}

impl Parts for Remote<'_> {
    fn manifest(&mut self, descriptor: &Descriptor) -> Result<Manifest, ImageError> {
        Ok(self.session.manifest(&self.repository.clone_with_digest(descriptor.digest.clone()))?)
    }

    fn source(&mut self, _: &Descriptor) -> Result<Source, ImageError> {
        Ok(Source::Registry(self.repository.clone()))
    }
}
