//! The login for an image out of a Secret of type `kubernetes.io/dockerconfigjson`.
//!
//! Keys of `auths` are read as Docker and the kubelet read them: `registry.example`, `https://registry.example/v1/`,
//! `registry.example/team`, `*.example`; the entry with the longest path wins.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chartwright_contract::control::{ImagePullSecret, Secret as Hidden};
use k8s_openapi::api::core::v1::Secret;
use serde::Deserialize;

/// The type a pull Secret must have.
pub const TYPE: &str = "kubernetes.io/dockerconfigjson";
/// The key that its content stands under.
const KEY: &str = ".dockerconfigjson";
/// What Docker Hub is called in `auths`.
const DOCKER_HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// Why a Secret gives no login.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Of another type.
    #[error("is of type `{0}`, and a pull Secret is of type `{TYPE}`")]
    Type(String),
    /// Without content.
    #[error("has no key `{KEY}`")]
    Empty,
    /// With content that is no such document. What it says is never shown.
    #[error("holds under `{KEY}` no JSON with `auths`")]
    Content,
    /// Without an entry.
    #[error("has no entry for {registry}")]
    NoEntry {
        /// The registry of the image.
        registry: String,
    },
    /// With an entry that nobody here can use.
    #[error("has an entry for {registry} without user and password; identity tokens and helpers work on the host only")]
    NoPassword {
        /// The registry of the image.
        registry: String,
    },
}

#[derive(Deserialize)]
struct Document {
    auths: std::collections::BTreeMap<String, Entry>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    username: String,
    password: String,
    auth: String,
}

/// The login for an image.
pub fn login(secret: &Secret, image: &str) -> Result<ImagePullSecret, Unusable> {
    let type_ = secret.type_.as_deref().unwrap_or("Opaque");
    if type_ != TYPE {
        return Err(Unusable::Type(type_.to_owned()));
    }
    let content = secret.data.as_ref().and_then(|data| data.get(KEY)).ok_or(Unusable::Empty)?;
    let document: Document = serde_json::from_slice(&content.0).map_err(|_| Unusable::Content)?;
    let (registry, path) = split(image);
    let matching = document.auths.iter().filter_map(|(key, entry)| Some((covers(key, registry, path)?, entry)));
    let Some((_, entry)) = matching.max_by_key(|(length, _)| *length) else {
        return Err(Unusable::NoEntry { registry: registry.to_owned() });
    };
    entry.login().ok_or_else(|| Unusable::NoPassword { registry: registry.to_owned() })
}

impl Entry {
    fn login(&self) -> Option<ImagePullSecret> {
        let (username, password) = if self.username.is_empty() {
            let text = String::from_utf8(STANDARD.decode(self.auth.trim()).ok()?).ok()?;
            let (username, password) = text.split_once(':')?;
            (username.to_owned(), password.to_owned())
        } else {
            (self.username.clone(), self.password.clone())
        };
        let complete = !username.is_empty() && !password.is_empty();
        complete.then(|| ImagePullSecret { username, password: Hidden::new(password) })
    }
}

/// Registry and path of an image; `web:1` is Docker Hub's `library/web`.
fn split(image: &str) -> (&str, &str) {
    match image.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
        _ => ("docker.io", image),
    }
}

/// Whether a key of `auths` is for that image, and how much of its path it names.
fn covers(key: &str, registry: &str, path: &str) -> Option<usize> {
    let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let (host, prefix) = bare.split_once('/').unwrap_or((bare, ""));
    // What Docker writes behind a host for the version of the registry's interface.
    let prefix = prefix.trim_end_matches('/');
    let prefix = if matches!(prefix, "v1" | "v2") { "" } else { prefix };
    let same = host.eq_ignore_ascii_case(registry)
        || (DOCKER_HUB.contains(&registry) && DOCKER_HUB.contains(&host))
        || wild(host, registry);
    let below = prefix.is_empty()
        || path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':', '@']));
    (same && below).then_some(prefix.len())
}

/// `*.example` for `registry.example`: a star stands for one part of the name.
fn wild(pattern: &str, host: &str) -> bool {
    let (left, right): (Vec<_>, Vec<_>) = (pattern.split('.').collect(), host.split('.').collect());
    pattern.contains('*')
        && left.len() == right.len()
        && left.iter().zip(&right).all(|(part, name)| *part == "*" || part.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use k8s_openapi::ByteString;

    use super::*;

    fn secret(type_: &str, content: &str) -> Secret {
        Secret {
            type_: Some(type_.into()),
            data: Some([(KEY.to_owned(), ByteString(content.as_bytes().to_vec()))].into()),
            ..Secret::default()
        }
    }

    fn user(auths: &str, image: &str) -> Result<String, String> {
        let secret = secret(TYPE, &format!(r#"{{"auths":{{{auths}}}}}"#));
        login(&secret, image).map(|login| login.username).map_err(|err| err.to_string())
    }

    #[test]
    fn keys_are_read_as_docker_and_the_kubelet_read_them() {
        let entry = |key: &str, user: &str| format!(r#""{key}":{{"username":"{user}","password":"p"}}"#);
        for key in ["registry.example", "https://registry.example/v1/", "registry.example/acme", "*.example"] {
            assert_eq!(user(&entry(key, "u"), "registry.example/acme/a:1.0.0").unwrap(), "u", "{key}");
        }
        for key in ["elsewhere.example", "registry.example/other", "registry.example/ac", "*.registry.example"] {
            let error = user(&entry(key, "u"), "registry.example/acme/a:1.0.0").unwrap_err();
            assert_eq!(error, "has no entry for registry.example", "{key}");
        }
        let both = [entry("registry.example", "all"), entry("registry.example/acme", "team")].join(",");
        assert_eq!(user(&both, "registry.example/acme/a").unwrap(), "team");
        assert_eq!(user(&entry("https://index.docker.io/v1/", "hub"), "web:1").unwrap(), "hub");
        assert_eq!(user(r#""r.example:5000":{"auth":"dTpw"}"#, "r.example:5000/a").unwrap(), "u");
    }

    #[test]
    fn what_does_not_help_says_why_and_shows_nothing() {
        let planted = r#"{"auths":{"registry.example":{"username":"u","password":"not-a-real-one"}}}"#;
        let opaque = login(&secret("Opaque", planted), "registry.example/a").unwrap_err();
        assert_eq!(opaque, Unusable::Type("Opaque".into()));
        assert_eq!(login(&secret(TYPE, "{ not-a-real-one"), "registry.example/a").unwrap_err(), Unusable::Content);
        let token = user(r#""registry.example":{"identitytoken":"t"}"#, "registry.example/a").unwrap_err();
        assert!(token.contains("without user and password"), "{token}");
        let login = login(&secret(TYPE, planted), "registry.example/a").unwrap();
        assert!(!format!("{login:?}").contains("not-a-real-one"));
    }
}
