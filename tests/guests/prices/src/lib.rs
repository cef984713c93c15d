//! What another component of its workload asks: prices, and how its own surroundings look.

use std::cell::Cell;

use exports::shop::prices::lookup::{Guest, GuestBasket};
use wasip2::http::outgoing_handler;
use wasip2::http::types::{Fields, OutgoingRequest, Scheme};

wit_bindgen::generate!({ path: "../wit", world: "exporter", generate_all });

struct Prices;

export!(Prices);

struct Basket(Cell<u32>);

impl Guest for Prices {
    type Basket = Basket;

    fn price(item: String) -> Result<u32, String> {
        match item.as_str() {
            "apple" => Ok(3),
            "pear" => Ok(5),
            other => Err(format!("nobody sells `{other}`")),
        }
    }

    fn environment(name: String) -> Option<String> {
        std::env::var(name).ok()
    }

    fn setting(key: String) -> Option<String> {
        wasi::config::store::get(&key).unwrap()
    }

    fn read(file: String) -> Result<String, String> {
        std::fs::read_to_string(file).map_err(|err| err.to_string())
    }

    fn fetch(authority: String) -> String {
        let request = OutgoingRequest::new(Fields::new());
        request.set_scheme(Some(&Scheme::Http)).unwrap();
        request.set_authority(Some(&authority)).unwrap();
        request.set_path_with_query(Some("/")).unwrap();
        let future = match outgoing_handler::handle(request, None) {
            Ok(future) => future,
            Err(err) => return format!("{err:?}"),
        };
        future.subscribe().block();
        match future.get().unwrap().unwrap() {
            Ok(response) => format!("status {}", response.status()),
            Err(err) => format!("{err:?}"),
        }
    }

    fn fail() {
        std::process::abort();
    }
}

impl GuestBasket for Basket {
    fn new() -> Self {
        Self(Cell::new(0))
    }

    fn add(&self, item: String) -> Result<u32, String> {
        self.0.set(self.0.get() + Prices::price(item)?);
        Ok(self.0.get())
    }

    fn total(&self) -> u32 {
        self.0.get()
    }
}
