//! The layers of one run: defaults < profiles < files < flags, who won, and what a platform team locked.

use super::assign::Applied;
use super::locks::Locks;
use super::merge::{coalesce, merge};
use super::renames::{self, Rename, Wins};
use super::set::{self, Flag, ReadFile};
use super::{Map, Node, Origin, Path, Sources, Style, Value, codes};
use crate::diagnostics::Diagnostic;

/// Gathers the layers, lowest first.
#[derive(Clone, Debug)]
pub struct Layers {
    defaults: Node,
    user: Node,
    locks: Locks,
    renames: &'static [Rename],
    diagnostics: Vec<Diagnostic>,
}

/// What all layers together say.
#[derive(Clone, Debug, PartialEq)]
pub struct Coalesced {
    /// Everything, defaults included: what templates see.
    pub root: Node,
    /// What the user said: what Helm stores as a release's `config`.
    pub user: Node,
}

/// A value and who decided it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Where in the values.
    pub path: Path,
    /// The value as JSON.
    pub value: String,
    /// Who won.
    pub origin: Origin,
    /// Who lost, oldest first.
    pub replaced: Vec<Origin>,
}

impl Layers {
    /// Only the chart's defaults.
    pub fn new(defaults: Node) -> Self {
        let origin = Origin { source: defaults.origin.source, start: 0, end: 0 };
        let mut locks = Locks::default();
        let mut diagnostics = Vec::new();
        locks.learn(&defaults, &[], &mut diagnostics);
        Self { user: empty(origin), defaults, locks, renames: &[], diagnostics }
    }

    /// With keys that are also taken under a name of before.
    #[must_use]
    pub fn renaming(mut self, renames: &'static [Rename]) -> Self {
        self.renames = renames;
        self
    }

    /// A profile or a file comes over what is there.
    pub fn add(&mut self, mut layer: Node) {
        if layer.value == Value::Null {
            // A file that says `null` says nothing, to Helm too.
            return;
        }
        if layer.as_map().is_none() {
            self.diagnostics.push(
                Diagnostic::error(
                    codes::NO_MAP,
                    format!("values are a map of keys, and this is {}", layer.value.kind()),
                )
                .at(layer.origin, "")
                .with_help("write `key: value`"),
            );
            return;
        }
        renames::apply(&mut layer, self.renames, Wins::New, &mut self.diagnostics);
        let before = self.user.clone();
        let source = layer.origin.source;
        merge(&mut self.user, layer);
        self.locks.check(&before, &self.user, source, &mut self.diagnostics);
        self.locks.learn(&self.user, self.renames, &mut self.diagnostics);
    }

    /// All `--set` flags at once, in any order: Helm applies them by kind. A flag with a fault changes nothing.
    pub fn set(&mut self, sources: &Sources, flags: &[Flag], read: ReadFile<'_>) {
        let mut flags = flags.to_vec();
        flags.sort_by_key(|flag| flag.kind);
        let files = self.user.clone();
        let mut applied = Applied::default();
        for flag in flags {
            if let Err(diagnostic) = self.set_one(sources, flag, read, &mut applied) {
                self.diagnostics.push(*diagnostic);
            }
        }
        self.diagnostics.extend(applied.losses(&files, &self.user, &self.defaults));
    }

    fn set_one(
        &mut self,
        sources: &Sources,
        flag: Flag,
        read: ReadFile<'_>,
        applied: &mut Applied,
    ) -> Result<(), Box<Diagnostic>> {
        let changes = set::changes(sources, flag, read)?;
        let before = self.user.clone();
        for change in changes {
            if let Err(diagnostic) = applied.apply(&mut self.user, change) {
                self.user = before;
                return Err(diagnostic);
            }
        }
        renames::apply(&mut self.user, self.renames, Wins::Old, &mut self.diagnostics);
        self.locks.check(&before, &self.user, flag.source, &mut self.diagnostics);
        self.locks.learn(&self.user, self.renames, &mut self.diagnostics);
        Ok(())
    }

    /// The end: the user's layers over the defaults, and everything that was wrong on the way.
    pub fn finish(self) -> (Coalesced, Vec<Diagnostic>) {
        let root = coalesce(&self.user, &self.defaults);
        (Coalesced { root, user: self.user }, self.diagnostics)
    }
}

impl Coalesced {
    /// The scalars and empty collections, sorted by path, with who decided each.
    pub fn show_origin(&self) -> impl Iterator<Item = Shown> {
        let mut shown = Vec::new();
        leaves(&self.root, &Path::root(), &mut shown);
        shown.into_iter()
    }
}

fn leaves(node: &Node, path: &Path, shown: &mut Vec<Shown>) {
    match &node.value {
        Value::Map(map) if !map.is_empty() => {
            for (key, entry) in map {
                leaves(&entry.node, &path.key(key), shown);
            }
        }
        Value::List(list) if !list.is_empty() => {
            for (index, item) in list.iter().enumerate() {
                leaves(item, &path.index(index), shown);
            }
        }
        _ => shown.push(Shown {
            path: path.clone(),
            value: node.to_json().to_string(),
            origin: node.origin,
            replaced: node.replaced.clone(),
        }),
    }
}

fn empty(origin: Origin) -> Node {
    Node::new(Value::Map(Map::new()), Style::Collection, origin)
}
