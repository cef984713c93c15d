//! The same templates as a genuine Helm chart: folder, package, OCI artifact.

mod translate;

pub use translate::{translate, translate_untrusted};

/// A file of the chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Below the chart's folder, with `/`.
    pub path: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

impl File {
    /// A file of text.
    pub fn text(path: impl Into<String>, text: &str) -> Self {
        Self { path: path.into(), content: text.as_bytes().to_vec() }
    }
}
