//! A node of a manifest together with its key and its path: all that a finding needs.

use crate::diagnostics::{Diagnostic, Rule, Severity};
use crate::source::{Node, Origin, Path, Value};

/// A node and the way to it. What is `null` is not there, as for the API server.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    pub(super) node: &'a Node,
    /// Where its key is written; none for a document and for the items of a list.
    key: Option<Origin>,
    path: Path,
}

impl<'a> Place<'a> {
    /// A document, or an object within one.
    pub(super) const fn new(node: &'a Node, path: Path) -> Self {
        Self { node, key: None, path }
    }

    /// What stands under a key.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let entry = self.node.entry(key)?;
        let there = entry.node.value != Value::Null;
        there.then(|| Self { node: &entry.node, key: Some(entry.key), path: self.path.key(key) })
    }

    /// What stands under several keys.
    pub(super) fn walk(&self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self.clone(), |place, key| place.get(key))
    }

    /// The items of a list; none of anything else.
    pub(super) fn items(&self) -> Vec<Self> {
        let list = self.node.as_list().unwrap_or_default().iter().enumerate();
        list.map(|(index, node)| Self { node, key: None, path: self.path.index(index) }).collect()
    }

    /// The items of the list under a key.
    pub(super) fn list(&self, key: &str) -> Vec<Self> {
        self.get(key).map(|list| list.items()).unwrap_or_default()
    }

    /// The keys of a map and what stands under them; none of anything else.
    pub(super) fn entries(&self) -> Vec<(&'a str, Self)> {
        let names = self.node.as_map().into_iter().flat_map(|map| map.keys());
        names.filter_map(|name| Some((name.as_str(), self.get(name)?))).collect()
    }

    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&'a str> {
        self.node.as_str()
    }

    /// The text under several keys.
    pub(super) fn text_at(&self, keys: &[&str]) -> Option<&'a str> {
        self.walk(keys)?.text()
    }

    /// The integer, if it is one.
    pub(super) const fn integer(&self) -> Option<i64> {
        if let Value::Int(number) = self.node.value { Some(number) } else { None }
    }

    /// The path in the manifest.
    pub(super) const fn path(&self) -> &Path {
        &self.path
    }

    /// What to point at when the whole is meant: the key, else the first character.
    pub(super) fn head(&self) -> Origin {
        self.key.unwrap_or_else(|| {
            let Origin { source, start, end } = self.node.origin;
            Origin { source, start, end: end.min(start + 1) }
        })
    }

    /// A finding that points at the value.
    pub(super) fn finding(&self, rule: &Rule, message: impl Into<String>) -> Diagnostic {
        self.found(rule, message.into(), self.node.origin)
    }

    /// A finding that points at the key.
    pub(super) fn key_finding(&self, rule: &Rule, message: impl Into<String>) -> Diagnostic {
        self.found(rule, message.into(), self.head())
    }

    fn found(&self, rule: &Rule, message: String, origin: Origin) -> Diagnostic {
        let diagnostic = match rule.severity {
            Severity::Error => Diagnostic::error(rule.code, message),
            Severity::Warning => Diagnostic::warning(rule.code, message),
            Severity::Info => Diagnostic::info(rule.code, message),
        };
        diagnostic.at(origin, "").with_path(self.path.clone())
    }
}
