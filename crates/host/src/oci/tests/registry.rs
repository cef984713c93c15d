//! A registry on loopback that counts what it is asked and misbehaves when told to.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{Request, Response, StatusCode, body::Frame, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

use crate::oci::{in_use::lock, reference::digest_of};

pub(super) type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// Who may pull.
#[derive(Clone, Debug, Default)]
pub(super) enum Guard {
    #[default]
    Nobody,
    Basic {
        pair: &'static str,
    },
    /// A token, bought with the pair; without one for `None`.
    Bearer {
        pair: Option<&'static str>,
    },
    /// Strangers hear "not found", and only the root asks for the login.
    Hidden {
        pair: &'static str,
    },
}

/// What it does wrong, for paths that contain a text.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    Status(u16),
    /// This many times, then all is well.
    StatusTimes(u16, usize),
    Slow(Duration),
    Content(Bytes),
    /// Closes the connection after some bytes, this many times.
    Cut(usize),
    /// Sends without announcing a length, and without an end.
    Endless,
    /// Sends on to another address.
    Redirect(String),
    /// 401 or 403 with the login repeated in its text.
    Echo(u16),
    /// Leaves out `docker-content-digest`.
    NoDigest,
}

#[derive(Default)]
pub(super) struct State {
    manifests: BTreeMap<String, (String, Bytes)>,
    blobs: BTreeMap<String, Bytes>,
    pub guard: Guard,
    pub faults: Vec<(&'static str, Fault)>,
    /// Method and path of every request.
    pub requests: Vec<String>,
    /// The token of the next login.
    pub token: Option<String>,
    /// Where tokens are sold instead of here.
    pub realm: Option<String>,
    pub authorizations: Vec<String>,
}

/// The registry; it ends with the runtime.
#[derive(Clone)]
pub(super) struct Registry {
    pub address: SocketAddr,
    pub state: Arc<Mutex<State>>,
}

impl Registry {
    pub(super) async fn start() -> Self {
        Self::serve(None).await
    }

    pub(super) async fn serve(tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let registry = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let (scheme, serving) = (if tls.is_some() { "https" } else { "http" }, registry.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (registry, tls) = (serving.clone(), tls.clone());
                tokio::spawn(async move {
                    let service = service_fn(move |request| registry.clone().answer(request, scheme));
                    let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                    match tls {
                        None => drop(server.serve_connection(TokioIo::new(stream), service).await),
                        Some(tls) => {
                            let Ok(stream) = tokio_rustls::TlsAcceptor::from(tls).accept(stream).await else { return };
                            drop(server.serve_connection(TokioIo::new(stream), service).await);
                        }
                    }
                });
            }
        });
        registry
    }

    /// `127.0.0.1:port/acme/web`, and what follows.
    pub(super) fn name(&self, rest: &str) -> String {
        format!("{}/acme/web{rest}", self.address)
    }

    /// Pushes a component; its manifest's digest.
    pub(super) fn push(&self, tag: &str, component: &[u8]) -> String {
        let digest = self.blob(component);
        let layer = serde_json::json!({"mediaType": "application/wasm", "digest": digest, "size": component.len()});
        self.manifest(tag, &serde_json::json!({"schemaVersion": 2, "layers": [layer]}))
    }

    pub(super) fn blob(&self, content: &[u8]) -> String {
        let digest = digest_of(content);
        lock(&self.state).blobs.insert(digest.clone(), Bytes::copy_from_slice(content));
        digest
    }

    pub(super) fn manifest(&self, tag: &str, manifest: &serde_json::Value) -> String {
        let content = Bytes::from(manifest.to_string());
        let digest = digest_of(&content);
        let kind = manifest["mediaType"].as_str().unwrap_or("application/vnd.oci.image.manifest.v1+json");
        for name in [tag, &digest] {
            lock(&self.state).manifests.insert(name.to_owned(), (kind.to_owned(), content.clone()));
        }
        digest
    }

    pub(super) fn fault(&self, path: &'static str, fault: Fault) {
        lock(&self.state).faults.push((path, fault));
    }

    pub(super) fn heal(&self) {
        lock(&self.state).faults.clear();
    }

    pub(super) fn guard(&self, guard: Guard) {
        lock(&self.state).guard = guard;
    }

    /// Requests so far that begin like this: `GET /v2/acme/web/blobs`.
    pub(super) fn count(&self, begin: &str) -> usize {
        lock(&self.state).requests.iter().filter(|request| request.starts_with(begin)).count()
    }

    pub(super) fn manifests(&self) -> usize {
        self.count("GET /v2/acme/web/manifests")
    }

    pub(super) fn blobs(&self) -> usize {
        self.count("GET /v2/acme/web/blobs")
    }

    pub(super) fn all(&self) -> usize {
        lock(&self.state).requests.len()
    }

    async fn answer<B>(self, request: Request<B>, scheme: &str) -> Result<Response<Body>, Infallible> {
        let path = request.uri().path().to_owned();
        let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let authorization = authorization.unwrap_or_default().to_owned();
        {
            let mut state = lock(&self.state);
            state.requests.push(format!("{} {path}", request.method()));
            state.authorizations.push(authorization.clone());
        }
        let fault = self.next_fault(&path);
        match &fault {
            Some(Fault::Slow(time)) => tokio::time::sleep(*time).await,
            Some(Fault::Status(status) | Fault::StatusTimes(status, _)) => return Ok(status_only(*status)),
            Some(Fault::Echo(status)) => {
                let text = format!(r#"{{"errors":[{{"code":"DENIED","message":"you are {authorization}"}}]}}"#);
                return Ok(with_status(*status, text.into()));
            }
            Some(Fault::Redirect(to)) => {
                let mut response = status_only(307);
                response.headers_mut().insert("location", to.parse().unwrap());
                return Ok(response);
            }
            _ => {}
        }
        if let Some(refusal) = self.refuse(&path, &authorization, scheme) {
            return Ok(refusal);
        }
        Ok(self.content(&path, fault.as_ref(), request.method() == hyper::Method::HEAD))
    }

    fn next_fault(&self, path: &str) -> Option<Fault> {
        let mut state = lock(&self.state);
        let at = state.faults.iter().position(|(part, _)| path.contains(part))?;
        let fault = state.faults[at].1.clone();
        match &mut state.faults[at].1 {
            Fault::StatusTimes(_, left) | Fault::Cut(left) if *left > 1 => *left -= 1,
            Fault::StatusTimes(..) | Fault::Cut(_) => drop(state.faults.remove(at)),
            _ => {}
        }
        Some(fault)
    }

    fn refuse(&self, path: &str, authorization: &str, scheme: &str) -> Option<Response<Body>> {
        let state = lock(&self.state);
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        let token = state.token.clone().unwrap_or_else(|| "the-token".into());
        let ask = |challenge: String| {
            let mut response = status_only(401);
            response.headers_mut().insert("www-authenticate", challenge.parse().unwrap());
            Some(response)
        };
        match &state.guard {
            Guard::Nobody => None,
            Guard::Basic { pair } if authorization == basic(pair) => None,
            Guard::Basic { .. } => ask(r#"Basic realm="test""#.into()),
            Guard::Hidden { pair } if authorization == basic(pair) => None,
            Guard::Hidden { .. } if path == "/v2/" => ask(r#"Basic realm="test""#.into()),
            Guard::Hidden { .. } => Some(status_only(404)),
            Guard::Bearer { pair } if path == "/token" => {
                let welcome = pair.is_none_or(|pair| authorization == basic(pair));
                let answer = serde_json::json!({"token": token}).to_string();
                Some(if welcome { with_status(200, answer.into()) } else { status_only(401) })
            }
            Guard::Bearer { .. } if authorization == format!("Bearer {token}") => None,
            Guard::Bearer { .. } => {
                let here = format!("{scheme}://{}/token", self.address);
                let realm = state.realm.clone().unwrap_or(here);
                ask(format!(r#"Bearer realm="{realm}",service="test",scope="repository:acme/web:pull""#))
            }
        }
    }

    fn content(&self, path: &str, fault: Option<&Fault>, head: bool) -> Response<Body> {
        let state = lock(&self.state);
        let last = path.rsplit('/').next().unwrap_or_default();
        let (kind, content) = if path.contains("/manifests/") {
            let Some((kind, content)) = state.manifests.get(last) else { return status_only(404) };
            (kind.clone(), content.clone())
        } else {
            let Some(content) = state.blobs.get(last) else { return status_only(404) };
            ("application/octet-stream".to_owned(), content.clone())
        };
        let digest = digest_of(&content);
        let content = match fault {
            Some(Fault::Content(wrong)) => wrong.clone(),
            _ => content,
        };
        let body = match fault {
            Some(Fault::Cut(_)) => {
                let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                let parts = [Ok(Frame::data(content.slice(..content.len() / 2))), Err(broken)];
                StreamBody::new(futures::stream::iter(parts)).boxed_unsync()
            }
            Some(Fault::Endless) => {
                let part = || Ok(Frame::data(Bytes::from(vec![0; 64 * 1024])));
                StreamBody::new(futures::stream::repeat_with(part)).boxed_unsync()
            }
            _ => full(if head { Bytes::new() } else { content.clone() }),
        };
        let mut response = Response::builder().header("content-type", kind);
        if !matches!(fault, Some(Fault::NoDigest)) {
            response = response.header("docker-content-digest", digest);
        }
        if !matches!(fault, Some(Fault::Endless)) {
            response = response.header("content-length", content.len());
        }
        response.body(body).unwrap()
    }
}

fn full(content: Bytes) -> Body {
    Full::new(content).map_err(|never| match never {}).boxed_unsync()
}

fn with_status(status: u16, content: Bytes) -> Response<Body> {
    Response::builder().status(StatusCode::from_u16(status).unwrap()).body(full(content)).unwrap()
}

fn status_only(status: u16) -> Response<Body> {
    with_status(status, Bytes::new())
}
