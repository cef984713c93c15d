//! Exit codes: the same everywhere, whatever the output format. One place turns an outcome into a number.

use std::process::ExitCode;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// The answer is no: findings at or above `--fail-on`.
    No,
    /// Could not do the job, and changed nothing: usage, an unreadable file, refused values.
    Unable,
}

impl Outcome {
    /// Its number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::No => 1,
            Self::Unable => 2,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome.code())
    }
}
