//! Patterns of paths: `runtime.hostGroups[].env`; `*` is any key, `[]` any position.

use crate::source::{Path, Segment};

/// One step of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    AnyKey,
    AnyIndex,
}

/// A pattern of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Step>);

impl Pattern {
    /// Reads `a.b[].*`.
    pub(super) fn new(text: &str) -> Self {
        let mut steps = Vec::new();
        for part in text.split('.') {
            let key = part.trim_end_matches("[]");
            steps.push(if key == "*" { Step::AnyKey } else { Step::Key(key.to_owned()) });
            if key.len() < part.len() {
                steps.push(Step::AnyIndex);
            }
        }
        Self(steps)
    }

    /// Whether it is exactly this path.
    pub(super) fn is(&self, path: &Path) -> bool {
        self.0.len() == path.0.len() && self.agrees(path)
    }

    /// Whether it continues this path.
    pub(super) fn continues(&self, path: &Path) -> bool {
        self.0.len() > path.0.len() && self.agrees(path)
    }

    /// The key that it continues this path with.
    pub(super) fn next_key(&self, path: &Path) -> Option<&str> {
        match self.0.get(path.0.len()) {
            Some(Step::Key(key)) if self.agrees(path) => Some(key),
            _ => None,
        }
    }

    fn agrees(&self, path: &Path) -> bool {
        self.0.iter().zip(&path.0).all(|(step, segment)| match (step, segment) {
            (Step::Key(key), Segment::Key(name)) => key == name,
            (Step::AnyKey, Segment::Key(_)) | (Step::AnyIndex, Segment::Index(_)) => true,
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_knows_its_paths_and_their_beginnings() {
        let pattern = Pattern::new("runtime.hostGroups[].http.*");
        let path = |text| Path::parse(text).unwrap();
        assert!(pattern.is(&path("runtime.hostGroups[3].http.port")));
        assert!(!pattern.is(&path("runtime.hostGroups[3].http")));
        assert!(pattern.continues(&path("runtime.hostGroups[3].http")));
        assert!(pattern.continues(&Path::root()));
        assert!(!pattern.continues(&path("operator")));
        assert_eq!(pattern.next_key(&path("runtime.hostGroups[0]")), Some("http"));
    }
}
