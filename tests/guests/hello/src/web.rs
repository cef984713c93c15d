//! Paths that show what HTTP looks like from inside.

use wasip2::clocks::monotonic_clock;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    Fields, IncomingBody, IncomingRequest, IncomingResponse, Method, OutgoingBody, OutgoingRequest, OutgoingResponse,
    RequestOptions, ResponseOutparam, Scheme,
};
use wasip2::io::streams::StreamError;

use crate::answer;

pub fn handle(path: &str, query: &str, request: IncomingRequest, out: ResponseOutparam) {
    match path {
        "/seen" => {
            let seen = format!("{:?} {:?} {:?}", request.method(), request.scheme(), request.authority());
            answer(out, 200, seen.as_bytes());
        }
        "/header" => {
            let values = request.headers().get(&query.to_owned());
            answer(out, 200, &values.join(&b","[..]));
        }
        "/slow" => {
            monotonic_clock::subscribe_duration(300_000_000).block();
            answer(out, 200, b"slow\n");
        }
        "/trailers" => trailers(request, out),
        "/call" => told(out, call(query, &[])),
        "/impatient" => {
            let options = RequestOptions::new();
            options.set_first_byte_timeout(Some(200_000_000)).unwrap();
            options.set_between_bytes_timeout(Some(200_000_000)).unwrap();
            told(out, call_with(query, &[], Some(options)));
        }
        "/grpc" => told(out, call(query, &[("content-type", "application/grpc+proto")])),
        "/traced" => {
            told(out, call(query, &[("traceparent", "00-11111111111111111111111111111111-2222222222222222-01")]));
        }
        _ => answer(out, 404, b"no such path\n"),
    }
}

/// The request's trailers, after its body was read, as those of the response.
fn trailers(request: IncomingRequest, out: ResponseOutparam) {
    let body = request.consume().unwrap();
    read(&body);
    let future = IncomingBody::finish(body);
    future.subscribe().block();
    let trailers = future.get().unwrap().unwrap().unwrap();
    let copy = trailers.map(|trailers| Fields::from_list(&trailers.entries()).unwrap());
    let response = OutgoingResponse::new(Fields::new());
    let body = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    {
        let stream = body.write().unwrap();
        stream.blocking_write_and_flush(b"body").unwrap();
    }
    OutgoingBody::finish(body, copy).unwrap();
}

fn read(body: &IncomingBody) -> Vec<u8> {
    let stream = body.stream().unwrap();
    let mut all = Vec::new();
    loop {
        match stream.blocking_read(64 << 10) {
            Ok(part) => all.extend(part),
            Err(StreamError::Closed) => return all,
            Err(StreamError::LastOperationFailed(_)) => {
                all.extend(b" broke off");
                return all;
            }
        }
    }
}

fn told(out: ResponseOutparam, result: Result<String, String>) {
    match result {
        Ok(text) => answer(out, 200, text.as_bytes()),
        Err(text) => answer(out, 502, text.as_bytes()),
    }
}

/// Asks `scheme://authority/path` and tells how that went.
fn call(url: &str, headers: &[(&str, &str)]) -> Result<String, String> {
    call_with(url, headers, None)
}

fn call_with(url: &str, headers: &[(&str, &str)], options: Option<RequestOptions>) -> Result<String, String> {
    let (scheme, rest) = url.split_once("://").ok_or("no scheme")?;
    let (authority, path) = rest.split_once('/').map_or((rest, "/".to_owned()), |(a, p)| (a, format!("/{p}")));
    let fields = Fields::new();
    for (name, value) in headers {
        fields.append(&(*name).to_owned(), &value.as_bytes().to_vec()).unwrap();
    }
    let request = OutgoingRequest::new(fields);
    request.set_method(&Method::Get).unwrap();
    request.set_scheme(Some(if scheme == "https" { &Scheme::Https } else { &Scheme::Http })).unwrap();
    request.set_authority(Some(authority)).unwrap();
    request.set_path_with_query(Some(&path)).unwrap();
    let future = outgoing_handler::handle(request, options).map_err(|err| format!("{err:?}"))?;
    future.subscribe().block();
    let response: IncomingResponse = future.get().unwrap().unwrap().map_err(|err| format!("{err:?}"))?;
    let body = response.consume().unwrap();
    let text = read(&body);
    Ok(format!("{} {}", response.status(), String::from_utf8_lossy(&text)))
}
