//! `policy.locked`: values that later layers may not change.

use std::collections::{BTreeMap, BTreeSet};

use super::renames::{self, Rename};
use super::{Entry, Node, Origin, Path, Segment, SourceId, Value, codes};
use crate::diagnostics::Diagnostic;

/// The locks so far; a lock holds from the layer that sets it on.
#[derive(Clone, Debug, Default)]
pub(super) struct Locks {
    /// What is locked, and where that is said.
    paths: BTreeMap<Path, Origin>,
    /// Entries already found to be no paths.
    refused: BTreeSet<Origin>,
}

impl Locks {
    /// Takes in what the layers so far lock, by its name of now.
    pub(super) fn learn(&mut self, root: &Node, renames: &[Rename], diagnostics: &mut Vec<Diagnostic>) {
        for item in listed(root) {
            let path = item.as_str().and_then(Path::parse).filter(|path| *path != Path::root());
            match path {
                Some(path) => {
                    self.paths.entry(renames::current(path, renames)).or_insert(item.origin);
                }
                None if self.refused.insert(item.origin) => diagnostics.push(
                    Diagnostic::error(codes::LOCK_PATH, "an entry of `policy.locked` is no path")
                        .at(item.origin, "")
                        .with_help("write keys joined by dots: `operator.allowSharedHosts`")
                        .with_path(locked()),
                ),
                None => {}
            }
        }
    }

    /// Compares the trees before and after the layer `source` came over them.
    pub(super) fn check(&self, before: &Node, after: &Node, source: SourceId, diagnostics: &mut Vec<Diagnostic>) {
        for (path, lock) in &self.paths {
            let mut found = Vec::new();
            changed(before.at(path), after.at(path), path, &mut found);
            for path in found {
                let message = format!("`{path}` is locked and may not be changed");
                diagnostics.push(violation(message, before, after, &path, source, *lock));
            }
        }
        let kept: BTreeSet<Path> = listed(after).filter_map(Node::as_str).filter_map(Path::parse).collect();
        let was: BTreeSet<Path> = listed(before).filter_map(Node::as_str).filter_map(Path::parse).collect();
        // An earlier removal has been reported already.
        let lost: Vec<String> = was.difference(&kept).map(|path| format!("`{path}`")).collect();
        if !lost.is_empty() {
            let message = format!("the lock on {} may not be taken away", lost.join(", "));
            let lock = before.at(&locked()).map_or(before.origin, |node| node.origin);
            diagnostics.push(violation(message, before, after, &locked(), source, lock));
        }
    }
}

fn locked() -> Path {
    Path::keys(["policy", "locked"])
}

fn listed(root: &Node) -> impl Iterator<Item = &Node> {
    root.get("policy").and_then(|policy| policy.get("locked")).and_then(Node::as_list).unwrap_or_default().iter()
}

/// The deepest paths at which two trees differ; a list is one value.
fn changed(before: Option<&Node>, after: Option<&Node>, path: &Path, found: &mut Vec<Path>) {
    match (before, after) {
        (None, None) => {}
        (Some(Node { value: Value::Map(before), .. }), Some(Node { value: Value::Map(after), .. })) => {
            fn node(entry: Option<&Entry>) -> Option<&Node> {
                entry.map(|entry| &entry.node)
            }
            let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for key in keys {
                changed(node(before.get(key)), node(after.get(key)), &path.key(key), found);
            }
        }
        (Some(before), Some(after)) if before.to_json() == after.to_json() => {}
        _ => found.push(path.clone()),
    }
}

fn violation(message: String, before: &Node, after: &Node, path: &Path, source: SourceId, lock: Origin) -> Diagnostic {
    let culprit = written(after, path, Some(source)).unwrap_or(Origin { source, start: 0, end: 0 });
    let mut diagnostic = Diagnostic::error(codes::LOCKED, message)
        .at(culprit, "changed here")
        .with_help("leave it out here, or change it in the layer that locks it")
        .with_path(path.clone());
    match written(before, path, None) {
        Some(first) => diagnostic = diagnostic.and_at(first, "the locked value"),
        None => diagnostic = diagnostic.with_note("the locked value is the default"),
    }
    diagnostic.and_at(lock, "locked here")
}

/// Where the deepest step to a path is written, by that source if one is named.
fn written(root: &Node, path: &Path, by: Option<SourceId>) -> Option<Origin> {
    let mut node = root;
    let mut found = None;
    let mut reached = 0;
    for segment in &path.0 {
        let (origin, next) = match segment {
            Segment::Key(key) => match node.entry(key) {
                Some(entry) => (entry.key, &entry.node),
                None => break,
            },
            Segment::Index(index) => match node.as_list().and_then(|list| list.get(*index)) {
                Some(item) => (item.origin, item),
                None => break,
            },
        };
        if by.is_none_or(|by| origin.source == by) {
            found = Some(origin);
        }
        reached += 1;
        node = next;
    }
    found.filter(|_| by.is_some() || reached == path.0.len())
}
