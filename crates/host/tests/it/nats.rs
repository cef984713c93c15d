//! A NATS server of a test's own.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A server on loopback, ended with the test, and a folder for its files.
pub(crate) struct Nats {
    child: Option<Child>,
    port: u16,
    program: PathBuf,
    folder: TempDir,
}

impl Nats {
    /// None, with a word about it, where there is no server to start.
    pub(crate) fn start() -> Option<Self> {
        Self::configured("")
    }

    /// The same with these lines in its configuration.
    pub(crate) fn configured(lines: &str) -> Option<Self> {
        let mut nats = Self::prepared(lines)?;
        nats.resume();
        Some(nats)
    }

    /// The same, but not started yet.
    pub(crate) fn prepared(lines: &str) -> Option<Self> {
        let Some(program) = std::env::var_os("CHARTWRIGHT_NATS_SERVER").map(PathBuf::from) else {
            eprintln!("skipped: CHARTWRIGHT_NATS_SERVER names no nats-server");
            return None;
        };
        let nats = Self { child: None, port: free_port(), program, folder: tempfile::tempdir().unwrap() };
        nats.file("server.conf", &format!("listen: \"127.0.0.1:{}\"\n{lines}\n", nats.port));
        Some(nats)
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Writes a file beside its configuration, all at once as Kubernetes does.
    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let (path, draft) = (self.folder.path().join(name), self.folder.path().join(format!(".{name}")));
        std::fs::write(&draft, content).unwrap();
        std::fs::rename(draft, &path).unwrap();
        path
    }

    /// Starts it, again or for the first time, on the same port.
    pub(crate) fn resume(&mut self) {
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(self.folder.path().join("server.conf"));
        self.child = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }

    /// Ends it.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            _ = child.kill();
            _ = child.wait();
        }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that is free at this moment; nothing else here takes one that was given out just now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
