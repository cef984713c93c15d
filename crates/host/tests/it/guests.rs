//! The guests, by the names of their folders in `tests/guests/`.

use chartwright_guests as built;

/// The component `hello`.
pub(crate) fn hello() -> &'static [u8] {
    built::HELLO
}

/// A component by the name of its folder.
pub(crate) fn guest(name: &str) -> Vec<u8> {
    match name {
        "hello" => built::HELLO,
        "plain" => built::PLAIN,
        "prices" => built::PRICES,
        "shop" => built::SHOP,
        "streams" => built::STREAMS,
        "ticker" => built::TICKER,
        other => panic!("no guest `{other}`"),
    }
    .to_vec()
}

/// The same, but it answers `ahoy!`.
pub(crate) fn ahoy() -> Vec<u8> {
    let mut bytes = hello().to_vec();
    let place = bytes.windows(6).position(|part| part == b"hello\n").unwrap();
    bytes[place..place + 6].copy_from_slice(b"ahoy!\n");
    bytes
}
