//! Answers over HTTP; its paths ask for what a test wants to see.

mod web;

use wasip2::cli::environment;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingRequest, OutgoingResponse, ResponseOutparam, Scheme,
};
use wasip2::io::streams::StreamError;

use crate::wasi::config::store;
use crate::wasi::logging::logging::{Level, log};

wit_bindgen::generate!({
    inline: "
        package guests:hello;

        world capabilities {
            import wasi:config/store@0.2.0-rc.1;
            import wasi:logging/logging;
        }

        package wasi:config@0.2.0-rc.1 {
            interface store {
                variant error { upstream(string), io(string) }
                get: func(key: string) -> result<option<string>, error>;
                get-all: func() -> result<list<tuple<string, string>>, error>;
            }
        }

        package wasi:logging {
            interface logging {
                enum level { trace, debug, info, warn, error, critical }
                log: func(level: level, context: string, message: string);
            }
        }
    ",
    world: "guests:hello/capabilities",
    generate_all,
});

struct Hello;

wasip2::http::proxy::export!(Hello);

impl Guest for Hello {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        match path {
            "/" => answer(out, 200, b"hello\n"),
            "/env" => found(out, environment::get_environment().into_iter().find(|(name, _)| name == query)),
            "/config" => found(out, store::get(query).unwrap().map(|value| (query.to_owned(), value))),
            "/config-keys" => {
                let all = store::get_all().unwrap();
                let keys: Vec<_> = all.into_iter().map(|(key, _)| key).collect();
                answer(out, 200, keys.join(",").as_bytes());
            }
            "/log" => {
                log(Level::Critical, "a test", query);
                answer(out, 200, b"");
            }
            "/say" => {
                println!("first\n{query}");
                eprint!("no end to {query}");
                answer(out, 200, b"");
            }
            "/write" => match query.split_once('=') {
                Some((file, text)) => files(out, std::fs::write(file, text).map(|()| String::new())),
                None => answer(out, 400, b"write?FILE=TEXT\n"),
            },
            "/read" => files(out, std::fs::read_to_string(query)),
            "/sleep" => {
                std::thread::sleep(std::time::Duration::from_millis(query.parse().unwrap_or(0)));
                answer(out, 200, b"rested\n");
            }
            "/echo" => echo(request, out),
            "/fetch" => fetch(query, out),
            "/trap" => std::process::abort(),
            "/cut" => {
                let response = OutgoingResponse::new(Fields::new());
                let body = response.body().unwrap();
                ResponseOutparam::set(out, Ok(response));
                let stream = body.write().unwrap();
                for _ in 0..query.parse().unwrap_or(1) {
                    stream.blocking_write_and_flush(&[b'x'; 4096]).unwrap();
                }
                std::process::abort();
            }
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

fn found(out: ResponseOutparam, entry: Option<(String, String)>) {
    match entry {
        Some((_, value)) => answer(out, 200, value.as_bytes()),
        None => answer(out, 404, b""),
    }
}

fn files(out: ResponseOutparam, result: std::io::Result<String>) {
    match result {
        Ok(text) => answer(out, 200, text.as_bytes()),
        Err(err) => answer(out, 500, err.to_string().as_bytes()),
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

/// The request's body as it comes, and its trailers behind it.
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
    let trailers = wasip2::http::types::IncomingBody::finish(body);
    trailers.subscribe().block();
    let trailers = trailers.get().and_then(Result::ok).and_then(Result::ok).flatten();
    // What came in cannot be changed, and what goes out must be made anew.
    let trailers = trailers.map(|fields| Fields::from_list(&fields.entries()).unwrap());
    OutgoingBody::finish(outgoing, trailers).unwrap();
}

/// Asks `[scheme://]authority` and tells how that went.
fn fetch(target: &str, out: ResponseOutparam) {
    let (scheme, authority) = match target.split_once("://") {
        Some(("https", authority)) => (Scheme::Https, authority),
        Some((_, authority)) => (Scheme::Http, authority),
        None => (Scheme::Http, target),
    };
    let (authority, path) = authority.split_once('/').unwrap_or((authority, ""));
    let request = OutgoingRequest::new(Fields::new());
    request.set_method(&Method::Get).unwrap();
    request.set_scheme(Some(&scheme)).unwrap();
    request.set_authority(Some(authority)).unwrap();
    request.set_path_with_query(Some(&format!("/{path}"))).unwrap();
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
