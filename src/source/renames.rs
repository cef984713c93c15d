//! Keys that have another name now: for a while the old one is taken, and said.

use super::{Entry, Node, Path, Segment, Value, codes};
use crate::diagnostics::Diagnostic;

/// A key that has another name in the same map.
#[derive(Clone, Copy, Debug)]
pub struct Rename {
    /// Its path of before, keys joined by dots; `*` is any key.
    pub from: &'static str,
    /// What the last key of that path is called now.
    pub to: &'static str,
    /// The first version, major and minor, that does not know the old name any more.
    pub until: (u32, u32),
}

/// Which value holds if the old name and the new one are both there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wins {
    /// In one file: its author knows the new name.
    New,
    /// In what lower layers and a flag say together: those were renamed already, so the old name is the flag's.
    Old,
}

impl Rename {
    /// Whether the old name is this path.
    fn is(&self, path: &Path) -> bool {
        let steps: Vec<&str> = self.from.split('.').collect();
        steps.len() == path.0.len()
            && steps.iter().zip(&path.0).all(|(step, segment)| match segment {
                Segment::Key(key) => *step == "*" || step == key,
                Segment::Index(_) => false,
            })
    }

    /// The warning about an entry under its old name.
    fn said(&self, old: &Entry, path: &Path) -> Diagnostic {
        let now = path.parent().unwrap_or_default().key(self.to);
        let (major, minor) = self.until;
        Diagnostic::warning(codes::RENAMED, format!("`{path}` is called `{}` now", self.to))
            .at(old.key, "the old name")
            .with_help(format!("write `{now}`"))
            .with_note(format!("the old name is taken until version {major}.{minor}"))
            .with_path(path.clone())
    }
}

/// What a path is called now.
pub(super) fn current(path: Path, renames: &[Rename]) -> Path {
    match renames.iter().find(|rename| rename.is(&path)) {
        Some(rename) => path.parent().unwrap_or_default().key(rename.to),
        None => path,
    }
}

/// Gives every entry its name of now.
pub(super) fn apply(root: &mut Node, renames: &[Rename], wins: Wins, diagnostics: &mut Vec<Diagnostic>) {
    for rename in renames {
        let steps: Vec<&str> = rename.from.split('.').collect();
        below(root, &steps, &Path::root(), &mut |map, key, path| {
            let Some(old) = map.remove(key) else { return };
            let mut said = rename.said(&old, &path);
            match map.get(rename.to) {
                Some(new) if wins == Wins::New => {
                    said = said.and_at(new.key, "this one holds").with_note("both are there, and the new name holds");
                }
                _ => drop(map.insert(rename.to.to_owned(), old)),
            }
            diagnostics.push(said);
        });
    }
}

/// Leads to each map that may have the last step as a key.
fn below(node: &mut Node, steps: &[&str], at: &Path, found: &mut dyn FnMut(&mut super::Map, &str, Path)) {
    let Value::Map(map) = &mut node.value else { return };
    match steps {
        [] => {}
        [key] => found(map, key, at.key(*key)),
        ["*", rest @ ..] => map.iter_mut().for_each(|(key, entry)| below(&mut entry.node, rest, &at.key(key), found)),
        [key, rest @ ..] => {
            if let Some(entry) = map.get_mut(*key) {
                below(&mut entry.node, rest, &at.key(*key), found);
            }
        }
    }
}
