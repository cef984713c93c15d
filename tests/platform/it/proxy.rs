//! A proxy in front of the API server: it sees what an operator asks, and makes trouble if it is told to.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::client::Body;
use kube::{Client, Config};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The trouble it makes; zero is none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trouble {
    /// Of so many requests, watches aside, one is answered 429.
    pub(crate) throttled: u64,
    /// Of so many changes of objects, one is answered 409, and not made.
    pub(crate) contradicted: u64,
    /// Of so many writes, one is made and answered 500.
    pub(crate) unanswered: u64,
    /// How long a watch lives before it has expired.
    pub(crate) watched: Duration,
}

/// What it saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) requests: u64,
    changes: u64,
    writes: u64,
    pub(crate) watches: u64,
    pub(crate) throttled: u64,
    pub(crate) contradicted: u64,
    pub(crate) unanswered: u64,
    pub(crate) expired: u64,
    /// Requests that were answered 403.
    pub(crate) forbidden: Vec<String>,
}

#[derive(Default)]
struct State {
    trouble: Trouble,
    seen: Seen,
}

/// Such a proxy. Whoever comes to it speaks to the API server with the proxy's token.
pub(crate) struct Proxy {
    port: u16,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

type Answer = Response<UnsyncBoxBody<Bytes, kube::Error>>;

impl Proxy {
    pub(crate) async fn start(server: String, token: &str) -> Self {
        _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = Config::new(server.parse().unwrap());
        config.accept_invalid_certs = true;
        config.auth_info.token = Some(token.to_owned().into());
        // Each request is one request.
        config.default_retry = false;
        let client = Client::try_from(config).unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (client, state) = (client.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    let service = service_fn(move |request| {
                        let (client, state) = (client.clone(), Arc::clone(&state));
                        async move { Ok::<_, Infallible>(forward(client, state, request).await) }
                    });
                    _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { port, state, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A client that comes by here.
    pub(crate) fn client(&self) -> Client {
        Client::try_from(Config::new(self.url().parse().unwrap())).unwrap()
    }

    pub(crate) fn make(&self, trouble: Trouble) {
        self.state.lock().unwrap().trouble = trouble;
    }

    pub(crate) fn seen(&self) -> Seen {
        self.state.lock().unwrap().seen.clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What becomes of a request.
enum Fate {
    Forwarded,
    Throttled,
    Contradicted,
    Unanswered,
}

fn fate(state: &mut State, method: &Method, watches: bool) -> Fate {
    let State { trouble, seen } = state;
    seen.requests += 1;
    // Which ones looks like chance, and is not: counted off evenly, they would be the same step of the same round each time.
    let every = |number: u64, of: u64| of != 0 && (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).is_multiple_of(of);
    if watches {
        seen.watches += 1;
        return Fate::Forwarded;
    }
    if every(seen.requests, trouble.throttled) {
        seen.throttled += 1;
        return Fate::Throttled;
    }
    if method != Method::GET {
        seen.writes += 1;
    }
    if matches!(*method, Method::PATCH | Method::PUT) {
        seen.changes += 1;
        if every(seen.changes, trouble.contradicted) {
            seen.contradicted += 1;
            return Fate::Contradicted;
        }
    }
    if method != Method::GET && every(seen.writes, trouble.unanswered) {
        seen.unanswered += 1;
        return Fate::Unanswered;
    }
    Fate::Forwarded
}

async fn forward(client: Client, state: Arc<Mutex<State>>, request: Request<Incoming>) -> Answer {
    let (mut head, body) = request.into_parts();
    let path = head.uri.path_and_query().unwrap().clone();
    let watches = path.query().is_some_and(|query| query.contains("watch=true"));
    let what = format!("{} {path}", head.method);
    let fate = fate(&mut state.lock().unwrap(), &head.method, watches);
    match fate {
        Fate::Throttled => {
            let mut answer = refusal(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "too many requests; try again");
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            return answer;
        }
        Fate::Contradicted => {
            let why =
                "Operation cannot be fulfilled: the object has been modified; apply your changes to the latest version";
            return refusal(StatusCode::CONFLICT, "Conflict", why);
        }
        Fate::Forwarded | Fate::Unanswered => {}
    }
    let Ok(body) = body.collect().await else {
        return refusal(StatusCode::BAD_REQUEST, "BadRequest", "half a request");
    };
    head.uri = path.into();
    for name in [HOST, AUTHORIZATION, ACCEPT_ENCODING] {
        head.headers.remove(name);
    }
    let request = Request::from_parts(head, Body::from(body.to_bytes()));
    let answer = match client.send(request).await {
        Ok(answer) => answer,
        Err(err) => return refusal(StatusCode::BAD_GATEWAY, "InternalError", &err.to_string()),
    };
    if answer.status() == StatusCode::FORBIDDEN {
        state.lock().unwrap().seen.forbidden.push(what);
    }
    if matches!(fate, Fate::Unanswered) {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "the answer is lost");
    }
    let limit = state.lock().unwrap().trouble.watched;
    if watches && !limit.is_zero() && answer.status().is_success() {
        return answer.map(|body| expiring(body, limit, state));
    }
    answer.map(http_body_util::BodyExt::boxed_unsync)
}

fn status(code: StatusCode, reason: &str, message: &str) -> serde_json::Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code.as_u16(),
    })
}

fn refusal(code: StatusCode, reason: &str, message: &str) -> Answer {
    let text = status(code, reason, message).to_string();
    let body = Full::new(Bytes::from(text)).map_err(|never: Infallible| match never {}).boxed_unsync();
    let mut answer = Response::new(body);
    *answer.status_mut() = code;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// A watch that ends after a while because what it began with is too old; never within an event.
fn expiring(body: Body, limit: Duration, state: Arc<Mutex<State>>) -> UnsyncBoxBody<Bytes, kube::Error> {
    let last = json!({ "type": "ERROR", "object": status(StatusCode::GONE, "Expired", "too old resource version") });
    let last = Bytes::from(format!("{last}\n"));
    let end = tokio::time::Instant::now() + limit;
    let from = (body.into_data_stream(), true, false);
    let chunks = stream::unfold(from, move |(mut data, whole, over)| {
        let (last, state) = (last.clone(), Arc::clone(&state));
        async move {
            if over {
                return None;
            }
            let next = if whole { tokio::time::timeout_at(end, data.next()).await } else { Ok(data.next().await) };
            match next {
                Ok(Some(Ok(chunk))) => {
                    let whole = chunk.last() == Some(&b'\n');
                    Some((Ok(Frame::data(chunk)), (data, whole, false)))
                }
                Ok(Some(Err(err))) => Some((Err(err), (data, whole, true))),
                Ok(None) => None,
                Err(_) => {
                    state.lock().unwrap().seen.expired += 1;
                    Some((Ok(Frame::data(last)), (data, whole, true)))
                }
            }
        }
    });
    StreamBody::new(chunks).boxed_unsync()
}
