//! One attempt after the other, for ever: which server, after which pause, with what is in the files by then.

use std::error::Error as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_nats::{Event, ReconnectToServer, Server, ServerAddr, ServerError};
use tokio::sync::watch;
use tokio::{task, time};

use super::files::{Current, Files};
use super::pause;
use super::state::{Link, NatsState, Problem, ProblemKind};
use super::urls::shown;

/// A connection that held for less is no sign that all is well: a server that takes us and drops us at once is not asked without
/// a pause for ever.
const HELD: Duration = Duration::from_secs(10);

/// What the client library asks and tells us.
#[derive(Debug)]
pub(super) struct Attempts {
    flags: String,
    files: Files,
    current: Current,
    timeout: Duration,
    state: watch::Sender<NatsState>,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    /// The attempt of which we do not know yet how it went.
    tried: Option<Tried>,
    /// Attempts in a row that failed, or as good as failed.
    failures: u32,
    /// Whether there was an attempt at all.
    begun: bool,
    /// Place of the next server.
    next: usize,
    /// What the server said last, before it ended a connection.
    farewell: Option<String>,
}

#[derive(Debug)]
struct Tried {
    server: ServerAddr,
    /// The library's count before; success sets it to zero, and failure makes it larger.
    failures: usize,
    at: Instant,
}

impl Attempts {
    pub(super) fn new(flags: &str, files: Files, current: Current, timeout: Duration) -> Self {
        Self {
            flags: flags.to_owned(),
            files,
            current,
            timeout,
            state: watch::Sender::new(NatsState::new()),
            progress: Mutex::default(),
        }
    }

    pub(super) fn state(&self) -> watch::Receiver<NatsState> {
        self.state.subscribe()
    }

    /// The library asks which server to try next. It is answered when it is time to.
    pub(super) async fn next(self: Arc<Self>, pool: Vec<Server>) -> Option<ReconnectToServer> {
        self.judge(&pool);
        loop {
            let pause = {
                let progress = self.progress();
                if progress.begun { pause::before_next(progress.failures, pool.len()) } else { Duration::ZERO }
            };
            self.progress().begun = true;
            time::sleep(pause).await;
            if !self.read().await {
                continue;
            }
            let server = {
                let mut progress = self.progress();
                let server = pool.get(progress.next % pool.len().max(1))?;
                progress.next = progress.next.wrapping_add(1);
                server
            };
            if !self.resolve(&server.addr).await {
                continue;
            }
            self.progress().tried =
                Some(Tried { server: server.addr.clone(), failures: server.failed_attempts, at: Instant::now() });
            return Some(ReconnectToServer { addr: server.addr.clone(), delay: Some(Duration::ZERO) });
        }
    }

    /// The library tells what happened.
    pub(super) fn happened(&self, event: &Event) {
        match event {
            Event::Connected => {
                self.progress().farewell = None;
                self.state.send_modify(|state| {
                    if state.link == Link::Away {
                        state.reconnects += 1;
                    }
                    state.link = Link::Connected;
                    state.since = Instant::now();
                    state.problem = None;
                    state.lame_duck = false;
                });
                tracing::info!(connection = %self.flags, "connected to NATS");
            }
            Event::Disconnected => {
                let text = self.progress().farewell.take().map_or_else(
                    || "the connection was lost".to_owned(),
                    |said| format!("the connection was ended by the server: {said}"),
                );
                self.state.send_if_modified(|state| {
                    // A failed attempt may have been told before.
                    let first = state.link == Link::Connected;
                    if first {
                        state.link = Link::Away;
                        state.since = Instant::now();
                        state.problem = Some(Problem { kind: ProblemKind::Lost, text: text.clone() });
                        state.lame_duck = false;
                    }
                    first
                });
                tracing::warn!(connection = %self.flags, reason = text, "disconnected from NATS");
            }
            Event::LameDuckMode => {
                self.state.send_modify(|state| state.lame_duck = true);
                tracing::info!(connection = %self.flags, "the NATS server is about to go");
            }
            Event::ServerError(error) => {
                let said = match error {
                    ServerError::Other(text) => text.clone(),
                    other => other.to_string(),
                };
                tracing::warn!(connection = %self.flags, said, "the NATS server objects");
                // A missing permission ends no connection, so it is no reason for one that ends later.
                if !said.to_lowercase().contains("permissions violation") {
                    self.progress().farewell = Some(said);
                }
            }
            Event::Closed => self.state.send_modify(|state| {
                state.link = Link::Closed;
                state.since = Instant::now();
            }),
            Event::SlowConsumer(_) => {
                tracing::warn!(connection = %self.flags, "messages from NATS are lost: a subscription does not keep up");
            }
            // Failed attempts are told by ourselves, with address and reason.
            Event::Draining | Event::ClientError(_) => {}
        }
    }

    /// How the last attempt went, as far as the library tells.
    fn judge(&self, pool: &[Server]) {
        let Some(tried) = self.progress().tried.take() else { return };
        let Some(server) = pool.iter().find(|server| server.addr == tried.server) else { return };
        if server.failed_attempts == 0 && server.did_connect {
            let mut progress = self.progress();
            progress.failures = if tried.at.elapsed() >= HELD { 0 } else { progress.failures.saturating_add(1) };
            return;
        }
        if server.failed_attempts > tried.failures {
            let text = server.last_error.clone().unwrap_or_default();
            self.failed(kind(&text), format!("{}: {}", shown(&server.addr), plainly(&text)));
        } else {
            // The one failure that the library does not count.
            self.failed(ProblemKind::Name, format!("{}: the name was not found", shown(&server.addr)));
        }
    }

    /// Reads the files. What is wrong with them ends this attempt, and the next one reads them again.
    async fn read(&self) -> bool {
        let files = self.files.clone();
        match task::spawn_blocking(move || files.read()).await {
            Ok(Ok(material)) => {
                self.current.set(material);
                true
            }
            Ok(Err(problem)) => {
                self.failed(ProblemKind::File, problem.to_string());
                false
            }
            Err(_) => {
                self.failed(ProblemKind::File, "the files could not be read".to_owned());
                false
            }
        }
    }

    /// Whether the server's name is known. The library resolves it as well, but does not say why it failed.
    async fn resolve(&self, server: &ServerAddr) -> bool {
        let why = match time::timeout(self.timeout, server.socket_addrs()).await {
            Ok(Ok(mut addresses)) => {
                if addresses.next().is_some() {
                    return true;
                }
                "it has no address".to_owned()
            }
            Ok(Err(error)) => error.source().map_or_else(|| error.to_string(), ToString::to_string),
            Err(_) => "no answer in time".to_owned(),
        };
        self.failed(ProblemKind::Name, format!("{}: the name was not found: {why}", shown(server)));
        false
    }

    fn failed(&self, kind: ProblemKind, text: String) {
        let failures = {
            let mut progress = self.progress();
            progress.failures = progress.failures.saturating_add(1);
            progress.failures
        };
        tracing::warn!(connection = %self.flags, attempt = failures, reason = text, "cannot connect to NATS");
        self.state.send_modify(|state| {
            if state.link == Link::Connected {
                state.link = Link::Away;
                state.since = Instant::now();
            }
            state.failed_attempts += 1;
            state.problem = Some(Problem { kind, text });
        });
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The library's words without its own classes, which only say where it happened.
fn plainly(text: &str) -> String {
    let plain = ["IO error: ", "TLS error: ", "DNS error: "].iter().find_map(|class| text.strip_prefix(class));
    match plain.unwrap_or(text) {
        said if refused(said) => format!("the server does not take the credentials ({said})"),
        "timed out" => "no answer in time".to_owned(),
        said => said.to_owned(),
    }
}

fn kind(text: &str) -> ProblemKind {
    let lower = text.to_lowercase();
    if refused(text) {
        ProblemKind::Refused
    } else if ["tls", "certificate", "handshake", "fatal alert"].iter().any(|word| lower.contains(word)) {
        ProblemKind::Tls
    } else if lower.starts_with("dns") {
        ProblemKind::Name
    } else {
        ProblemKind::Unreachable
    }
}

/// NATS' servers say "authorization violation", "authentication timeout", "user authentication expired" and the like.
fn refused(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["authorization", "authentication", "signing nonce"].iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_s_words_are_told_apart() {
        for (text, expected) in [
            ("authorization violation: authorization violation", ProblemKind::Refused),
            ("IO error: user authentication expired", ProblemKind::Refused),
            ("IO error: invalid peer certificate: UnknownIssuer", ProblemKind::Tls),
            ("IO error: received fatal alert: CertificateRequired", ProblemKind::Tls),
            ("TLS error: could not load platform certs", ProblemKind::Tls),
            ("IO error: Connection refused (os error 111)", ProblemKind::Unreachable),
            ("timed out", ProblemKind::Unreachable),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
        assert_eq!(plainly("IO error: Connection refused (os error 111)"), "Connection refused (os error 111)");
    }
}
