//! The components of `tests/guests`, built and embedded. What nobody names does not end in a program.

macro_rules! guests {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        $($(#[$doc])* pub static $name: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/", $file, ".wasm"));)*
    };
}

guests! {
    /// Answers over `wasi:http@0.2`; its paths ask for what a test wants to see.
    HELLO = "hello";
    /// Answers each request alike, and imports nothing beyond WASI.
    PLAIN = "plain";
    /// Exports an interface that [`SHOP`] imports.
    PRICES = "prices";
    /// Asks [`PRICES`].
    SHOP = "shop";
    /// Answers over `wasi:http@0.3`: one instance serves many requests at a time.
    STREAMS = "streams";
    /// A service that notes its starts and ends as it is told.
    TICKER = "ticker";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_components() {
        for bytes in [HELLO, PLAIN, PRICES, SHOP, STREAMS, TICKER] {
            assert_eq!(bytes[..8], *b"\0asm\x0d\0\x01\0");
        }
    }
}
