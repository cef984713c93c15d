//! Answers over HTTP; its paths ask for what a test wants to see.

mod web;

use wasip2::cli::environment;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingRequest, OutgoingResponse, ResponseOutparam, Scheme,
};
use wasip2::io::streams::StreamError;

struct Hello;

wasip2::http::proxy::export!(Hello);

impl Guest for Hello {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        match path {
            "/" => answer(out, 200, b"hello\n"),
            "/env" => match environment::get_environment().into_iter().find(|(name, _)| name == query) {
                Some((_, value)) => answer(out, 200, value.as_bytes()),
                None => answer(out, 404, b""),
            },
            "/echo" => echo(request, out),
            "/fetch" => fetch(query, out),
            "/trap" => std::process::abort(),
            "/loop" => loop {
                std::hint::black_box(());
            },
            "/eat" => {
                let mut eaten: Vec<Vec<u8>> = Vec::new();
                loop {
                    eaten.push(vec![1; 1 << 20]);
                    std::hint::black_box(&eaten);
                }
            }
            _ => web::handle(path, query, request, out),
        }
    }
}

fn answer(out: ResponseOutparam, status: u16, text: &[u8]) {
    let response = OutgoingResponse::new(Fields::new());
    response.set_status_code(status).unwrap();
    let body = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    if !text.is_empty() {
        let stream = body.write().unwrap();
        for part in text.chunks(4096) {
            stream.blocking_write_and_flush(part).unwrap();
        }
    }
    OutgoingBody::finish(body, None).unwrap();
}

/// The request's body as it comes.
fn echo(request: IncomingRequest, out: ResponseOutparam) {
    let body = request.consume().unwrap();
    let response = OutgoingResponse::new(Fields::new());
    let outgoing = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    {
        let (input, output) = (body.stream().unwrap(), outgoing.write().unwrap());
        loop {
            match output.blocking_splice(&input, 64 << 10) {
                Ok(_) => output.flush().unwrap(),
                Err(StreamError::Closed) => break,
                Err(StreamError::LastOperationFailed(_)) => return,
            }
        }
        output.blocking_flush().unwrap();
    }
    OutgoingBody::finish(outgoing, None).unwrap();
}

/// Asks `authority` over plain HTTP and tells how that went.
fn fetch(authority: &str, out: ResponseOutparam) {
    let request = OutgoingRequest::new(Fields::new());
    request.set_method(&Method::Get).unwrap();
    request.set_scheme(Some(&Scheme::Http)).unwrap();
    request.set_authority(Some(authority)).unwrap();
    request.set_path_with_query(Some("/")).unwrap();
    let future = match outgoing_handler::handle(request, None) {
        Ok(future) => future,
        Err(err) => return answer(out, 502, format!("{err:?}").as_bytes()),
    };
    future.subscribe().block();
    match future.get().unwrap().unwrap() {
        Ok(response) => answer(out, 200, format!("status {}", response.status()).as_bytes()),
        Err(err) => answer(out, 502, format!("{err:?}").as_bytes()),
    }
}
