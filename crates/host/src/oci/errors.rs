//! Why a component could not be had: for which reference, why, and what to do.

use std::{fmt, path::PathBuf};

use super::{artifact::ArtifactError, login::LoginSource};

/// A component could not be had.
///
/// No text in here comes from a registry's answer but names of media types and digests, so that nothing a registry says
/// (it may repeat our credentials) ends in a status or a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot get `{reference}`: {cause}{}", note(.cached.as_deref()))]
pub struct FetchError {
    /// The reference that was asked for.
    pub reference: String,
    /// Why.
    pub cause: Cause,
    /// The manifest's digest of a copy in the cache that was not served because the registry had to be asked.
    pub cached: Option<String>,
}

fn note(cached: Option<&str>) -> String {
    cached.map_or_else(String::new, |digest| {
        format!("; a cached copy ({digest}) exists, which the pull policy IfNotPresent would have used")
    })
}

/// Why a component could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// Not a reference.
    #[error("this is no reference: {0}; write `registry.example/path/name:tag` or `…@sha256:<64 digits>`")]
    Reference(String),
    /// Nothing cached, and the policy forbids to ask.
    #[error("it is not in the cache and the pull policy Never forbids to ask for it")]
    NotCached,
    /// The cache cannot be read, and the policy forbids to ask.
    #[error("the cache cannot be read ({0}) and the pull policy Never forbids to ask the registry")]
    Disk(String),
    /// 401 or 403 and we had credentials.
    #[error(
        "{registry} refused the credentials of {from}: check that they are still valid and may pull this repository"
    )]
    CredentialsRefused {
        /// The registry.
        registry: String,
        /// Where the credentials came from.
        from: LoginSource,
    },
    /// 401 or 403 and we had none.
    #[error("{registry} wants credentials and none were given{}: name a pull Secret with an entry for {registry}",
        detail(.why.as_deref()))]
    CredentialsMissing {
        /// The registry.
        registry: String,
        /// Why there were none, when there should have been.
        why: Option<String>,
    },
    /// The registry wants the login sent where others can read it.
    #[error("{registry} wants its login at `{realm}`, in plain HTTP: a password could be read on the way")]
    LoginInClear {
        /// The registry.
        registry: String,
        /// Scheme and host of the place.
        realm: String,
    },
    /// 404.
    #[error("{registry} has no such {what}: check the repository and the tag{}", hint(*.anonymous))]
    NotFound {
        /// The registry.
        registry: String,
        /// What was looked for.
        what: &'static str,
        /// Whether no credentials were sent: a private repository looks like none then.
        anonymous: bool,
    },
    /// 429.
    #[error("{host} limits how often it may be asked (429): wait, or pull with credentials that may more")]
    TooManyRequests {
        /// Who said so.
        host: String,
    },
    /// Any other status.
    #[error("{host} answered {status} for the {what}{}", again(*.status))]
    Status {
        /// Who said so.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What was asked for.
        what: &'static str,
    },
    /// The name has no address.
    #[error("the name {host} cannot be resolved: check it, and the DNS of this host")]
    Dns {
        /// The name.
        host: String,
    },
    /// The connection failed.
    #[error("no connection to {host}: {problem}")]
    Connection {
        /// The registry, or where it sent us.
        host: String,
        /// What happened.
        problem: String,
    },
    /// No trust.
    #[error("TLS to {host}: {problem}")]
    Tls {
        /// The registry, or where it sent us.
        host: String,
        /// What is wrong.
        problem: TlsProblem,
    },
    /// Too slow.
    #[error("the pull took longer than {seconds} s: the registry is slow or far, or `registry-pull-timeout` too short")]
    Timeout {
        /// The limit.
        seconds: Seconds,
    },
    /// Content is not what its digest says.
    #[error("the {what} is not what it should be: expected {expected}, got {actual}; nothing of it is used")]
    Digest {
        /// Manifest or component.
        what: &'static str,
        /// The digest that was promised.
        expected: String,
        /// The digest of what came.
        actual: String,
    },
    /// Not as many bytes as the manifest says.
    #[error("the component has {actual} bytes and its manifest says {expected}; nothing of it is used")]
    Length {
        /// What the manifest says.
        expected: u64,
        /// What came; more may have followed.
        actual: u64,
    },
    /// More than is allowed.
    #[error("the component is larger than allowed: {size} bytes, and `max-component-bytes` is {limit}")]
    TooLarge {
        /// What the registry announced, or what came until we stopped.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// Not a component.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// An answer that is not of the protocol.
    #[error("{host} does not answer as a registry does: {problem}")]
    Answer {
        /// Who.
        host: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A mistake of ours or a machine without resources.
    #[error("work on this host failed: {0}")]
    Internal(String),
}

fn detail(why: Option<&str>) -> String {
    why.map_or_else(String::new, |why| format!(" ({why})"))
}

fn hint(anonymous: bool) -> &'static str {
    if anonymous { "; without credentials a private repository looks like none" } else { "" }
}

fn again(status: u16) -> &'static str {
    if status >= 500 { ": the registry has a problem, try again later" } else { "" }
}

impl Cause {
    /// One word for conditions and metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Reference(_) => "InvalidReference",
            Self::NotCached => "NotCached",
            Self::Disk(_) => "CacheUnreadable",
            Self::CredentialsRefused { .. } => "CredentialsRefused",
            Self::CredentialsMissing { .. } => "CredentialsMissing",
            Self::LoginInClear { .. } => "LoginInClear",
            Self::NotFound { .. } => "NotFound",
            Self::TooManyRequests { .. } => "TooManyRequests",
            Self::Status { .. } => "RegistryError",
            Self::Dns { .. } => "NameNotResolved",
            Self::Connection { .. } => "ConnectionFailed",
            Self::Tls { .. } => "TlsFailed",
            Self::Timeout { .. } => "Timeout",
            Self::Digest { .. } | Self::Length { .. } => "ContentAltered",
            Self::TooLarge { .. } => "TooLarge",
            Self::Artifact(_) => "NotAComponent",
            Self::Answer { .. } => "NotARegistry",
            Self::Internal(_) => "Internal",
        }
    }

    /// Whether the registry could not be asked, so that a cached copy is worth a word.
    pub(super) fn is_away(&self) -> bool {
        match self {
            Self::Dns { .. }
            | Self::Connection { .. }
            | Self::Tls { .. }
            | Self::Timeout { .. }
            | Self::TooManyRequests { .. }
            | Self::Answer { .. } => true,
            Self::Status { status, .. } => *status >= 500,
            _ => false,
        }
    }

    pub(super) fn of(self, reference: &str) -> FetchError {
        FetchError { reference: reference.to_owned(), cause: self, cached: None }
    }
}

/// What is wrong with a TLS connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsProblem {
    /// Signed by nobody we know.
    #[error("its certificate is of an unknown authority: add the authority with `oci-ca-path`")]
    UnknownAuthority,
    /// Too old.
    #[error("its certificate has expired, or a clock is wrong")]
    Expired,
    /// For another name.
    #[error("its certificate is for another name")]
    WrongName,
    /// No TLS at all.
    #[error("what answers there does not speak TLS: for plain HTTP list it in `insecure-registry`")]
    NotTls,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Why a store cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// A file of authorities.
    #[error("`oci-ca-path` {path}: {problem}")]
    Ca {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// An entry that matches no registry.
    #[error("`insecure-registry` {0:?} is no registry: write `host` or `host:port`, without a scheme or a path")]
    Insecure(String),
    /// No time at all.
    #[error("`registry-pull-timeout` is 0: no pull could ever succeed")]
    NoTime,
    /// No client.
    #[error("cannot set up the client for registries: {0}")]
    Client(String),
}

/// Seconds as people write them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub std::time::Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_secs_f64())
    }
}
