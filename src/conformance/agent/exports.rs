//! What came over OTLP: the agent is a collector, of the form `http/protobuf`.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// The signals, as their paths name them.
const SIGNALS: [&str; 3] = ["traces", "metrics", "logs"];
/// As much is kept of all of them, in bytes.
const KEPT: usize = 16 << 20;

/// The exports that came, the newest last.
#[derive(Default)]
pub(super) struct Exports(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    exports: VecDeque<(&'static str, Bytes)>,
    size: usize,
}

/// The signal of a path, if it is one of a collector.
pub(super) fn signal(path: &str) -> Option<&'static str> {
    let named = path.strip_prefix("/v1/")?;
    SIGNALS.into_iter().find(|signal| *signal == named)
}

impl Exports {
    /// Takes one in; the oldest go when there are too many.
    pub(super) fn take(&self, signal: &'static str, body: Bytes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.size += body.len();
        kept.exports.push_back((signal, body));
        while kept.size > KEPT {
            let Some((_, body)) = kept.exports.pop_front() else { break };
            kept.size -= body.len();
        }
    }

    /// How many of that signal have all of these texts in them. Strings of protobuf are UTF-8 as it is: they are found without
    /// reading the rest.
    pub(super) fn count(&self, signal: &str, texts: &[String]) -> u64 {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let has = |body: &Bytes, text: &str| body.windows(text.len().max(1)).any(|part| part == text.as_bytes());
        let of = kept.exports.iter().filter(|(of, _)| *of == signal);
        of.filter(|(_, body)| texts.iter().all(|text| has(body, text))).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_found_by_what_is_in_them_and_the_oldest_go() {
        let exports = Exports::default();
        assert_eq!((signal("/v1/traces"), signal("/v1/else"), signal("/v2/")), (Some("traces"), None, None));
        exports.take("traces", Bytes::from_static(b"\x0a\x05hello\x12\x04shop"));
        let count = |signal: &str, texts: &[&str]| {
            exports.count(signal, &texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!((count("traces", &["hello", "shop"]), count("traces", &["hello", "other"])), (1, 0));
        assert_eq!(count("logs", &["hello"]), 0);
        for _ in 0..5 {
            exports.take("logs", Bytes::from(vec![0; KEPT / 4]));
        }
        assert_eq!(count("traces", &["hello"]), 0);
        assert_eq!(exports.0.lock().unwrap().size, KEPT);
    }
}
