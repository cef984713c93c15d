//! Assignments → the tree, as Helm does it, and what Helm then loses without a word.

use std::collections::{BTreeMap, BTreeSet};

use super::merge::{merge, superseded};
use super::set::{Change, Step};
use super::{Entry, Map, Node, Origin, Path, Segment, Style, Value, codes};
use crate::diagnostics::Diagnostic;

/// How many lost values are named.
const NAMED: usize = 8;

/// The flags that were applied, for what can only be said once all of them are.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// Paths that go through a list.
    indexed: Vec<Vec<Step>>,
    /// Where indexes stand that had to fill a list up.
    gaps: BTreeSet<Origin>,
}

impl Applied {
    /// Carries out one change.
    pub(super) fn apply(&mut self, root: &mut Node, change: Change) -> Result<(), Box<Diagnostic>> {
        match change {
            Change::Merge(node) => merge(root, node),
            Change::Assign { steps, value } => {
                self.put(root, &steps, 0, value)?;
                if steps.iter().any(|step| matches!(step.segment, Segment::Index(_))) {
                    self.indexed.push(steps);
                }
            }
        }
        Ok(())
    }

    fn put(&mut self, slot: &mut Node, steps: &[Step], depth: usize, value: Node) -> Result<(), Box<Diagnostic>> {
        let Some(step) = steps.get(depth) else {
            superseded(slot, value);
            return Ok(());
        };
        let origin = slot.origin;
        match (&step.segment, &mut slot.value) {
            (Segment::Key(key), Value::Map(map)) => {
                if let Some(entry) = map.get_mut(key) {
                    self.put(&mut entry.node, steps, depth + 1, value)?;
                    entry.key = step.origin;
                } else {
                    let node = self.build(steps, depth + 1, value);
                    map.insert(key.clone(), Entry { key: step.origin, node });
                }
            }
            (Segment::Index(index), Value::List(list)) => {
                if let Some(item) = list.get_mut(*index) {
                    if item.value == Value::Null {
                        let node = self.build(steps, depth + 1, value);
                        superseded(item, node);
                    } else {
                        self.put(item, steps, depth + 1, value)?;
                    }
                } else {
                    self.fill(list, *index, step.origin);
                    let node = self.build(steps, depth + 1, value);
                    list.push(node);
                }
            }
            (segment, other) => return Err(Box::new(below(segment, other, origin, steps, depth))),
        }
        Ok(())
    }

    /// The value with the maps and lists around it that do not exist yet.
    fn build(&mut self, steps: &[Step], depth: usize, value: Node) -> Node {
        let Some(step) = steps.get(depth) else { return value };
        let inner = self.build(steps, depth + 1, value);
        let value = match &step.segment {
            Segment::Key(key) => {
                Value::Map(Map::from([(key.clone(), Entry { key: step.origin, node: inner.clone() })]))
            }
            Segment::Index(index) => {
                let mut list = Vec::new();
                self.fill(&mut list, *index, step.origin);
                list.push(inner.clone());
                Value::List(list)
            }
        };
        let end = inner.origin.end.max(step.origin.end);
        Node::new(value, Style::Collection, Origin { end, ..step.origin })
    }

    fn fill(&mut self, list: &mut Vec<Node>, length: usize, origin: Origin) {
        if list.len() < length {
            self.gaps.insert(origin);
            list.resize(length, Node::new(Value::Null, Style::Plain, origin));
        }
    }

    /// Lists that lost defaults or have holes; `before` is the tree that files alone made.
    pub(super) fn losses(&self, before: &Node, after: &Node, defaults: &Node) -> Vec<Diagnostic> {
        let mut losses: BTreeMap<Path, (Origin, BTreeSet<Path>)> = BTreeMap::new();
        for steps in &self.indexed {
            let mut path = Path::root();
            for (depth, step) in steps.iter().enumerate() {
                if matches!(step.segment, Segment::Index(_)) && before.at(&path).and_then(Node::as_list).is_none() {
                    if let (Some(default), Some(new)) = (defaults.at(&path), after.at(&path)) {
                        let (_, lost) = losses.entry(path.clone()).or_insert((step.origin, BTreeSet::new()));
                        self.lost(default, new, &steps[depth..], &path, lost);
                    }
                    break;
                }
                path.0.push(step.segment.clone());
            }
        }
        let mut diagnostics: Vec<Diagnostic> = losses
            .iter()
            .filter(|(_, (_, lost))| !lost.is_empty())
            .map(|(path, (origin, lost))| lost_defaults(path, *origin, lost))
            .collect();
        self.holes(after, &Path::root(), &losses, &mut diagnostics);
        diagnostics
    }

    fn lost(&self, default: &Node, new: &Node, steps: &[Step], path: &Path, lost: &mut BTreeSet<Path>) {
        let Some((step, rest)) = steps.split_first() else { return };
        match (&step.segment, &default.value, &new.value) {
            (Segment::Index(index), Value::List(defaults), Value::List(news)) => {
                for (position, _) in defaults.iter().enumerate() {
                    if news.get(position).is_none_or(|node| self.is_gap(node)) {
                        lost.insert(path.index(position));
                    }
                }
                if let (Some(default), Some(new)) = (defaults.get(*index), news.get(*index)) {
                    self.lost(default, new, rest, &path.index(*index), lost);
                }
            }
            (Segment::Key(key), Value::Map(defaults), Value::Map(news)) => {
                lost.extend(defaults.keys().filter(|key| !news.contains_key(*key)).map(|key| path.key(key)));
                if let (Some(default), Some(new)) = (defaults.get(key), news.get(key)) {
                    self.lost(&default.node, &new.node, rest, &path.key(key), lost);
                }
            }
            _ => {}
        }
    }

    fn is_gap(&self, node: &Node) -> bool {
        node.value == Value::Null && self.gaps.contains(&node.origin)
    }

    fn holes(
        &self,
        node: &Node,
        path: &Path,
        told: &BTreeMap<Path, (Origin, BTreeSet<Path>)>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        match &node.value {
            Value::Map(map) => {
                for (key, entry) in map {
                    self.holes(&entry.node, &path.key(key), told, diagnostics);
                }
            }
            Value::List(list) => {
                let hole = list.iter().position(|item| self.is_gap(item));
                if let Some(hole) = hole.filter(|_| told.get(path).is_none_or(|(_, lost)| lost.is_empty())) {
                    let item = path.index(hole);
                    diagnostics.push(
                        Diagnostic::error(codes::SET_LIST, format!("`{item}` would be null: nothing sets it"))
                            .at(list[hole].origin, "this index leaves a hole in front of it")
                            .with_help("set the elements in front of it too, or write the whole list in a values file")
                            .with_path(item),
                    );
                }
                for (index, item) in list.iter().enumerate().filter(|(_, item)| item.style == Style::Collection) {
                    self.holes(item, &path.index(index), told, diagnostics);
                }
            }
            _ => {}
        }
    }
}

fn lost_defaults(path: &Path, origin: Origin, lost: &BTreeSet<Path>) -> Diagnostic {
    let mut named: Vec<String> = lost.iter().take(NAMED).map(|path| format!("`{path}`")).collect();
    if lost.len() > NAMED {
        named.push(format!("{} more", lost.len() - NAMED));
    }
    Diagnostic::error(codes::SET_LIST, format!("the default list `{path}` would be replaced, not changed"))
        .at(origin, "an element of a list that no file sets")
        .with_note(format!("lost would be {}", named.join(", ")))
        .with_note("Helm adds the defaults after the flags, and a list replaces a list as a whole")
        .with_help(format!("write the list `{path}` in a values file: then this flag changes that element alone"))
        .with_path(path.clone())
}

fn below(segment: &Segment, value: &Value, origin: Origin, steps: &[Step], depth: usize) -> Diagnostic {
    let path = Path(steps[..depth].iter().map(|step| step.segment.clone()).collect());
    let step = &steps[depth];
    let wanted = match segment {
        Segment::Key(key) => format!("a key `{key}`"),
        Segment::Index(index) => format!("an element [{index}]"),
    };
    let holder = if depth == 0 { "the root of the values".to_owned() } else { format!("`{path}`") };
    Diagnostic::error(codes::SET_BELOW_SCALAR, format!("{holder} is {}, which cannot have {wanted}", value.kind()))
        .at(step.origin, "")
        .and_at(origin, "set here")
        .with_help(format!("replace the whole value: `--set-json '{path}=…'`, or change it where it is set"))
        .with_path(path)
}
