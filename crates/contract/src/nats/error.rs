//! What keeps a connection from being begun.

use std::path::{Path, PathBuf};

/// A connection that was not begun, because what it was told is wrong. A server that is away is none of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// An address that cannot be used. Shown without user info.
    #[error("--{flag}: `{url}` cannot be used: {why}")]
    Url {
        /// The flag, without dashes.
        flag: String,
        /// The address without what may be secret.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// Another value that cannot be used.
    #[error("--{flag}: `{value}` cannot be used: {why}")]
    Value {
        /// The flag, without dashes.
        flag: String,
        /// The value.
        value: String,
        /// What is wrong with it.
        why: String,
    },
    /// Two flags of which only one can be meant.
    #[error("--{flag} and --{other} exclude each other")]
    Together {
        /// A flag, without dashes.
        flag: String,
        /// Another one.
        other: String,
    },
    /// Half of a pair.
    #[error("--{flag} needs --{other}")]
    Alone {
        /// The flag that is there, without dashes.
        flag: String,
        /// The one that is missing.
        other: String,
    },
    /// A file that cannot be read, or does not hold what it should.
    #[error(transparent)]
    File(#[from] FileProblem),
    /// TLS or the client library refused what it was given.
    #[error("the connection to NATS cannot be set up: {0}")]
    Setup(String),
}

/// A file that cannot be read, or does not hold what it should. Its content is never quoted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--{flag}: {} {what}", path.display())]
pub struct FileProblem {
    /// The flag that names the file, without dashes.
    pub flag: String,
    /// The file.
    pub path: PathBuf,
    /// What is wrong: the end of a sentence about the file.
    pub what: String,
}

impl FileProblem {
    pub(super) fn new(flag: &str, path: &Path, what: impl Into<String>) -> Self {
        Self { flag: flag.to_owned(), path: path.to_owned(), what: what.into() }
    }
}
