//! OCI, as far as charts and images share it: digests, blobs, logins, and registries.
//!
//! The one room that touches a registry. It knows neither charts nor images.

mod content;
mod error;
mod login;
mod progress;
mod reference;
mod session;

use std::fmt::Write as _;

pub use content::{Blob, Content, Descriptor, Source, copy};
pub use error::Error;
pub use login::{Login, LoginError, Password, find_login, login_files};
pub use oci_client::Reference;
pub use progress::{Progress, Quiet};
pub use reference::{full_name, is_loopback, registry_of};
pub use session::{Access, Logins, Manifest, Session};
use sha2::{Digest as _, Sha256};

/// The media type of a manifest.
pub const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of an index: the manifests of several platforms.
pub const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";
/// Docker's names for the same two.
pub const DOCKER_TYPES: [&str; 2] = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// What every time in an archive is, in seconds since 1970: `SOURCE_DATE_EPOCH`, or 0.
///
/// The caller reads the environment; a text that is no number is his to refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epoch(pub u64);

/// `sha256:…` of some bytes.
pub fn digest(bytes: &[u8]) -> String {
    written(Sha256::digest(bytes).as_ref())
}

/// A finished sum as a digest is written.
pub fn written(sum: &[u8]) -> String {
    sum.iter().fold(String::from("sha256:"), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
