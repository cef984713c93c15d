//! References: where a component is.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::errors::Cause;

/// A parsed reference. A digest wins over a tag: with both, the tag is not part of it any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Image {
    /// The registry as people write it, `registry.example:5000`.
    pub registry: String,
    /// Where its API is; differs for the default registry only.
    pub host: String,
    /// `acme/web`.
    pub repository: String,
    /// What in it.
    pub version: Version,
}

/// Which version of a repository's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// May move.
    Tag(String),
    /// The manifest's digest.
    Digest(String),
}

impl Image {
    pub(super) fn parse(text: &str) -> Result<Self, Cause> {
        if text.contains("://") {
            return Err(Cause::Reference("it begins with a scheme".into()));
        }
        let parsed: oci_client::Reference =
            text.parse().map_err(|error: oci_client::ParseError| Cause::Reference(error.to_string()))?;
        let version = match (parsed.digest(), parsed.tag()) {
            (Some(digest), _) if is_digest(digest) => Version::Digest(digest.to_owned()),
            (Some(_), _) => return Err(Cause::Reference("its digest is not sha256 in lower case".into())),
            (None, tag) => Version::Tag(tag.unwrap_or("latest").to_owned()),
        };
        Ok(Self {
            registry: parsed.registry().to_owned(),
            host: parsed.resolve_registry().to_owned(),
            repository: parsed.repository().to_owned(),
            version,
        })
    }

    /// The digest, if this is a reference by digest.
    pub(super) fn digest(&self) -> Option<&str> {
        match &self.version {
            Version::Digest(digest) => Some(digest),
            Version::Tag(_) => None,
        }
    }

    /// The same repository by digest.
    pub(super) fn at(&self, digest: &str) -> Self {
        Self { version: Version::Digest(digest.to_owned()), ..self.clone() }
    }

    /// The last part of a manifest's path.
    pub(super) fn version(&self) -> &str {
        match &self.version {
            Version::Tag(text) | Version::Digest(text) => text,
        }
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.digest().is_some() { '@' } else { ':' };
        write!(f, "{}/{}{separator}{}", self.registry, self.repository, self.version())
    }
}

/// Whether a text is a digest as we use them. Digests become names of files: nothing else may pass.
pub(super) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
    })
}

/// The digest of bytes.
pub(crate) fn digest_of(bytes: &[u8]) -> String {
    finish(Sha256::new_with_prefix(bytes))
}

/// The digest of what a hasher has seen.
pub(super) fn finish(hasher: Sha256) -> String {
    let mut text = String::from("sha256:");
    for byte in hasher.finalize() {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// A reference nobody could parse, as it may be shown: who puts a password before an `@` must not find it in a log.
pub(super) fn shown(text: &str) -> String {
    let (name, digest) = match text.rfind("@sha256:") {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let name = name.rsplit_once('@').map_or_else(|| name.to_owned(), |(_, rest)| format!("***@{rest}"));
    let shown: String = name.chars().chain(digest.chars()).take(400).collect();
    shown.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_wins_over_a_tag() {
        let digest = digest_of(b"x");
        let image = Image::parse(&format!("registry.example:5000/acme/web:1@{digest}")).unwrap();
        assert_eq!(image.digest(), Some(digest.as_str()));
        assert_eq!(image.to_string(), format!("registry.example:5000/acme/web@{digest}"));
        assert_eq!(Image::parse("registry.example/acme/web").unwrap().to_string(), "registry.example/acme/web:latest");
        assert_eq!(Image::parse("web:1").unwrap().to_string(), "docker.io/library/web:1");
    }

    #[test]
    fn what_is_no_reference_is_told() {
        let upper = digest_of(b"x").to_uppercase().replace("SHA256", "sha256");
        for text in ["", "oci://registry.example/a:1", "registry.example/A:1", "registry.example/a@sha256:12"] {
            assert!(matches!(Image::parse(text), Err(Cause::Reference(_))), "{text}");
        }
        assert!(Image::parse(&format!("registry.example/a@{upper}")).is_err());
        assert!(Image::parse(&format!("registry.example/a@sha512:{}", "0".repeat(128))).is_err());
    }

    #[test]
    fn a_password_in_a_reference_is_not_shown() {
        assert_eq!(shown("user:pw@registry.example/a:1"), "***@registry.example/a:1");
        assert_eq!(shown("https://user:p@w@registry.example/a:1"), "***@registry.example/a:1");
        assert_eq!(shown("u:pw@registry.example/a@sha256:12"), "***@registry.example/a@sha256:12");
        assert_eq!(shown("registry.example/A\n@sha256:12"), "registry.example/A\\n@sha256:12");
    }

    #[test]
    fn digests_are_safe_as_names_of_files() {
        assert!(is_digest(&digest_of(b"")));
        assert!(!is_digest("sha256:../../etc/passwd"));
        assert!(!is_digest(&format!("sha256:{}", "g".repeat(64))));
    }
}
