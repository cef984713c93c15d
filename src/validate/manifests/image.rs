//! References of images: where they come from, whether they move, and which entry of a Docker configuration fits.

/// Words of tags that are pushed again and again.
const MOVING: [&str; 19] = [
    "canary",
    "current",
    "dev",
    "develop",
    "development",
    "edge",
    "head",
    "latest",
    "main",
    "master",
    "next",
    "nightly",
    "preview",
    "prod",
    "production",
    "snapshot",
    "stable",
    "staging",
    "trunk",
];

/// What Docker Hub is called in references and configurations.
const DOCKER_HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// The parts of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    /// Host and port.
    pub(super) registry: &'a str,
    /// What stands between registry and tag.
    pub(super) repository: &'a str,
    pub(super) tag: Option<&'a str>,
    /// Whether it names a digest: then nothing can move.
    pub(super) pinned: bool,
}

impl<'a> Reference<'a> {
    pub(super) fn parse(image: &'a str) -> Self {
        let (rest, pinned) = image.split_once('@').map_or((image, false), |(rest, _)| (rest, true));
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        let (registry, repository) = match name.split_once('/') {
            Some((first, path)) if first.contains(['.', ':']) || first == "localhost" => (first, path),
            _ => (DOCKER_HUB[0], name),
        };
        Self { registry, repository, tag, pinned }
    }

    /// Whether its tag will probably be pushed again with other content.
    pub(super) fn moves(&self) -> bool {
        !self.pinned && self.tag.is_none_or(is_moving)
    }

    /// Whether an entry of a Docker configuration is for this registry, by the rule of Docker or of the kubelet.
    pub(super) fn fits(&self, entry: &str) -> bool {
        let entry = entry.trim_start_matches("https://").trim_start_matches("http://");
        let (host, path) = entry.split_once('/').unwrap_or((entry, ""));
        if DOCKER_HUB.contains(&self.registry) && DOCKER_HUB.contains(&host) || host == self.registry {
            // Docker looks no further than the host.
            return true;
        }
        let path = path.trim_end_matches('/');
        let path = if matches!(path, "v1" | "v2") { "" } else { path };
        let below = self
            .repository
            .strip_prefix(path)
            .is_some_and(|rest| path.is_empty() || rest.is_empty() || rest.starts_with('/'));
        below && host_fits(host, self.registry)
    }
}

/// The kubelet's rule: the same port, and as many labels, in each of which `*` is any text.
fn host_fits(pattern: &str, host: &str) -> bool {
    fn split(text: &str) -> (&str, &str) {
        text.split_once(':').unwrap_or((text, ""))
    }
    let ((pattern, port), (host, wanted)) = (split(pattern), split(host));
    let (patterns, labels): (Vec<_>, Vec<_>) = (pattern.split('.').collect(), host.split('.').collect());
    port == wanted
        && patterns.len() == labels.len()
        && patterns.iter().zip(&labels).all(|(pattern, label)| match pattern.split_once('*') {
            Some((start, end)) => {
                label.len() >= start.len() + end.len() && label.starts_with(start) && label.ends_with(end)
            }
            None => pattern == label,
        })
}

fn is_moving(tag: &str) -> bool {
    let words: Vec<&str> = tag.split(['-', '_', '.', '+']).collect();
    let number = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    // A commit, a date or a number of a build says which content is meant.
    let fixed = |word: &&str| {
        let hex = word.bytes().all(|b| b.is_ascii_hexdigit()) && word.bytes().any(|b| b.is_ascii_digit());
        word.len() >= 7 && hex || word.len() >= 5 && number(word)
    };
    let version = tag.trim_start_matches('v').split_once('.').is_some_and(|(major, _)| number(major));
    if version || words.iter().any(fixed) {
        return false;
    }
    let moving = |word: &&str| MOVING.contains(&word.to_ascii_lowercase().as_str());
    number(tag.trim_start_matches('v')) || !tag.bytes().any(|b| b.is_ascii_digit()) || words.iter().any(moving)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_a_registry_even_when_it_names_none() {
        let parts = |image| {
            let Reference { registry, repository, tag, pinned } = Reference::parse(image);
            (registry, repository, tag, pinned)
        };
        assert_eq!(parts("registry.example/acme/a:1.0.0"), ("registry.example", "acme/a", Some("1.0.0"), false));
        assert_eq!(parts("localhost:5000/a"), ("localhost:5000", "a", None, false));
        assert_eq!(parts("acme/a@sha256:0"), ("docker.io", "acme/a", None, true));
    }

    #[test]
    fn names_of_branches_and_single_numbers_move() {
        let moving = ["a", "a:dev", "a:latest", "a:v2-canary", "a:1", "a:main", "a:feature"];
        let fixed =
            ["a:1.0", "a:v1.2.3-dev", "a:main-3f2a91c", "a:20161216", "a:build-17", "a@sha256:0", "a:dev@sha256:0"];
        assert!(moving.iter().all(|image| Reference::parse(image).moves()), "{moving:?}");
        assert!(!fixed.iter().any(|image| Reference::parse(image).moves()), "{fixed:?}");
    }

    #[test]
    fn entries_fit_as_docker_and_the_kubelet_say() {
        let fits = |entry, image| Reference::parse(image).fits(entry);
        for entry in ["registry.example", "https://registry.example/v1/", "registry.example/acme", "*.example"] {
            assert!(fits(entry, "registry.example/acme/a:1"), "{entry}");
        }
        for entry in
            ["elsewhere.example", "example", "registry.example:5000", "*.*.example", "*.example/other", "*.example/acm"]
        {
            assert!(!fits(entry, "registry.example/acme/a:1"), "{entry}");
        }
        assert!(fits("registry.example:5000", "registry.example:5000/a:1"));
        assert!(fits("https://index.docker.io/v1/", "acme/a:1"));
    }
}
