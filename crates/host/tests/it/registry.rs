//! A registry with one repository for each component that was put into it.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use sha2::{Digest as _, Sha256};

/// A registry on loopback.
pub(crate) struct Registry {
    /// Its `host:port`.
    pub(crate) address: String,
    contents: Arc<Mutex<Contents>>,
}

#[derive(Default)]
struct Contents {
    /// Path → media type and bytes.
    pages: HashMap<String, (&'static str, Vec<u8>)>,
    delay: Duration,
    pulls: usize,
    /// Requests of any kind.
    requests: usize,
}

impl Registry {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let contents = Arc::new(Mutex::new(Contents::default()));
        let shared = Arc::clone(&contents);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { address, contents }
    }

    /// Puts a component in, and returns its reference.
    pub(crate) fn put(&self, repository: &str, tag: &str, component: &[u8]) -> String {
        let digest = digest(component);
        let config = b"{}".to_vec();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": { "mediaType": "application/vnd.wasm.config.v0+json", "digest": self::digest(&config), "size": config.len() },
            "layers": [{ "mediaType": "application/wasm", "digest": digest, "size": component.len() }],
        });
        let manifest = serde_json::to_vec(&manifest).unwrap();
        let mut contents = self.contents.lock().unwrap();
        let blob = |bytes: &[u8]| format!("/v2/{repository}/blobs/{}", self::digest(bytes));
        contents.pages.insert(blob(component), ("application/octet-stream", component.to_vec()));
        contents.pages.insert(blob(&config), ("application/octet-stream", config));
        let kind = "application/vnd.oci.image.manifest.v1+json";
        contents
            .pages
            .insert(format!("/v2/{repository}/manifests/{}", self::digest(&manifest)), (kind, manifest.clone()));
        contents.pages.insert(format!("/v2/{repository}/manifests/{tag}"), (kind, manifest));
        format!("{}/{repository}:{tag}", self.address)
    }

    /// The digest of what a tag names: what `name@sha256:…` means.
    pub(crate) fn digest(&self, repository: &str, tag: &str) -> String {
        let path = format!("/v2/{repository}/manifests/{tag}");
        digest(&self.contents.lock().unwrap().pages[&path].1)
    }

    /// Makes every answer wait.
    pub(crate) fn delay(&self, delay: Duration) {
        self.contents.lock().unwrap().delay = delay;
    }

    /// Answers with other content than a digest of `component` promises.
    pub(crate) fn alter(&self, repository: &str, component: &[u8]) {
        let blob = format!("/v2/{repository}/blobs/{}", digest(component));
        let mut altered = component.to_vec();
        *altered.last_mut().unwrap() ^= 1;
        self.contents.lock().unwrap().pages.insert(blob, ("application/octet-stream", altered));
    }

    /// Requests that came.
    pub(crate) fn requests(&self) -> usize {
        self.contents.lock().unwrap().requests
    }

    /// Blobs that were sent.
    pub(crate) fn pulls(&self) -> usize {
        self.contents.lock().unwrap().pulls
    }
}

fn serve(stream: TcpStream, contents: &Mutex<Contents>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let (method, path) = (line.split(' ').next()?.to_owned(), line.split(' ').nth(1)?.to_owned());
        let mut header = String::new();
        while reader.read_line(&mut header).ok()? > 2 {
            header.clear();
        }
        let (page, delay) = {
            let mut contents = contents.lock().unwrap();
            let page = contents.pages.get(&path).cloned();
            contents.requests += 1;
            contents.pulls += usize::from(path.contains("/blobs/") && page.is_some());
            (page, contents.delay)
        };
        std::thread::sleep(delay);
        let (status, kind, body) = match page {
            Some((kind, body)) => ("200 OK", kind, body),
            None if path == "/v2/" => ("200 OK", "application/json", b"{}".to_vec()),
            None => ("404 Not Found", "application/json", br#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#.to_vec()),
        };
        let digest = digest(&body);
        write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\ndocker-content-digest: {digest}\r\n\r\n",
            body.len()
        )
        .ok()?;
        if method != "HEAD" {
            stream.write_all(&body).ok()?;
        }
    }
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}
