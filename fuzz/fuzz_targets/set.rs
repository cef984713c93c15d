//! Any text as the argument of each `--set` flag, over defaults and a file.
#![no_main]

use chartwright::source::{Flag, FlagKind, Layers, SourceKind, Sources, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut sources = Sources::default();
    let defaults = sources.add(SourceKind::Default, "defaults", "a: {b: [1, {c: 2}]}\nd: x\nl: [1, 2, 3]\n");
    let file = sources.add(SourceKind::File, "f", "a: {e: [{f: 1}, []]}\nd: {}\npolicy: {locked: [a.e]}\n");
    let kinds = [FlagKind::Typed, FlagKind::Json, FlagKind::Text, FlagKind::File, FlagKind::Literal];
    for kind in kinds {
        let source = sources.add(SourceKind::Flag, kind.name(), text);
        let Some(node) = parse(&sources, defaults).node else { return };
        let mut layers = Layers::new(node);
        layers.add(parse(&sources, file).node.unwrap_or_else(|| unreachable!("it is a constant")));
        layers.set(&sources, &[Flag { kind, source }], &|path| Ok(path.as_bytes().to_vec()));
        let (coalesced, diagnostics) = layers.finish();
        for diagnostic in diagnostics {
            let Some(label) = diagnostic.primary else { continue };
            let length = sources.get(label.origin.source).text.len();
            assert!(label.origin.start <= label.origin.end && label.origin.end as usize <= length);
        }
        let _ = coalesced.show_origin().count();
    }
});
