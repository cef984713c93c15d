//! The agent's one port: the registry under `/v2/`, the collector under `/v1/`, probes by POST to `/probe`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chartwright_contract::nats::NatsOptions;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use super::exports::{self, Exports};
use super::load::Loads;
use super::registry::Registry;
use super::{AgentError, Options, http as requests, identities, nats, tls};
use crate::conformance::probe::{Identity, Probe, Seen};

/// A probe is a few lines.
const LARGEST: usize = 1 << 20;
/// An export is of a few hundred spans.
const LARGEST_EXPORT: usize = 4 << 20;

struct Agent {
    registry: Registry,
    identities: BTreeMap<Identity, NatsOptions>,
    loads: Loads,
    exports: Exports,
}

/// Serves until `end`.
pub async fn serve(options: Options, end: impl Future<Output = ()>) -> Result<(), AgentError> {
    let agent = Arc::new(Agent {
        registry: Registry::new(),
        identities: identities::read(&options.identities)?,
        loads: Loads::default(),
        exports: Exports::default(),
    });
    let address = options.address;
    let listener = TcpListener::bind(address).await.map_err(|source| AgentError::Listen { address, source })?;
    let accepting = async {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // Descriptors are short; connections that end give some back.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let agent = Arc::clone(&agent);
            tokio::spawn(async move {
                let service = service_fn(|request| {
                    let agent = Arc::clone(&agent);
                    async move { Ok::<_, Infallible>(agent.answer(request).await) }
                });
                // Who goes away in the middle of a request has nobody to be told.
                _ = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        () = end => {}
    }
    Ok(())
}

impl Agent {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        match (request.method(), path.as_str()) {
            (&Method::POST, "/probe") => match Limited::new(request.into_body(), LARGEST).collect().await {
                Ok(body) => json(&self.probe(&body.to_bytes()).await),
                Err(err) => text(StatusCode::BAD_REQUEST, format!("the probe cannot be read: {err}\n")),
            },
            (&Method::POST, path) if let Some(signal) = exports::signal(path) => {
                self.export(signal, request.into_body()).await
            }
            (_, "/readyz") => text(StatusCode::OK, "ready\n"),
            (&Method::GET | &Method::HEAD, "/v2/" | "/v2") => text(StatusCode::OK, "{}"),
            (method @ (&Method::GET | &Method::HEAD), path) => match path.strip_prefix("/v2/") {
                Some(rest) => self.pull(method == Method::HEAD, rest),
                None => text(StatusCode::NOT_FOUND, "the registry is at /v2/, probes at /probe\n"),
            },
            _ => text(StatusCode::METHOD_NOT_ALLOWED, "this registry can only be read\n"),
        }
    }

    /// Takes an export in. The answer is an empty message: all of it was taken.
    async fn export(&self, signal: &'static str, body: Incoming) -> Response<Full<Bytes>> {
        match Limited::new(body, LARGEST_EXPORT).collect().await {
            Ok(body) => self.exports.take(signal, body.to_bytes()),
            Err(err) => return text(StatusCode::BAD_REQUEST, format!("the export cannot be read: {err}\n")),
        }
        let mut response = text(StatusCode::OK, "");
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        response
    }

    fn pull(&self, head: bool, path: &str) -> Response<Full<Bytes>> {
        let Some(blob) = self.registry.find(path) else {
            let said =
                r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"only the components of the checks are here"}]}"#;
            return text(StatusCode::NOT_FOUND, said);
        };
        let mut response = text(StatusCode::OK, if head { Bytes::new() } else { blob.bytes.clone() });
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(blob.kind));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(blob.bytes.len()));
        if let Ok(digest) = HeaderValue::from_str(&blob.digest) {
            headers.insert("docker-content-digest", digest);
        }
        response
    }

    async fn probe(&self, text: &[u8]) -> Seen {
        let probe: Probe = match serde_json::from_slice(text) {
            Ok(probe) => probe,
            Err(err) => {
                return Seen::Unable { why: format!("{err}: runner and agent are of different versions") };
            }
        };
        match probe {
            Probe::Http(request) => requests::run(&request).await,
            Probe::Load { name, request, pause_ms, limit_ms } => {
                let limit = Duration::from_millis(limit_ms);
                self.loads.run(&name, &request, Duration::from_millis(pause_ms), limit).await
            }
            Probe::Rest { name } => {
                self.loads.rest(&name);
                Seen::Done
            }
            Probe::Tls { address, name } => Seen::Tls(tls::look(&address, &name).await),
            Probe::Nats(asked) => nats::run(&self.identities, &asked).await,
            Probe::Tcp { address } => {
                let connecting = tokio::net::TcpStream::connect(&address);
                let error = match tokio::time::timeout(Duration::from_secs(5), connecting).await {
                    Ok(Ok(_)) => None,
                    Ok(Err(err)) => Some(err.to_string()),
                    Err(_) => Some("no answer in 5 s".to_owned()),
                };
                Seen::Tcp { error }
            }
            Probe::Exports { signal, texts } => Seen::Count { count: self.exports.count(&signal, &texts) },
        }
    }
}

fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response
}

fn json(seen: &Seen) -> Response<Full<Bytes>> {
    match serde_json::to_vec(seen) {
        Ok(bytes) => {
            let mut response = text(StatusCode::OK, bytes);
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Err(err) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{err}\n")),
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::conformance::probe::Http;

    /// The agent on a port of this machine; it asks itself.
    async fn agent() -> SocketAddr {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        drop(taken);
        tokio::spawn(serve(Options { address, identities: Vec::new() }, std::future::pending()));
        for _ in 0..100 {
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        address
    }

    fn to(address: SocketAddr, path: &str) -> Http {
        Http { address: address.to_string(), host: Some("a".into()), path: path.into(), ..Http::default() }
    }

    #[tokio::test]
    async fn it_serves_components_and_tells_what_it_sees() {
        let address = agent().await;
        let Seen::Http { answers, error: None } = requests::run(&Http { times: 3, ..to(address, "/readyz") }).await
        else {
            panic!("no answer")
        };
        assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [200; 3]);
        let manifest = requests::run(&to(address, "/v2/hello/manifests/1")).await;
        let Seen::Http { answers, .. } = manifest else { panic!("no manifest") };
        let manifest: serde_json::Value = serde_json::from_str(&answers[0].body).unwrap();
        let digest = manifest["layers"][0]["digest"].as_str().unwrap();
        let Seen::Http { answers, .. } = requests::run(&to(address, &format!("/v2/hello/blobs/{digest}"))).await else {
            panic!("no blob")
        };
        assert_eq!(answers[0].length, chartwright_guests::HELLO.len() as u64);
    }

    #[tokio::test]
    async fn probes_come_as_json_and_bad_ones_are_told_so() {
        let address = agent().await;
        let post = |text: &str| Http { method: "POST".into(), parts: vec![text.into()], ..to(address, "/probe") };
        let probe = serde_json::to_string(&Probe::Http(to(address, "/readyz"))).unwrap();
        for (text, words) in [(probe.as_str(), "\"status\":200"), ("{}", "different versions")] {
            let Seen::Http { answers, error } = requests::run(&post(text)).await else { panic!("no answer") };
            assert!(answers[0].body.contains(words), "{:?} {error:?}", answers[0]);
        }
    }

    #[tokio::test]
    async fn it_takes_exports_in_and_finds_them_by_their_words() {
        let address = agent().await;
        let post = |path: &str, text: String| Http { method: "POST".into(), parts: vec![text], ..to(address, path) };
        let exported = requests::run(&post("/v1/traces", "a span of hello".into())).await;
        let Seen::Http { answers, error: None } = exported else { panic!("no answer") };
        assert_eq!((answers[0].status, answers[0].length), (200, 0), "an empty message: all of it was taken");
        for (signal, word, count) in [("traces", "hello", 1), ("traces", "other", 0), ("logs", "hello", 0)] {
            let probe = Probe::Exports { signal: signal.into(), texts: vec![word.into()] };
            let asked = post("/probe", serde_json::to_string(&probe).unwrap());
            let Seen::Http { answers, .. } = requests::run(&asked).await else { panic!("no answer") };
            assert!(answers[0].body.contains(&format!("\"count\":{count}")), "{signal} {word}: {}", answers[0].body);
        }
    }

    #[tokio::test]
    async fn a_load_counts_what_is_lost() {
        let address = agent().await;
        let loads = Loads::default();
        for (path, lost) in [("/readyz", false), ("/no-such-path", true)] {
            let request = to(address, path);
            let seen = loads.run("a", &request, Duration::from_millis(1), Duration::from_millis(300)).await;
            let Seen::Load { good, bad } = seen else { panic!("no load") };
            assert_eq!((good == 0, !bad.is_empty()), (lost, lost), "{path}: {good} {bad:?}");
        }
        let began = std::time::Instant::now();
        let request = to(address, "/readyz");
        let running = loads.run("b", &request, Duration::from_millis(5), Duration::from_secs(30));
        let rest = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            loads.rest("b");
        };
        tokio::join!(running, rest);
        assert!(began.elapsed() < Duration::from_secs(10), "it goes on");
    }
}
