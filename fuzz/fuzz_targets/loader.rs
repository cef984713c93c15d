//! Any bytes as a values file: no panic, places inside the text, and the quick reader agrees with the real one.
#![no_main]

use chartwright::source::{SourceKind, Sources, decode, parse, parse_documents, parse_lenient, parse_plain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = decode(bytes) else { return };
    let mut sources = Sources::default();
    let id = sources.add(SourceKind::File, "fuzz.yaml", text.as_str());
    let strict = parse(&sources, id);
    for diagnostic in &strict.diagnostics {
        if let Some(label) = &diagnostic.primary {
            assert!(label.origin.start <= label.origin.end && label.origin.end as usize <= text.len());
        }
    }
    let _ = parse_lenient(&sources, id);
    let _ = parse_documents(&sources, id);
    let plain = parse_plain(&text);
    if strict.diagnostics.is_empty() {
        let data = strict.node.map_or(Default::default(), |node| node.to_json());
        assert_eq!(plain, Ok(data));
    }
});
