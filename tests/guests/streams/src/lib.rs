//! Answers over `wasi:http/handler@0.3`: asynchronous, so that one instance serves many requests at a time.

use std::sync::atomic::{AtomicU32, Ordering};

use wasip3::clocks::monotonic_clock;
use wasip3::exports::http::handler::Guest;
use wasip3::http::client;
use wasip3::http::types::{ErrorCode, Fields, Request, Response, Scheme};
use wasip3::{wit_bindgen, wit_future, wit_stream};

struct Streams;

wasip3::http::service::export!(Streams);

/// Calls of this instance so far.
static CALLS: AtomicU32 = AtomicU32::new(0);

impl Guest for Streams {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
        let path = request.get_path_with_query().unwrap_or_default();
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        match path {
            "/" => Ok(answer(200, "hello\n".into())),
            "/calls" => Ok(answer(200, calls.to_string())),
            "/sleep" => {
                monotonic_clock::wait_for(query.parse::<u64>().unwrap_or(0) * 1_000_000).await;
                Ok(answer(200, calls.to_string()))
            }
            "/echo" => {
                let (_, finished) = wit_future::new(|| Ok(()));
                let (body, trailers) = Request::consume_body(request, finished);
                Ok(Response::new(Fields::new(), Some(body), trailers).0)
            }
            "/fetch" => Ok(answer(200, fetch(query).await)),
            "/error" => Err(ErrorCode::InternalError(None)),
            "/trap" => std::process::abort(),
            _ => Ok(answer(404, "no such path\n".into())),
        }
    }
}

fn answer(status: u16, text: String) -> Response {
    let (mut body, reader) = wit_stream::new();
    let (trailers, no_trailers) = wit_future::new(|| Ok(None));
    drop(trailers);
    let (response, _) = Response::new(Fields::new(), Some(reader), no_trailers);
    response.set_status_code(status).unwrap();
    wit_bindgen::spawn_local(async move {
        body.write_all(text.into_bytes()).await;
    });
    response
}

/// Asks `authority` over plain HTTP and tells how that went.
async fn fetch(authority: &str) -> String {
    let (trailers, no_trailers) = wit_future::new(|| Ok(None));
    drop(trailers);
    let (request, _) = Request::new(Fields::new(), None, no_trailers, None);
    request.set_scheme(Some(&Scheme::Http)).unwrap();
    request.set_authority(Some(authority)).unwrap();
    request.set_path_with_query(Some("/")).unwrap();
    match client::send(request).await {
        Ok(response) => format!("status {}", response.get_status_code()),
        Err(err) => format!("{err:?}"),
    }
}
