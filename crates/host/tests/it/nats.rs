//! A NATS server of a test's own.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A server on loopback, ended with the test.
pub(crate) struct Nats {
    child: Option<Child>,
    port: u16,
    program: PathBuf,
}

impl Nats {
    /// None, with a word about it, where there is no server to start.
    pub(crate) fn start() -> Option<Self> {
        let Some(program) = std::env::var_os("CHARTWRIGHT_NATS_SERVER").map(PathBuf::from) else {
            eprintln!("skipped: CHARTWRIGHT_NATS_SERVER names no nats-server");
            return None;
        };
        // The port is free at this moment; nothing else here takes one that was given out just now.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut nats = Self { child: None, port, program };
        nats.resume();
        Some(nats)
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Starts it again, on the same port.
    pub(crate) fn resume(&mut self) {
        let mut command = Command::new(&self.program);
        command.args(["-a", "127.0.0.1", "-p", &self.port.to_string()]);
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
