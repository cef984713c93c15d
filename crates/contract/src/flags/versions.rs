//! The versions that are known to exist.

use super::Implementation;

/// Upstream's releases; operator, host, chart and CRDs share the number.
// 2.8 and 2.9 may have had patch releases that nobody we know of runs.
const WASMCLOUD: &[&str] = &[
    "2.0.0", "2.0.1", "2.0.2", "2.0.3", "2.0.4", "2.0.5", "2.0.6", "2.0.7", "2.1.0", "2.2.0", "2.2.1", "2.3.0",
    "2.4.0", "2.5.0", "2.5.1", "2.5.2", "2.6.0", "2.6.1", "2.7.0", "2.8.0", "2.9.0", "2.10.0", "2.10.1", "2.10.2",
    "2.10.3",
];

/// The first version of ours, and so far the only one.
pub(super) const FIRST: &str = "0.1.0";

/// The known versions, oldest first.
pub fn versions(implementation: Implementation) -> &'static [&'static str] {
    match implementation {
        Implementation::Chartwright => &[FIRST],
        Implementation::Wasmcloud => WASMCLOUD,
    }
}

/// The newest known version.
pub fn newest(implementation: Implementation) -> semver::Version {
    versions(implementation)
        .iter()
        .filter_map(|text| semver::Version::parse(text).ok())
        .max()
        .unwrap_or(semver::Version::new(0, 0, 0))
}
