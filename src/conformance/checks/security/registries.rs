//! Where images come from: a release that is installed from a mirror pulls nothing from elsewhere.

use std::collections::BTreeSet;

use crate::conformance::check::{Outcome, Stop, hold};
use crate::conformance::scene::Snapshot;

/// Registries that anybody pulls from, with the names they have besides.
const PUBLIC: [&str; 10] = [
    "docker.io",
    "gcr.io",
    "ghcr.io",
    "index.docker.io",
    "mcr.microsoft.com",
    "public.ecr.aws",
    "quay.io",
    "registry-1.docker.io",
    "registry.gitlab.com",
    "registry.k8s.io",
];

/// The registry of an image, as runtimes read it: without a dot, a port or `localhost` the first part is a name of Docker's.
fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => "docker.io",
    }
}

pub(super) fn mirrored(snapshot: &Snapshot) -> Outcome {
    let mut registries = BTreeSet::new();
    let mut strangers = Vec::new();
    for (at, _, container) in super::pods::containers(snapshot) {
        let image = container.image.as_deref().unwrap_or_default();
        let registry = registry(image);
        registries.insert(registry);
        if PUBLIC.contains(&registry) {
            strangers.push(format!("{at} runs {image}"));
        }
    }
    let from = registries.into_iter().collect::<Vec<_>>().join(", ");
    let main = |part| snapshot.main(part).and_then(|container| container.image.as_deref()).map(registry);
    // A host of one's own making alone makes no mirror.
    let public = ["operator", "host"].into_iter().filter_map(main).find(|registry| PUBLIC.contains(registry));
    if let Some(public) = public {
        return Err(Stop::skipped(format!("operator or hosts come from {public}: nothing is mirrored")));
    }
    hold!(strangers.is_empty(), "{}", strangers.join(", "));
    Ok(format!("all images come from {from}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_of_an_image_is_that_of_runtimes() {
        for (image, wanted) in [
            ("nats:2", "docker.io"),
            ("library/nats:2", "docker.io"),
            ("ghcr.io/a/b@sha256:1", "ghcr.io"),
            ("mirror:5000/nats:2", "mirror:5000"),
            ("localhost/nats", "localhost"),
        ] {
            assert_eq!(registry(image), wanted, "{image}");
        }
    }
}
