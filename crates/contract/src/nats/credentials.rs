//! Who we are, as the files say it.

use std::path::{Path, PathBuf};

use async_nats::{Auth, AuthError};
use nkeys::KeyPair;

use super::{FileProblem, NatsOptions};

/// Which files say who we are.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// None: anonymous, or the client certificate says it.
    Nobody,
    Creds(Named),
    Nkey(Named),
    UserPassword(Named, Named),
    Token(Named),
}

/// A file and the flag that named it.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) flag: String,
    pub(super) path: PathBuf,
}

/// What the files said. No debug output, on purpose.
pub(super) enum Credentials {
    Nobody,
    Creds { jwt: String, key: KeyPair },
    Nkey(KeyPair),
    UserPassword { user: String, password: String },
    Token(String),
}

impl Named {
    pub(super) fn new(options: &NatsOptions, suffix: &str, path: &Path) -> Self {
        Self { flag: options.flag(suffix), path: path.to_owned() }
    }

    pub(super) fn problem(&self, what: impl Into<String>) -> FileProblem {
        FileProblem::new(&self.flag, &self.path, what)
    }

    /// The whole file.
    pub(super) fn read(&self) -> Result<Vec<u8>, FileProblem> {
        // The kind alone: the problem names the file already.
        fs_err::read(&self.path).map_err(|error| self.problem(format!("cannot be read: {}", error.kind())))
    }

    /// The file as text.
    fn text(&self) -> Result<String, FileProblem> {
        String::from_utf8(self.read()?).map_err(|_| self.problem("is not text"))
    }

    /// The file as one value. Line ends after it are an editor's habit and not meant.
    fn value(&self) -> Result<String, FileProblem> {
        let mut text = self.text()?;
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
        if text.is_empty() { Err(self.problem("is empty")) } else { Ok(text) }
    }
}

impl Source {
    /// From options that were checked.
    pub(super) fn new(options: &NatsOptions) -> Self {
        let named = |suffix: &str, path: &PathBuf| Named::new(options, suffix, path);
        if let Some(path) = &options.creds {
            Self::Creds(named("creds", path))
        } else if let Some(path) = &options.nkey {
            Self::Nkey(named("nkey", path))
        } else if let Some(path) = &options.token_file {
            Self::Token(named("token-file", path))
        } else if let (Some(user), Some(password)) = (&options.user_file, &options.password_file) {
            Self::UserPassword(named("user-file", user), named("password-file", password))
        } else {
            Self::Nobody
        }
    }

    pub(super) fn read(&self) -> Result<Credentials, FileProblem> {
        Ok(match self {
            Self::Nobody => Credentials::Nobody,
            Self::Creds(file) => {
                let text = file.text()?;
                let jwt = block(&text, "USER JWT").ok_or_else(|| file.problem("holds no user JWT"))?;
                let seed = block(&text, "NKEY SEED").ok_or_else(|| file.problem("holds no seed of an nkey"))?;
                Credentials::Creds { jwt: jwt.to_owned(), key: key(file, seed)? }
            }
            Self::Nkey(file) => {
                let text = file.text()?;
                Credentials::Nkey(key(file, block(&text, "NKEY SEED").unwrap_or(text.trim()))?)
            }
            Self::UserPassword(user, password) => {
                Credentials::UserPassword { user: user.value()?, password: password.value()? }
            }
            Self::Token(file) => Credentials::Token(file.value()?),
        })
    }
}

impl Credentials {
    /// What to tell a server that said this nonce.
    pub(super) fn answer(&self, nonce: &[u8]) -> Result<Auth, AuthError> {
        let mut auth = Auth::new();
        let sign = |key: &KeyPair| key.sign(nonce).map_err(|_| AuthError::new("the seed cannot sign"));
        match self {
            Self::Nobody => {}
            Self::Creds { jwt, key } => {
                auth.jwt = Some(jwt.clone());
                auth.signature = Some(sign(key)?);
            }
            Self::Nkey(key) => {
                auth.nkey = Some(key.public_key());
                auth.signature = Some(sign(key)?);
            }
            Self::UserPassword { user, password } => {
                auth.username = Some(user.clone());
                auth.password = Some(password.clone());
            }
            Self::Token(token) => auth.token = Some(token.clone()),
        }
        Ok(auth)
    }
}

/// The line after `-----BEGIN … kind-----`.
fn block<'a>(text: &'a str, kind: &str) -> Option<&'a str> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| line.starts_with("---") && line.contains("BEGIN") && line.contains(kind))?;
    lines.find(|line| !line.is_empty()).filter(|line| !line.starts_with("---"))
}

fn key(file: &Named, seed: &str) -> Result<KeyPair, FileProblem> {
    KeyPair::from_seed(seed).map_err(|_| file.problem("holds no seed of an nkey"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &str) -> (tempfile::TempDir, Named) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs_err::write(&path, content).unwrap();
        (folder, Named { flag: "nats-creds".to_owned(), path })
    }

    #[test]
    fn a_credentials_file_is_read_however_its_lines_end() {
        let seed = KeyPair::new_user().seed().unwrap();
        for end in ["\n", "\r\n"] {
            let text = [
                "-----BEGIN NATS USER JWT-----",
                "eyJ0eXAi.planted.sig",
                "------END NATS USER JWT------",
                "",
                "-----BEGIN USER NKEY SEED-----",
                &seed,
                "------END USER NKEY SEED------",
            ]
            .join(end);
            let (_folder, named) = file(&text);
            let auth = Source::Creds(named).read().ok().unwrap().answer(b"nonce").unwrap();
            assert_eq!(auth.jwt.as_deref(), Some("eyJ0eXAi.planted.sig"));
            assert!(auth.signature.is_some() && auth.nkey.is_none());
        }
    }

    #[test]
    fn a_broken_file_is_named_and_not_quoted() {
        for content in [
            "planted",
            "-----BEGIN NATS USER JWT-----\nplanted\n------END NATS USER JWT------\n",
            "-----BEGIN NATS USER JWT-----\nplanted\n---\n-----BEGIN USER NKEY SEED-----\nplanted\n---",
        ] {
            let (_folder, named) = file(content);
            let path = named.path.display().to_string();
            for source in [Source::Creds(named.clone()), Source::Nkey(named)] {
                let said = source.read().err().unwrap().to_string();
                assert!(said.starts_with(&format!("--nats-creds: {path} holds no ")), "{said}");
                assert!(!said.contains("planted"), "{said}");
            }
        }
    }

    #[test]
    fn line_ends_are_not_part_of_a_password_but_spaces_are() {
        let (_folder, named) = file(" pass word \r\n");
        let Credentials::Token(token) = Source::Token(named).read().ok().unwrap() else { panic!() };
        assert_eq!(token, " pass word ");
        let (_folder, named) = file("\n");
        assert!(Source::Token(named).read().err().unwrap().to_string().ends_with("is empty"));
    }

    #[test]
    fn a_missing_file_is_named_once() {
        let named = Named { flag: "nats-nkey".to_owned(), path: "/nowhere/seed".into() };
        let said = Source::Nkey(named).read().err().unwrap().to_string();
        assert_eq!(said, "--nats-nkey: /nowhere/seed cannot be read: entity not found");
    }
}
