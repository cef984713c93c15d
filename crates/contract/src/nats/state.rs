//! How a connection stands.

use std::fmt;
use std::time::Instant;

/// How a connection stands. For readiness and metrics; nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatsState {
    /// Whether it is there.
    pub link: Link,
    /// Since when.
    pub since: Instant,
    /// Why it is not there, if that is known yet. Of the last attempt.
    pub problem: Option<Problem>,
    /// How often it was there again after it had been lost.
    pub reconnects: u64,
    /// Attempts that failed, of all times.
    pub failed_attempts: u64,
    /// The server said that it is about to go.
    pub lame_duck: bool,
}

/// Whether a connection is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// Not yet, and never before.
    NeverConnected,
    /// Yes.
    Connected,
    /// Not any more; attempts go on.
    Away,
    /// It was closed by ourselves.
    Closed,
}

/// Why a connection is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// In one word, for metrics.
    pub kind: ProblemKind,
    /// In a sentence, with the server's address or the file's name.
    pub text: String,
}

/// Why a connection is not there, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// The server's name is not known.
    Name,
    /// Nobody listens, or the network does not go there, or not in time.
    Unreachable,
    /// The TLS handshake failed.
    Tls,
    /// The server does not take the credentials.
    Refused,
    /// A file cannot be read or does not hold what it should.
    File,
    /// It was there and was lost.
    Lost,
}

impl NatsState {
    pub(super) fn new() -> Self {
        Self {
            link: Link::NeverConnected,
            since: Instant::now(),
            problem: None,
            reconnects: 0,
            failed_attempts: 0,
            lame_duck: false,
        }
    }

    /// Whether the connection is there.
    pub fn is_connected(&self) -> bool {
        self.link == Link::Connected
    }
}

impl ProblemKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Name, Self::Unreachable, Self::Tls, Self::Refused, Self::File, Self::Lost];

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Refused => "refused",
            Self::File => "file",
            Self::Lost => "lost",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// One line for the body of a readiness endpoint.
impl fmt::Display for NatsState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.since.elapsed().as_secs();
        match self.link {
            Link::NeverConnected => write!(formatter, "not connected yet, for {since} s")?,
            Link::Connected if self.lame_duck => {
                write!(formatter, "connected for {since} s, and the server is about to go")?;
            }
            Link::Connected => write!(formatter, "connected for {since} s")?,
            Link::Away => write!(formatter, "away for {since} s")?,
            Link::Closed => write!(formatter, "closed")?,
        }
        match &self.problem {
            Some(problem) => write!(formatter, ": {problem}"),
            None => Ok(()),
        }
    }
}
