//! Answers over HTTP with what another component of its workload knows.

use shop::prices::lookup::{self, Basket};
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

wit_bindgen::generate!({ path: "../wit", world: "importer", generate_all });

struct Shop;

wasip2::http::proxy::export!(Shop);

impl Guest for Shop {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        let text = match path {
            "/price" => format!("{:?}", lookup::price(query)),
            "/basket" => {
                let basket = Basket::new();
                for item in query.split(',') {
                    _ = basket.add(item);
                }
                basket.total().to_string()
            }
            // Its own, and the other's.
            "/env" => format!("{:?} {:?}", std::env::var(query).ok(), lookup::environment(query)),
            "/config" => format!("{:?} {:?}", wasi::config::store::get(query).unwrap(), lookup::setting(query)),
            "/read" => format!("{:?} {:?}", std::fs::read_to_string(query).ok(), lookup::read(query).ok()),
            "/fetch" => lookup::fetch(query),
            "/fail" => {
                lookup::fail();
                String::new()
            }
            _ => "no such path".to_owned(),
        };
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().unwrap();
        ResponseOutparam::set(out, Ok(response));
        body.write().unwrap().blocking_write_and_flush(text.as_bytes()).unwrap();
        OutgoingBody::finish(body, None).unwrap();
    }
}
