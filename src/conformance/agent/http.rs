//! Requests over HTTP, on a connection of our own: what an ordinary client hides is what the checks want to see.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::tls;
use crate::conformance::probe::{Answer, Http, Seen};

/// As much of a body is told.
const SHOWN: usize = 64 << 10;
/// A piece of what fills a body.
const PIECE: usize = 16 << 10;

type Body = UnsyncBoxBody<Bytes, std::convert::Infallible>;

/// Either protocol.
enum Sender {
    One(http1::SendRequest<Body>),
    Two(http2::SendRequest<Body>),
}

/// Sends all requests, and tells of each answer.
pub(super) async fn run(asked: &Http) -> Seen {
    let limit = Duration::from_millis(if asked.timeout_ms == 0 { 10_000 } else { asked.timeout_ms });
    let mut answers = Vec::new();
    let all = async {
        let mut sender = connect(asked).await?;
        for _ in 0..asked.times.max(1) {
            answers.push(send(&mut sender, asked).await?);
        }
        Ok::<_, String>(())
    };
    let error = match tokio::time::timeout(limit, all).await {
        Ok(Ok(())) => None,
        Ok(Err(err)) => Some(err),
        Err(_) => Some(format!("no answer in {} ms", limit.as_millis())),
    };
    Seen::Http { answers, error }
}

async fn connect(asked: &Http) -> Result<Sender, String> {
    let stream =
        TcpStream::connect(&asked.address).await.map_err(|err| format!("connect to {}: {err}", asked.address))?;
    _ = stream.set_nodelay(true);
    if asked.tls {
        let name = tls::name(asked.host.as_deref(), &asked.address);
        let protocol = if asked.h2 { tls::H2 } else { tls::HTTP_1 };
        let stream = tls::connect(stream, name, &[protocol]).await?;
        if asked.h2 && stream.get_ref().1.alpn_protocol() != Some(tls::H2) {
            return Err(format!("{} does not agree to HTTP/2", asked.address));
        }
        speak(stream, asked).await
    } else {
        speak(stream, asked).await
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, asked: &Http) -> Result<Sender, String> {
    let io = TokioIo::new(stream);
    // Connections end with their senders.
    if asked.h2 {
        let (sender, connection) =
            http2::handshake(TokioExecutor::new(), io).await.map_err(|err| format!("handshake: {err}"))?;
        tokio::spawn(connection);
        Ok(Sender::Two(sender))
    } else {
        let (sender, connection) = http1::handshake(io).await.map_err(|err| format!("handshake: {err}"))?;
        tokio::spawn(connection);
        Ok(Sender::One(sender))
    }
}

async fn send(sender: &mut Sender, asked: &Http) -> Result<Answer, String> {
    let begun = Instant::now();
    let sent = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let request = request(asked, begun, std::sync::Arc::clone(&sent))?;
    let response = match sender {
        Sender::One(sender) => {
            sender.ready().await.map_err(|err| format!("the connection was closed: {err}"))?;
            sender.send_request(request).await
        }
        Sender::Two(sender) => sender.send_request(request).await,
    };
    let response = response.map_err(|err| format!("no answer: {}", causes(&err)))?;
    let mut answer = read(response, begun, if asked.whole { usize::MAX } else { SHOWN }).await;
    answer.sent_ms = sent.load(std::sync::atomic::Ordering::Relaxed);
    Ok(answer)
}

fn request(
    asked: &Http,
    begun: Instant,
    sent: std::sync::Arc<std::sync::atomic::AtomicU64>,
) -> Result<Request<Body>, String> {
    let method = if asked.method.is_empty() { "GET" } else { asked.method.as_str() };
    let mut builder = Request::builder().method(method);
    // HTTP/2 names the host in the address.
    builder = match &asked.host {
        Some(host) if asked.h2 => {
            let scheme = if asked.tls { "https" } else { "http" };
            builder.uri(format!("{scheme}://{host}{}", asked.path))
        }
        Some(host) => builder.uri(&asked.path).header("host", host),
        None => builder.uri(&asked.path),
    };
    for (name, value) in &asked.headers {
        builder = builder.header(name, value);
    }
    let mut parts: Vec<Bytes> = asked.parts.iter().map(|part| Bytes::from(part.clone())).collect();
    let mut left = asked.filler;
    let piece = Bytes::from(vec![b'x'; PIECE]);
    while left > 0 {
        parts.push(piece.slice(..left.min(PIECE)));
        left = left.saturating_sub(PIECE);
    }
    let mut frames: Vec<Frame<Bytes>> = parts.into_iter().map(Frame::data).collect();
    if !asked.trailers.is_empty() {
        let mut trailers = HeaderMap::new();
        for (name, value) in &asked.trailers {
            let name = hyper::header::HeaderName::try_from(name).map_err(|err| err.to_string())?;
            trailers.insert(name, hyper::header::HeaderValue::try_from(value).map_err(|err| err.to_string())?);
        }
        if !asked.h2 {
            let names: Vec<&str> = asked.trailers.iter().map(|(name, _)| name.as_str()).collect();
            builder = builder.header("trailer", names.join(", "));
        }
        frames.push(Frame::trailers(trailers));
    }
    let pause = Duration::from_millis(asked.pause_ms);
    let stream = stream::unfold(frames.into_iter(), move |mut frames| {
        let sent = std::sync::Arc::clone(&sent);
        async move {
            let frame = frames.next()?;
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            sent.store(millis(begun), std::sync::atomic::Ordering::Relaxed);
            Some((Ok(frame), frames))
        }
    });
    builder.body(StreamBody::new(stream).boxed_unsync()).map_err(|err| format!("no such request: {err}"))
}

async fn read(response: Response<Incoming>, begun: Instant, most: usize) -> Answer {
    let (head, mut body) = response.into_parts();
    let mut answer = Answer {
        status: head.status.as_u16(),
        headers: pairs(&head.headers),
        headers_ms: millis(begun),
        ..Answer::default()
    };
    let mut shown = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(Ok(data)) => {
                answer.length += data.len() as u64;
                answer.parts_ms.push(millis(begun));
                shown.extend_from_slice(&data[..data.len().min(most - shown.len())]);
            }
            Ok(Err(frame)) => {
                if let Ok(trailers) = frame.into_trailers() {
                    answer.trailers = pairs(&trailers);
                }
            }
            Err(err) => {
                answer.error = Some(causes(&err));
                break;
            }
        }
    }
    answer.parts_ms.truncate(64);
    answer.body = String::from_utf8_lossy(&shown).into_owned();
    answer
}

fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

fn millis(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn causes(err: &dyn std::error::Error) -> String {
    let mut text = err.to_string();
    let mut next = err.source();
    while let Some(err) = next {
        text.push_str(": ");
        text.push_str(&err.to_string());
        next = err.source();
    }
    text
}
