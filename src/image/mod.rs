//! The image of this tool, and every other image that values need: built, listed, archived, pushed, loaded.
//!
//! Built without Docker and reproducible to the byte: one layer with the static binary for each platform, one index over
//! them, and a bill of materials that refers to it. An [`Image`] is the same thing wherever it comes from: made here
//! ([`make`]), found in a registry ([`fetch`](fetch::fetch)) or in an archive ([`archive::open`]).

pub mod archive;
pub mod collect;
mod elf;
pub mod error;
pub mod fetch;
pub mod gather;
pub mod inspect;
mod layer;
pub mod load;
mod lock;
mod make;
pub mod needs;
pub mod payload;
mod platform;
pub mod push;
mod sbom;
mod time;
pub mod wanted;

pub use elf::{Machine, check as check_elf};
pub use error::ImageError;
pub use make::{BINARY, NAME, USER, make, own_name};
pub use platform::Platform;
pub use sbom::sbom;

use crate::oci::{Blob, Descriptor, Manifest};

/// The media type of a bill of materials.
pub const SBOM_TYPE: &str = "application/spdx+json";

/// An image under its name, with everything it is made of.
#[derive(Clone, Debug)]
pub struct Image {
    /// Its full name, such as `docker.io/library/nats:2`.
    pub name: String,
    /// What the name stands for: an index, or a manifest alone.
    pub top: Descriptor,
    /// All manifests, each behind those it names.
    pub manifests: Vec<Manifest>,
    /// Configs and layers.
    pub blobs: Vec<Blob>,
    /// Manifests that refer to the image, such as its bill of materials; they are among `manifests`.
    pub attached: Vec<Descriptor>,
}

impl Image {
    /// One of its manifests.
    pub fn manifest(&self, digest: &str) -> Option<&Manifest> {
        self.manifests.iter().find(|manifest| manifest.descriptor.digest == digest)
    }

    /// One of its configs or layers.
    pub fn blob(&self, digest: &str) -> Option<&Blob> {
        self.blobs.iter().find(|blob| blob.descriptor.digest == digest)
    }

    /// How many bytes it has, compressed as they are.
    pub fn size(&self) -> u64 {
        let manifests = self.manifests.iter().map(|manifest| manifest.descriptor.size);
        manifests.chain(self.blobs.iter().map(|blob| blob.descriptor.size)).sum()
    }
}
