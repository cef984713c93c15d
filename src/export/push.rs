//! Pushes the chart to a registry.

use std::sync::Arc;

use super::Artifact;
use crate::oci::{Access, Error, Progress, Reference, Session};

/// What was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// `ghcr.io/acme/chartwright:0.1.0`.
    pub reference: String,
    /// The manifest's digest.
    pub digest: String,
}

/// Where a chart goes: `oci://host/path` and the chart's name, tagged with its version, as Helm does it.
pub fn chart_reference(target: &str, name: &str, tag: &str) -> Result<String, Error> {
    let place = target.strip_prefix("oci://").unwrap_or(target).trim_end_matches('/');
    let reference = format!("{place}/{name}:{tag}");
    if place.is_empty() || place.contains("://") || reference.parse::<Reference>().is_err() {
        return Err(Error::Reference(target.into()));
    }
    Ok(reference)
}

/// Pushes config, layer and manifest.
pub fn push(
    artifact: &Artifact,
    reference: &str,
    access: Access,
    progress: Arc<dyn Progress>,
) -> Result<Pushed, Error> {
    let to: Reference = reference.parse().map_err(|_| Error::Reference(reference.into()))?;
    let session = Session::new(access, progress)?;
    for blob in [&artifact.config, &artifact.layer] {
        session.push(&to, blob)?;
    }
    session.push_manifest(&to, &artifact.manifest)?;
    Ok(Pushed { reference: to.to_string(), digest: artifact.manifest.descriptor.digest.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::registry_of;

    #[test]
    fn the_chart_goes_below_its_name() {
        let reference = chart_reference("oci://ghcr.io/acme/", "chartwright", "0.1.0_5").unwrap();
        assert_eq!(reference, "ghcr.io/acme/chartwright:0.1.0_5");
        assert_eq!(registry_of(&reference).unwrap(), "ghcr.io");
        assert!(chart_reference("https://ghcr.io/acme", "chartwright", "1").is_err());
        assert!(chart_reference("oci://", "chartwright", "1").is_err());
    }
}
