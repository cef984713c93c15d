//! What can go wrong with a registry, in words that say what to do.

use std::{error::Error as _, io};

use oci_client::errors::OciDistributionError;

use super::LoginError;

/// Why a registry did not give or take something.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// This is no place in a registry.
    #[error("`{0}` is no place in a registry: write `host/path`, such as `registry.example/acme`")]
    Reference(String),
    /// A password would cross the network readable by everyone.
    #[error("`{0}` is not this machine: without TLS the password would be readable on the way")]
    PasswordInClear(String),
    /// No runtime for network work.
    #[error("cannot start network work: {0}")]
    Runtime(#[source] io::Error),
    /// The given authority is none.
    #[error("the certificates to trust cannot be used: {0}")]
    Authority(String),
    /// The login could not be read.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// Bytes could not be read or written on this side.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The registry refused or could not be reached.
    #[error("cannot {doing} ({registry}): {problem}")]
    Registry {
        /// What was under way: `push the layer linux/amd64`.
        doing: String,
        /// The registry's name.
        registry: String,
        /// What it said, and what helps.
        problem: String,
    },
}

impl Error {
    pub(super) fn registry(doing: impl Into<String>, registry: &str, err: &OciDistributionError) -> Self {
        Self::Registry { doing: doing.into(), registry: registry.to_owned(), problem: explain(err, registry) }
    }
}

/// The whole chain in one line, without what is repeated, and a way out where one is known.
fn explain(err: &OciDistributionError, registry: &str) -> String {
    let mut text = err.to_string();
    let mut next = err.source();
    while let Some(inner) = next {
        let said = inner.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = inner.source();
    }
    let lower = text.to_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let help = if is(&["unauthorized", "not authorized", "authentication failure", "denied", "code: 401", "code: 403"])
    {
        format!("; `docker login {registry}` gives a login, or it may not do this")
    } else if is(&["unknownissuer", "unknown issuer", "self-signed", "self signed", "invalid peer certificate"]) {
        "; `--ca-file FILE` names a private certificate authority".to_owned()
    } else if is(&["corrupt message", "invalidcontenttype", "record overflow", "wrong version number"]) {
        "; it seems to speak no TLS: `--plain-http`".to_owned()
    } else {
        String::new()
    };
    text + &help
}
