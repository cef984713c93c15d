//! Who we are at a registry: the request's login, else Docker's configuration and its helpers, else nobody.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{helper, reference::Image, secret::Secret};

/// A user at a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub username: String,
    /// The password or token.
    pub password: Secret,
}

impl Login {
    /// Operators send an empty login when the pull Secret has no entry for the registry: it is none.
    pub(super) fn is_empty(&self) -> bool {
        self.username.is_empty() && self.password.reveal().is_empty()
    }

    /// Tells logins apart without keeping them: whoever has another one must not get what this one pulled.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update((self.username.len() as u64).to_le_bytes());
        hasher.update(&self.username);
        hasher.update(self.password.reveal());
        hasher.finalize().into()
    }
}

/// Where credentials came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginSource {
    /// The request: the pull Secret of the workload.
    Request,
    /// Docker's configuration on this host.
    DockerConfig,
    /// The credential helper of this name.
    Helper(String),
}

impl fmt::Display for LoginSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request => f.write_str("the pull Secret"),
            Self::DockerConfig => f.write_str("this host's Docker configuration"),
            Self::Helper(name) => write!(f, "the credential helper `{name}`"),
        }
    }
}

/// What was found for a registry.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub login: Option<(Login, LoginSource)>,
    /// Why there is none where there should be one. It never stops a pull, since most images need none, but it is told
    /// when the registry then asks for credentials.
    pub problem: Option<String>,
}

/// Where logins of this host are.
#[derive(Clone, Debug, Default)]
pub(super) struct Logins {
    pub docker_config: Option<PathBuf>,
    /// Where helpers are searched instead of in `PATH`.
    pub helpers: Option<PathBuf>,
}

impl Logins {
    pub(super) async fn find(&self, image: &Image, given: Option<&Login>) -> Found {
        if let Some(login) = given.filter(|login| !login.is_empty()) {
            return Found { login: Some((login.clone(), LoginSource::Request)), problem: None };
        }
        let mut found = self.configured(image).await;
        if found.login.is_none() && given.is_some() {
            found.problem = Some(format!("the pull Secret came without an entry for {}", image.registry));
        }
        if let Some(problem) = &found.problem {
            tracing::warn!(registry = image.registry, problem, "no login for a registry");
        }
        found
    }

    async fn configured(&self, image: &Image) -> Found {
        let Some(path) = self.docker_config.clone() else { return Found::default() };
        let config = match tokio::task::spawn_blocking(move || read(&path)).await {
            Ok(Ok(Some(config))) => config,
            Ok(Ok(None)) => return Found::default(),
            Ok(Err(problem)) => return Found { login: None, problem: Some(problem) },
            Err(error) => return Found { login: None, problem: Some(error.to_string()) },
        };
        let mut problem = None;
        if let Some(name) = helper_of(&config, &image.registry) {
            match helper::ask(&name, self.helpers.as_deref(), server(&image.registry)).await {
                Ok(Some(login)) => return Found { login: Some((login, LoginSource::Helper(name))), problem: None },
                Ok(None) => {}
                Err(said) => problem = Some(format!("`docker-credential-{name}` {said}")),
            }
        }
        match entry(&config, image) {
            Ok(login) => Found { login: login.map(|login| (login, LoginSource::DockerConfig)), problem },
            Err(said) => Found { login: None, problem: Some(said) },
        }
    }
}

/// Reads the file at every pull: Secrets that are mounted change. A missing file is no problem.
fn read(path: &Path) -> Result<Option<Value>, String> {
    let text = match fs_err::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    // The parser's own words could repeat what it could not parse.
    let position = |error: &serde_json::Error| format!("line {}, column {}", error.line(), error.column());
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| format!("{} is not JSON at {}", path.display(), position(&error)))
}

/// A registry's own helper, else the one for all.
fn helper_of(config: &Value, registry: &str) -> Option<String> {
    let name = config["credHelpers"][registry].as_str().or_else(|| config["credsStore"].as_str())?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// What Docker calls a registry when it asks a helper.
fn server(registry: &str) -> &str {
    if is_default(registry) { DEFAULT_SERVER } else { registry }
}

/// The name that Docker's own files have for the default registry.
const DEFAULT_SERVER: &str = "https://index.docker.io/v1/";

fn is_default(registry: &str) -> bool {
    matches!(registry, "docker.io" | "index.docker.io")
}

/// The entry of `auths` for an image: the longest path that begins the image's (as the kubelet does it), then any of
/// the same host (as Docker does it).
fn entry(config: &Value, image: &Image) -> Result<Option<Login>, String> {
    let Some(auths) = config["auths"].as_object() else { return Ok(None) };
    let mut best: Option<(usize, &str, &Value)> = None;
    for (key, value) in auths {
        let Some(rank) = rank(key, image) else { continue };
        let says_something = ["auth", "password", "identitytoken"]
            .iter()
            .any(|field| value[field].as_str().is_some_and(|text| !text.is_empty()));
        if says_something && best.is_none_or(|(before, ..)| rank > before) {
            best = Some((rank, key, value));
        }
    }
    best.map(|(_, key, value)| login_of(key, value)).transpose()
}

/// How well a key fits; none when it does not.
fn rank(key: &str, image: &Image) -> Option<usize> {
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let (host, path) = key.split_once('/').unwrap_or((key, ""));
    let same = host.eq_ignore_ascii_case(&image.registry) || (is_default(host) && is_default(&image.registry));
    let path = path.trim_end_matches('/');
    let inside = image.repository.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    match path {
        _ if !same => None,
        "" | "v1" | "v2" => Some(1),
        _ if inside => Some(1 + path.len()),
        _ => Some(0),
    }
}

fn login_of(key: &str, entry: &Value) -> Result<Login, String> {
    if let Some(encoded) = entry["auth"].as_str().filter(|encoded| !encoded.is_empty()) {
        let plain = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let plain = plain.ok_or_else(|| format!("the `auth` of {key} is not base64"))?;
        let (user, password) = plain.split_once(':').ok_or_else(|| format!("the `auth` of {key} has no `:`"))?;
        if !password.is_empty() {
            return Ok(Login { username: user.into(), password: Secret::new(password.trim_end_matches('\0')) });
        }
    }
    match (entry["username"].as_str(), entry["password"].as_str()) {
        (Some(user), Some(password)) => Ok(Login { username: user.into(), password: Secret::new(password) }),
        _ => Err(format!("the entry of {key} has no password (identity tokens are not supported)")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(config: &str, reference: &str) -> Option<String> {
        let image = Image::parse(reference).unwrap();
        entry(&serde_json::from_str(config).unwrap(), &image).unwrap().map(|login| login.username)
    }

    #[test]
    fn keys_match_as_docker_and_the_kubelet_do() {
        let entry = |key: &str| format!(r#"{{"auths": {{"{key}": {{"username": "u", "password": "p"}}}}}}"#);
        for key in
            ["registry.example", "https://registry.example/v1/", "registry.example/acme", "http://registry.example"]
        {
            assert_eq!(user(&entry(key), "registry.example/acme/web:1").as_deref(), Some("u"), "{key}");
        }
        for key in ["registry.example:5000", "example", "sub.registry.example", "registry.example.org"] {
            assert_eq!(user(&entry(key), "registry.example/acme/web:1"), None, "{key}");
        }
        assert_eq!(user(&entry(DEFAULT_SERVER), "web:1").as_deref(), Some("u"));
    }

    #[test]
    fn the_longest_path_wins() {
        let config = r#"{"auths": {
            "registry.example": {"username": "all", "password": "p"},
            "registry.example/acme": {"username": "acme", "password": "p"},
            "registry.example/other": {"username": "other", "password": "p"}}}"#;
        assert_eq!(user(config, "registry.example/acme/web:1").as_deref(), Some("acme"));
        assert_eq!(user(config, "registry.example/acmeweb:1").as_deref(), Some("all"));
    }

    #[test]
    fn an_entry_that_cannot_be_used_says_why_without_its_content() {
        let image = Image::parse("registry.example/a:1").unwrap();
        for (content, words) in [
            (r#"{"auth": "MARKER!"}"#, "not base64"),
            (r#"{"auth": "TUFSS0VS"}"#, "has no `:`"),
            (r#"{"identitytoken": "MARKER"}"#, "identity tokens"),
        ] {
            let config = format!(r#"{{"auths": {{"registry.example": {content}}}}}"#);
            let said = entry(&serde_json::from_str(&config).unwrap(), &image).unwrap_err();
            assert!(said.contains(words) && !said.contains("MARKER"), "{said}");
        }
        let helper_wrote = serde_json::from_str(r#"{"auths": {"registry.example": {}}}"#).unwrap();
        assert_eq!(entry(&helper_wrote, &image), Ok(None), "Docker leaves empty entries beside a helper");
    }

    #[test]
    fn a_registrys_own_helper_goes_before_the_one_for_all() {
        let config =
            serde_json::from_str(r#"{"credsStore": "all", "credHelpers": {"registry.example": "own"}}"#).unwrap();
        assert_eq!(helper_of(&config, "registry.example").as_deref(), Some("own"));
        assert_eq!(helper_of(&config, "elsewhere.example").as_deref(), Some("all"));
    }
}
