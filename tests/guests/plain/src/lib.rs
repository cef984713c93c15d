//! Answers each request alike, and imports nothing that `wasmtime serve` lacks: what servers are compared by.

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

struct Plain;

wasip2::http::proxy::export!(Plain);

impl Guest for Plain {
    fn handle(_: IncomingRequest, out: ResponseOutparam) {
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().unwrap();
        ResponseOutparam::set(out, Ok(response));
        let stream = body.write().unwrap();
        stream.blocking_write_and_flush(b"hello\n").unwrap();
        drop(stream);
        OutgoingBody::finish(body, None).unwrap();
    }
}
