//! Who we are at a registry: what `docker login` and `helm registry login` left behind.

use std::{
    fmt,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

/// A password; it cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Keeps a password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The password itself, for the one place that sends it.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// A user at a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password or token.
    pub password: Password,
}

/// Why a login could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// The file is not what `docker login` writes.
    #[error("{path}: {problem}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A credential helper failed.
    #[error("`docker-credential-{helper}` failed for {registry}: {problem}")]
    Helper {
        /// The helper's short name.
        helper: String,
        /// The registry asked for.
        registry: String,
        /// What happened.
        problem: String,
    },
}

/// The files that may hold a login, in the order they are asked: Docker's, then Helm's.
///
/// `variable` reads the environment.
pub fn login_files(variable: impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let home = variable("HOME").map(PathBuf::from);
    let docker =
        variable("DOCKER_CONFIG").map(PathBuf::from).or_else(|| home.as_ref().map(|home| home.join(".docker")));
    let helm = variable("HELM_REGISTRY_CONFIG")
        .map(PathBuf::from)
        .or_else(|| variable("HELM_CONFIG_HOME").map(|folder| Path::new(&folder).join("registry/config.json")))
        .or_else(|| variable("XDG_CONFIG_HOME").map(|folder| Path::new(&folder).join("helm/registry/config.json")))
        .or_else(|| home.map(|home| home.join(".config/helm/registry/config.json")));
    docker.map(|folder| folder.join("config.json")).into_iter().chain(helm).collect()
}

/// The login for a registry (`ghcr.io`, `localhost:5000`) from the first file that has one; missing files are skipped.
pub fn find_login(registry: &str, files: &[PathBuf]) -> Result<Option<Login>, LoginError> {
    for path in files {
        let text = match fs_err::read_to_string(path) {
            Ok(text) => text,
            Err(err) if err.kind() == io::ErrorKind::NotFound => continue,
            Err(err) => return Err(err.into()),
        };
        let content = |problem: &str| LoginError::Content { path: path.clone(), problem: problem.into() };
        let config: Value = serde_json::from_str(&text).map_err(|err| content(&err.to_string()))?;
        let helper = config["credHelpers"][registry].as_str().or_else(|| config["credsStore"].as_str());
        if let Some(helper) = helper
            && let Some(login) = ask(helper, registry)?
        {
            return Ok(Some(login));
        }
        for key in keys(registry) {
            let entry = &config["auths"][&key];
            if let Some(encoded) = entry["auth"].as_str().filter(|encoded| !encoded.is_empty()) {
                let plain = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                let plain = plain.ok_or_else(|| content(&format!("the `auth` of {key} is not base64")))?;
                let (user, password) =
                    plain.split_once(':').ok_or_else(|| content(&format!("the `auth` of {key} has no `:`")))?;
                return Ok(Some(Login { user: user.into(), password: Password::new(password) }));
            }
            if let (Some(user), Some(password)) = (entry["username"].as_str(), entry["password"].as_str()) {
                return Ok(Some(Login { user: user.into(), password: Password::new(password) }));
            }
        }
    }
    Ok(None)
}

/// How a registry may be called in the file.
fn keys(registry: &str) -> Vec<String> {
    let mut keys = vec![registry.to_owned(), format!("https://{registry}"), format!("https://{registry}/")];
    if matches!(registry, "docker.io" | "index.docker.io" | "registry-1.docker.io") {
        keys.extend(["https://index.docker.io/v1/".to_owned(), "docker.io".to_owned()]);
    }
    keys
}

/// Asks a credential helper; none when it knows no login for the registry.
fn ask(helper: &str, registry: &str) -> Result<Option<Login>, LoginError> {
    let failed = |problem: String| LoginError::Helper { helper: helper.into(), registry: registry.into(), problem };
    let name_is_plain = helper.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if !name_is_plain {
        return Err(failed("this is no name of a helper".into()));
    }
    let mut child = Command::new(format!("docker-credential-{helper}"))
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|err| failed(err.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(registry.as_bytes()).map_err(|err| failed(err.to_string()))?;
    }
    let output = child.wait_with_output().map_err(|err| failed(err.to_string()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        // The protocol's only word for "I have none".
        return if said.contains("not found") { Ok(None) } else { Err(failed(said.trim().into())) };
    }
    let answer: Value = serde_json::from_str(&said).map_err(|_| failed("its answer is no JSON".into()))?;
    match (answer["Username"].as_str(), answer["Secret"].as_str()) {
        (Some(user), Some(secret)) => Ok(Some(Login { user: user.into(), password: Password::new(secret) })),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_docker_login_writes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        let config =
            r#"{"auths": {"ghcr.io": {"auth": "dXNlcjpzZWM6cmV0"}, "https://index.docker.io/v1/": {"auth": "YTpi"}}}"#;
        fs_err::write(&file, config).unwrap();
        let files = [folder.path().join("missing.json"), file];
        let login = find_login("ghcr.io", &files).unwrap().unwrap();
        assert_eq!((login.user.as_str(), login.password.reveal()), ("user", "sec:ret"));
        assert_eq!(format!("{login:?}"), "Login { user: \"user\", password: <redacted> }");
        assert_eq!(find_login("docker.io", &files).unwrap().unwrap().user, "a");
        assert_eq!(find_login("quay.io", &files).unwrap(), None);
    }

    #[test]
    fn looks_where_docker_and_helm_keep_logins() {
        let files = login_files(|name| (name == "HOME").then(|| "/home/u".to_owned()));
        let expected = ["/home/u/.docker/config.json", "/home/u/.config/helm/registry/config.json"];
        assert_eq!(files, expected.map(PathBuf::from));
        let files = login_files(|name| (name == "DOCKER_CONFIG").then(|| "/d".to_owned()));
        assert_eq!(files, [PathBuf::from("/d/config.json")]);
    }
}
