//! A NATS server that ends with its test.

use std::env;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A server on the loopback, and a folder for its files.
pub(crate) struct Server {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Server {
    /// A port and a folder, but nobody there yet. `None`: there is no nats-server, which is said.
    pub(crate) fn prepared() -> Option<Self> {
        let Some(program) = env::var_os("CHARTWRIGHT_NATS_SERVER").filter(|program| !program.is_empty()) else {
            eprintln!("skipped: CHARTWRIGHT_NATS_SERVER names no nats-server");
            return None;
        };
        Some(Self { program: program.into(), folder: tempfile::tempdir().unwrap(), port: free_port(), child: None })
    }

    /// A server that is up, with these lines in its configuration.
    pub(crate) fn up(configuration: &str) -> Option<Self> {
        let mut server = Self::prepared()?;
        server.start(configuration);
        Some(server)
    }

    /// Starts it, and returns when it listens.
    pub(crate) fn start(&mut self, configuration: &str) {
        let file = self.file("server.conf", &format!("listen: \"127.0.0.1:{}\"\n{configuration}\n", self.port));
        let log = fs_err::File::create(self.folder.path().join("server.log")).unwrap().into_parts().0;
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(file).current_dir(self.folder.path()).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none() && begun.elapsed() < Duration::from_secs(20), "no server: {}", self.log());
            sleep(Duration::from_millis(20));
        }
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Sends it a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// `scheme://localhost:port`. The name has addresses of both families, of which one is dead.
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://localhost:{}", self.port)
    }

    /// Writes a file beside its configuration, all at once as Kubernetes does.
    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        let draft = self.folder.path().join(format!(".{name}"));
        fs_err::write(&draft, content).unwrap();
        fs_err::rename(&draft, &path).unwrap();
        path
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        fs_err::read_to_string(self.folder.path().join("server.log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
