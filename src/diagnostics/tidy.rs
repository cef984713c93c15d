//! The order in which findings are read, and one finding for one cause.

use super::Diagnostic;
use crate::source::{Path, Sources};

/// Sorts by source and position and folds findings that have one cause: the same said twice, or a text that
/// stands at several paths (an alias, defaults that several groups inherit).
pub fn tidy(diagnostics: &mut Vec<Diagnostic>, sources: &Sources) {
    diagnostics.sort_by_cached_key(|diagnostic| {
        let origin = diagnostic.primary.as_ref().map(|label| label.origin);
        debug_assert!(origin.is_none_or(|origin| (origin.source.0 as usize) < sources.iter().count()));
        (
            origin,
            std::cmp::Reverse(diagnostic.severity),
            diagnostic.code,
            diagnostic.path.clone(),
            diagnostic.message.clone(),
        )
    });
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(diagnostics.len());
    for diagnostic in diagnostics.drain(..) {
        let place = diagnostic.primary.as_ref().map(|label| label.origin);
        let same = kept
            .iter_mut()
            .rev()
            .take_while(|other| other.primary.as_ref().map(|label| label.origin) == place)
            .find(|other| one_cause(other, &diagnostic));
        match same {
            Some(first) => fold(first, diagnostic),
            None => kept.push(diagnostic),
        }
    }
    *diagnostics = kept;
}

/// Both stand at the same place already.
fn one_cause(first: &Diagnostic, second: &Diagnostic) -> bool {
    if first.code != second.code {
        return false;
    }
    first.message == second.message
        || match (&first.path, &second.path) {
            (Some(first), Some(second)) => first != second && first.0.last() == second.0.last(),
            _ => false,
        }
}

fn fold(first: &mut Diagnostic, second: Diagnostic) {
    for label in second.secondary {
        if !first.secondary.contains(&label) {
            first.secondary.push(label);
        }
    }
    if let Some(path) = second.path.filter(|path| first.path.as_ref() != Some(path)) {
        first.notes.push(also_at(&path));
    }
    for note in second.notes {
        if !first.notes.contains(&note) {
            first.notes.push(note);
        }
    }
}

fn also_at(path: &Path) -> String {
    format!("the same text stands at `{path}` too")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Code;
    use crate::source::{Origin, SourceId, SourceKind};

    fn at(code: &'static str, source: u32, start: u32, path: &[&str], message: &str) -> Diagnostic {
        Diagnostic::error(Code(code), message)
            .at(Origin { source: SourceId(source), start, end: start + 1 }, "")
            .with_path(Path::keys(path.iter().copied()))
    }

    fn tidied(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let mut sources = Sources::default();
        sources.add(SourceKind::File, "a.yaml", "0123456789");
        sources.add(SourceKind::File, "b.yaml", "0123456789");
        tidy(&mut diagnostics, &sources);
        diagnostics
    }

    #[test]
    fn what_has_no_place_comes_first_then_file_by_file() {
        let unreadable = Diagnostic::error(Code("CW0100"), "cannot read");
        let found = tidied(vec![
            at("CW0204", 1, 0, &["x"], "c"),
            at("CW0204", 0, 5, &["x"], "b"),
            at("CW0201", 0, 2, &["x"], "a"),
            unreadable,
        ]);
        let messages: Vec<_> = found.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
        assert_eq!(messages, ["cannot read", "a", "b", "c"]);
    }

    #[test]
    fn a_text_at_two_paths_is_one_finding() {
        let found = tidied(vec![
            at("CW0204", 0, 2, &["hosts", "a", "x"], "unknown key `x` in `hosts.a`"),
            at("CW0204", 0, 2, &["hosts", "b", "x"], "unknown key `x` in `hosts.b`"),
        ]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].notes, ["the same text stands at `hosts.b.x` too"]);
    }

    #[test]
    fn two_missing_keys_of_one_map_are_two_findings() {
        let found = tidied(vec![
            at("CW0205", 0, 2, &["a", "x"], "missing key `x`"),
            at("CW0205", 0, 2, &["a", "y"], "missing key `y`"),
        ]);
        assert_eq!(found.len(), 2);
    }
}
