//! What verbs that talk to registries have in common.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use clap::{Args, ValueHint};

use crate::image::inspect::bytes;
use crate::oci::{Access, Logins, Progress, is_loopback, login_files, registry_of};

/// How registries are reached.
#[derive(Args, Debug, Default)]
pub(super) struct RegistryArgs {
    /// PEM file of a private certificate authority
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) ca_file: Option<PathBuf>,
    /// Speaks HTTP without TLS; for registries on this machine only
    #[arg(long, alias = "insecure")]
    pub(super) plain_http: bool,
}

impl RegistryArgs {
    /// HTTP without TLS is for the target of a push, and for what is on this machine.
    pub(super) fn access<'r>(
        &self,
        target: Option<&str>,
        references: impl IntoIterator<Item = &'r str>,
    ) -> anyhow::Result<Access> {
        let mut plain_http = Vec::new();
        if self.plain_http {
            let others = references.into_iter().filter_map(|reference| registry_of(reference).ok());
            plain_http.extend(others.filter(|registry| is_loopback(registry)));
            plain_http.extend(target.map(registry_of).transpose()?);
        }
        Ok(Access {
            plain_http,
            ca: self.ca_file.as_deref().map(fs_err::read).transpose()?,
            logins: Logins::Files(login_files(|name| std::env::var(name).ok())),
        })
    }
}

/// How far blobs are, on stderr: a line that moves on a terminal, a line a blob elsewhere.
pub(super) struct Lines {
    terminal: bool,
    now: Mutex<Now>,
}

struct Now {
    what: String,
    size: u64,
    done: u64,
    drawn: Instant,
}

impl Lines {
    pub(super) fn new() -> Arc<Self> {
        let now = Now { what: String::new(), size: 0, done: 0, drawn: Instant::now() };
        Arc::new(Self { terminal: io::stderr().is_terminal(), now: Mutex::new(now) })
    }
}

impl Progress for Lines {
    fn begin(&self, what: &str, size: u64) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = Now { what: what.to_owned(), size, done: 0, drawn: Instant::now() };
    }

    fn advance(&self, count: u64) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.done += count;
        if self.terminal && now.drawn.elapsed() > Duration::from_millis(100) {
            now.drawn = Instant::now();
            let percent = now.done.saturating_mul(100).checked_div(now.size).unwrap_or(100);
            // Nowhere is left to complain when stderr is closed; so below.
            let _ = write!(io::stderr().lock(), "\r\x1b[K{percent:>3} %  {}  {}", now.what, bytes(now.size));
        }
    }

    fn end(&self, how: &str) {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let start = if self.terminal { "\r\x1b[K" } else { "" };
        let _ = writeln!(io::stderr().lock(), "{start}{how}  {}  {}", now.what, bytes(now.size));
    }
}
