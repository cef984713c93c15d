//! The same templates as a genuine Helm chart: folder, package, OCI artifact.

mod bundle;
mod chart;
mod crds;
mod oci;
mod package;
mod push;
mod translate;

use std::{io, path::Path};

pub use bundle::{BundleError, bundle};
pub use chart::{ChartFiles, Contents, KUBE_VERSION, chart, chart_of};
pub use crds::{crd_files, crds};
pub use oci::{Artifact, CONFIG_TYPE, CONTENT_TYPE, artifact, write_layout};
pub use package::{package, package_name};
pub use push::{Pushed, chart_reference, push};
pub use translate::{translate, translate_untrusted};

/// The oldest Kubernetes, as [`KUBE_VERSION`] says it: major and minor.
pub const OLDEST_KUBERNETES: (u64, u64) = (1, 29);

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

/// Writes the chart's files below a folder, which is made if it is missing.
pub fn write_folder(chart: &ChartFiles, folder: &Path) -> io::Result<()> {
    for file in &chart.files {
        let path = folder.join(&file.path);
        if let Some(parent) = path.parent() {
            fs_err::create_dir_all(parent)?;
        }
        fs_err::write(&path, &file.content)?;
    }
    Ok(())
}
