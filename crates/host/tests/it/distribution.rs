//! CNCF's registry as a process of a test's own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, LOCATION};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;
use tempfile::TempDir;

use crate::nats::free_port;
use crate::registry::digest;

pub(crate) const USER: &str = "captain";
pub(crate) const PASSWORD: &str = "planted-pull-password";
/// The same for the registry.
const HTPASSWD: &str = "captain:$2a$05$R/UmwQz3FiCR0y1fOMiiUOSMySIvgD6MMrimUT6qYESzD6AklmIT6\n";

/// A registry on loopback, ended with the test.
pub(crate) struct Distribution {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    child: Option<Child>,
    kind: Kind,
    /// The certificate that clients must trust.
    authority: Option<String>,
}

/// What it asks of clients.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kind {
    /// User and password.
    pub(crate) login: bool,
    /// TLS with an authority of its own.
    pub(crate) tls: bool,
}

impl Distribution {
    /// None, with a word about it, where there is no registry to start.
    pub(crate) async fn start(kind: Kind) -> Option<Self> {
        let Some(program) = std::env::var_os("CHARTWRIGHT_REGISTRY").map(PathBuf::from) else {
            eprintln!("skipped: CHARTWRIGHT_REGISTRY names no registry");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let mut registry = Self { program, folder, port: free_port(), child: None, kind, authority: None };
        registry.configure();
        registry.resume().await;
        Some(registry)
    }

    fn configure(&mut self) {
        let place = |name: &str| self.folder.path().join(name).display().to_string();
        let mut text = format!(
            "version: 0.1\nlog: {{ level: error, accesslog: {{ disabled: true }} }}\n\
             storage: {{ filesystem: {{ rootdirectory: {} }} }}\n\
             http:\n  addr: 127.0.0.1:{}\n  secret: only-for-tests\n",
            place("store"),
            self.port
        );
        if self.kind.tls {
            let signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
            std::fs::write(place("server.crt"), signed.cert.pem()).unwrap();
            std::fs::write(place("server.key"), signed.signing_key.serialize_pem()).unwrap();
            text += &format!("  tls: {{ certificate: {}, key: {} }}\n", place("server.crt"), place("server.key"));
            self.authority = Some(signed.cert.pem());
        }
        if self.kind.login {
            std::fs::write(place("htpasswd"), HTPASSWD).unwrap();
            text += &format!("auth: {{ htpasswd: {{ realm: quay, path: {} }} }}\n", place("htpasswd"));
        }
        std::fs::write(place("registry.yaml"), text).unwrap();
    }

    /// Starts it, again or for the first time, and waits until it answers.
    pub(crate) async fn resume(&mut self) {
        let mut command = Command::new(&self.program);
        command.arg("serve").arg(self.folder.path().join("registry.yaml"));
        // Nothing but the file says how.
        command.env_clear().stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().unwrap());
        let (client, url) = (self.client(), format!("{}/v2/", self.base()));
        let answering = async {
            while client.get(&url).send().await.is_err() {
                assert!(self.child.as_mut().unwrap().try_wait().unwrap().is_none(), "the registry ended");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(crate::host::PATIENCE, answering).await.expect("the registry does not answer");
    }

    /// Ends it.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            _ = child.kill();
            _ = child.wait();
        }
    }

    /// Its `host:port`.
    pub(crate) fn address(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// The file with the authority of its certificate.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("server.crt")
    }

    fn base(&self) -> String {
        format!("{}://{}", if self.kind.tls { "https" } else { "http" }, self.address())
    }

    fn client(&self) -> reqwest::Client {
        let mut roots = rustls::RootCertStore::empty();
        if let Some(pem) = &self.authority {
            roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let tls = tls.with_root_certificates(roots).with_no_client_auth();
        reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls).build().unwrap()
    }

    /// Puts a component in. Returns its reference by tag, and the one by digest.
    pub(crate) async fn push(&self, repository: &str, tag: &str, component: &[u8]) -> (String, String) {
        let config = b"{}";
        for blob in [config, component] {
            self.blob(repository, blob).await;
        }
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": kind,
            "config": { "mediaType": "application/vnd.wasm.config.v0+json", "digest": digest(config), "size": config.len() },
            "layers": [{ "mediaType": "application/wasm", "digest": digest(component), "size": component.len() }],
        });
        let manifest = serde_json::to_vec(&manifest).unwrap();
        let by_digest = digest(&manifest);
        let url = format!("{}/v2/{repository}/manifests/{tag}", self.base());
        let put = self.client().put(url).basic_auth(USER, Some(PASSWORD)).header(CONTENT_TYPE, kind).body(manifest);
        assert_eq!(put.send().await.unwrap().status(), 201);
        let name = format!("{}/{repository}", self.address());
        (format!("{name}:{tag}"), format!("{name}@{by_digest}"))
    }

    async fn blob(&self, repository: &str, bytes: &[u8]) {
        let client = self.client();
        let begin = client.post(format!("{}/v2/{repository}/blobs/uploads/", self.base()));
        let begun = begin.basic_auth(USER, Some(PASSWORD)).send().await.unwrap();
        assert_eq!(begun.status(), 202);
        let place = begun.headers()[LOCATION].to_str().unwrap();
        let place = if place.starts_with('/') { format!("{}{place}", self.base()) } else { place.to_owned() };
        let put = client.put(format!("{place}&digest={}", digest(bytes))).basic_auth(USER, Some(PASSWORD));
        let put = put.header(CONTENT_TYPE, "application/octet-stream").body(bytes.to_vec());
        assert_eq!(put.send().await.unwrap().status(), 201);
    }
}

impl Drop for Distribution {
    fn drop(&mut self) {
        self.kill();
    }
}
