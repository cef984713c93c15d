//! A spanned tree against a JSON Schema: every finding points at its own key or scalar.
//!
//! Understood is draft-07 as schemars writes it, and what Kubernetes adds (`nullable`, `x-kubernetes-*`); `format`,
//! `not` and `if` are not looked at. A node is judged by a flat list of schemas that all apply to it: references
//! and `allOf` are opened, and of `anyOf` and `oneOf` the branch that was meant is chosen first, so that a union
//! yields the findings of one branch instead of a wall of text.

mod elsewhere;
mod list;
mod map;
mod messages;
mod parts;
mod rules;
mod scalar;
#[cfg(test)]
mod tests;
mod union;

use std::collections::HashMap;

use regex_lite::Regex;
use serde_json::Value as Schema;

pub use self::rules::RULES;
pub(super) use self::rules::UNKNOWN_KEY;
use self::union::Choice;
use crate::diagnostics::Diagnostic;
use crate::source::{Node, Origin, Path, Segment, Sources, Value};

/// How strictly to read a schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `key: null` is the same as no `key`, as the API server and Helm treat it.
    pub null_means_absent: bool,
    /// A key that no `properties` name is unknown even where `additionalProperties` is silent: the API server would
    /// drop it.
    pub closed: bool,
}

impl Options {
    /// As the API server reads manifests: nulls vanish, keys outside the schema are unknown.
    pub const fn kubernetes() -> Self {
        Self { null_means_absent: true, closed: true }
    }
}

/// All findings of `root` against `schema`. `base` is the path of `root` itself.
pub fn check(schema: &Schema, root: &Node, base: &Path, sources: &Sources) -> Vec<Diagnostic> {
    check_with(schema, root, base, sources, Options::default())
}

/// [`check`] with another reading of the schema.
pub fn check_with(schema: &Schema, root: &Node, base: &Path, sources: &Sources, options: Options) -> Vec<Diagnostic> {
    let mut checker = Checker {
        schema,
        sources,
        base,
        options,
        patterns: HashMap::new(),
        steps: Vec::new(),
        scopes: Vec::new(),
        probing: Vec::new(),
        probed: 0,
        searches: 0,
        found: Vec::new(),
    };
    checker.visit(schema, root, None);
    checker.found
}

struct Checker<'a> {
    schema: &'a Schema,
    sources: &'a Sources,
    base: &'a Path,
    options: Options,
    /// Compiled when first needed; none when the pattern is of another dialect.
    patterns: HashMap<&'a str, Option<Regex>>,
    /// The way from the root to the node at hand.
    steps: Vec<Step<'a>>,
    /// The schemas on that way: one more than steps.
    scopes: Vec<&'a Schema>,
    /// The branches of unions that are tried at the moment: meanwhile findings are counted, not written.
    probing: Vec<(&'a Schema, &'a Node)>,
    probed: usize,
    /// How often a misplaced key was looked for.
    searches: usize,
    found: Vec<Diagnostic>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Checker<'a> {
    /// Judges a node; `key` is where its key is written.
    fn visit(&mut self, schema: &'a Schema, node: &'a Node, key: Option<Origin>) {
        self.scopes.push(schema);
        self.judge(schema, node, key);
        self.scopes.pop();
    }

    fn judge(&mut self, schema: &'a Schema, node: &'a Node, key: Option<Origin>) {
        let mut parts = Vec::new();
        if !self.open(schema, &mut parts) {
            self.report(|checker| checker.forbidden(node, key));
            return;
        }
        if node.value == Value::Null && parts.iter().any(|part| part.is("nullable")) {
            return;
        }
        let mut next = 0;
        while let Some(part) = parts.get(next).copied() {
            next += 1;
            if !part.accepts_kind(node) {
                let wanted = part.kinds();
                self.report(|checker| checker.wrong_type(&wanted, &[part], node));
                return;
            }
            if part.is("x-kubernetes-int-or-string") {
                continue;
            }
            for (keyword, exactly_one) in [("anyOf", false), ("oneOf", true)] {
                let Some(branches) = part.list(keyword) else { continue };
                match self.choose(branches, exactly_one, node, key) {
                    Choice::Branch(branch) => _ = self.open(branch, &mut parts),
                    Choice::Judged => {}
                    Choice::Hopeless => return,
                }
            }
        }
        match &node.value {
            Value::Map(map) => self.map(&parts, map, node, key),
            Value::List(list) => self.list(&parts, list, node, key),
            _ => self.scalar(&parts, node),
        }
    }

    /// Judges a child.
    fn step(&mut self, step: Step<'a>, judge: impl FnOnce(&mut Self)) {
        self.steps.push(step);
        judge(self);
        self.steps.pop();
    }

    /// Keeps a finding; its text is only written when it is wanted.
    fn report(&mut self, write: impl FnOnce(&mut Self) -> Diagnostic) {
        if self.probing.is_empty() {
            let diagnostic = write(self);
            self.found.push(diagnostic);
        } else {
            self.probed += 1;
        }
    }

    /// How many findings a branch would give.
    fn probe(&mut self, schema: &'a Schema, node: &'a Node, key: Option<Origin>) -> usize {
        if self.probing.iter().any(|(tried, at)| std::ptr::eq(*tried, schema) && std::ptr::eq(*at, node)) {
            // A union within itself.
            return 0;
        }
        let before = std::mem::take(&mut self.probed);
        self.probing.push((schema, node));
        self.judge(schema, node, key);
        self.probing.pop();
        std::mem::replace(&mut self.probed, before)
    }

    /// The path of the node at hand.
    fn path(&self) -> Path {
        let steps = self.steps.iter().map(|step| match step {
            Step::Key(key) => Segment::Key((*key).to_owned()),
            Step::Index(index) => Segment::Index(*index),
        });
        Path(self.base.0.iter().cloned().chain(steps).collect())
    }

    /// Whether a text matches a pattern; a pattern we cannot compile accepts everything.
    fn matches(&mut self, pattern: &'a str, text: &str) -> bool {
        let compiled = self.patterns.entry(pattern).or_insert_with(|| Regex::new(pattern).ok());
        compiled.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}
