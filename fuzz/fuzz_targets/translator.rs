//! Any text as a template of each kind: it is translated or refused at its place, and never a panic or a loop.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| chartwright::export::translate_untrusted(text));
