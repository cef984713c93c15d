//! CNCF's registry as a process of a test's own.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(super) const USER: &str = "captain";
pub(super) const PASSWORD: &str = "planted-pull-password";
/// The same for the registry.
const HTPASSWD: &str = "captain:$2a$05$R/UmwQz3FiCR0y1fOMiiUOSMySIvgD6MMrimUT6qYESzD6AklmIT6\n";
/// The same for `docker login`.
const AUTH: &str = "Y2FwdGFpbjpwbGFudGVkLXB1bGwtcGFzc3dvcmQ=";

/// A registry on loopback, ended with the test.
pub(super) struct Distribution {
    folder: TempDir,
    port: u16,
    child: Child,
}

/// What it asks of clients.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kind {
    /// User and password.
    pub(super) login: bool,
    /// TLS with an authority of its own.
    pub(super) tls: bool,
}

impl Distribution {
    /// None, with a word about it, where there is no registry to start.
    pub(super) fn start(kind: Kind) -> Option<Self> {
        let Some(program) = std::env::var_os("CHARTWRIGHT_REGISTRY").filter(|name| !name.is_empty()) else {
            eprintln!("skipped: CHARTWRIGHT_REGISTRY names no registry");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        configure(folder.path(), port, kind);
        let mut command = Command::new(PathBuf::from(program));
        command.arg("serve").arg(folder.path().join("registry.yaml"));
        // Nothing but the file says how.
        command.env_clear().stdout(Stdio::null()).stderr(Stdio::null());
        let mut registry = Self { folder, port, child: command.spawn().unwrap() };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(registry.child.try_wait().unwrap().is_none(), "the registry ended");
            assert!(start.elapsed() < Duration::from_mins(1), "the registry does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(registry)
    }

    /// Its `host:port`.
    pub(super) fn address(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// The file with the authority of its certificate.
    pub(super) fn authority(&self) -> String {
        self.folder.path().join("server.crt").display().to_string()
    }

    /// A folder for `DOCKER_CONFIG` that knows the password.
    pub(super) fn docker_config(&self) -> PathBuf {
        let folder = self.folder.path().join("docker");
        fs_err::create_dir_all(&folder).unwrap();
        let config = serde_json::json!({"auths": {self.address(): {"auth": AUTH}}});
        fs_err::write(folder.join("config.json"), config.to_string()).unwrap();
        folder
    }

    /// What stands at a path, read by nothing of ours: status, headers and body.
    pub(super) fn get(&self, path: &str) -> (u16, String, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
        write!(stream, "GET /v2/{path} HTTP/1.0\r\nHost: {}\r\nAccept: {accept}\r\n\r\n", self.address()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_lowercase(), answer[end + 4..].to_vec())
    }
}

fn configure(folder: &Path, port: u16, kind: Kind) {
    let place = |name: &str| folder.join(name).display().to_string();
    let mut text = format!(
        "version: 0.1\nlog: {{ level: error, accesslog: {{ disabled: true }} }}\n\
         storage: {{ filesystem: {{ rootdirectory: {} }} }}\nhttp:\n  addr: 127.0.0.1:{port}\n  secret: only-for-tests\n",
        place("store")
    );
    if kind.tls {
        let signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs_err::write(place("server.crt"), signed.cert.pem()).unwrap();
        fs_err::write(place("server.key"), signed.signing_key.serialize_pem()).unwrap();
        text += &format!("  tls: {{ certificate: {}, key: {} }}\n", place("server.crt"), place("server.key"));
    }
    if kind.login {
        fs_err::write(place("htpasswd"), HTPASSWD).unwrap();
        text += &format!("auth: {{ htpasswd: {{ realm: quay, path: {} }} }}\n", place("htpasswd"));
    }
    fs_err::write(place("registry.yaml"), text).unwrap();
}

impl Drop for Distribution {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
