//! Names for findings that survive when lines move.
//!
//! Code hosts recognise a finding by its fingerprint: with a line number in it, every edit above would close and
//! reopen it; without a counter, two findings alike would hide one another.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::Diagnostic;
use crate::source::Sources;

/// Of each diagnostic, in their order: a hash of code, file, path in the values, and how many such came before it.
pub fn fingerprints(diagnostics: &[Diagnostic], sources: &Sources) -> Vec<String> {
    let mut seen: BTreeMap<(&str, &str, String), usize> = BTreeMap::new();
    diagnostics
        .iter()
        .map(|diagnostic| {
            let file = diagnostic.primary.as_ref().map_or("", |label| &sources.get(label.origin.source).name);
            let path = diagnostic.path.as_ref().map(ToString::to_string).unwrap_or_default();
            let file = file.strip_prefix("./").unwrap_or(file);
            let nth = seen.entry((diagnostic.code.0, file, path.clone())).or_default();
            *nth += 1;
            hash(&[diagnostic.code.0, file, &path, &nth.to_string()])
        })
        .collect()
}

fn hash(parts: &[&str]) -> String {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update(part);
        sha.update([0]);
    }
    // 128 bits are plenty, and GitLab's column is not endless.
    sha.finalize().iter().take(16).fold(String::new(), |mut out, byte| {
        let _infallible = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Code;
    use crate::source::{Origin, Path, SourceKind};

    fn of(text: &str, needles: &[&str]) -> Vec<String> {
        let mut sources = Sources::default();
        let source = sources.add(SourceKind::File, "./prod.yaml", text);
        let diagnostics: Vec<_> = needles
            .iter()
            .map(|needle| {
                let start = u32::try_from(text.find(needle).unwrap()).unwrap();
                Diagnostic::error(Code("CW0204"), "unknown key")
                    .at(Origin { source, start, end: start + 1 }, "")
                    .with_path(Path::keys(["a"]))
            })
            .collect();
        fingerprints(&diagnostics, &sources)
    }

    #[test]
    fn lines_that_move_change_nothing() {
        assert_eq!(of("b: 1\nc: 2\n", &["b", "c"]), of("# more\n\nb: 1\nx: 1\nc: 2\n", &["b", "c"]));
    }

    #[test]
    fn findings_alike_are_told_apart() {
        let [first, second] = of("b: 1\nc: 2\n", &["b", "c"]).try_into().unwrap();
        assert_ne!(first, second);
        assert_eq!(first.len(), 32);
    }
}
