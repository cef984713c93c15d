//! Which branch of a union was meant.

use serde_json::Value as Schema;

use super::parts::{Kinds, Part};
use super::scalar::same;
use super::{Checker, Step};
use crate::source::{Node, Origin, Value};

/// Unions within unions: more is a circle.
const DEEPEST: usize = 8;

/// What came of looking at the branches.
pub(super) enum Choice<'a> {
    /// This one was meant: judge the node by it.
    Branch(&'a Schema),
    /// The union is judged; the schemas beside it still apply.
    Judged,
    /// Nothing sensible can be said about the node any more.
    Hopeless,
}

impl<'a> Checker<'a> {
    pub(super) fn choose(
        &mut self,
        branches: &'a [Schema],
        exactly_one: bool,
        node: &'a Node,
        key: Option<Origin>,
    ) -> Choice<'a> {
        let mut literals = Vec::new();
        if branches.iter().all(|branch| self.literals(branch, &mut literals, 0)) {
            self.one_of(&literals, node);
            return Choice::Judged;
        }
        let mut fitting: Vec<&'a Schema> = branches.iter().filter(|branch| self.fits(branch, node, 0)).collect();
        if fitting.is_empty() {
            let mut wanted = Kinds::new();
            let mut parts = Vec::new();
            for branch in branches {
                self.kinds_of(branch, &mut wanted, 0);
                self.open(branch, &mut parts);
            }
            self.report(|checker| checker.wrong_type(&wanted, &parts, node));
            return Choice::Hopeless;
        }
        if let Value::Map(_) = node.value
            && fitting.len() > 1
            && !self.discriminate(&mut fitting, node)
        {
            return Choice::Hopeless;
        }
        if let [branch] = fitting[..] {
            return Choice::Branch(branch);
        }
        self.best_of(&fitting, exactly_one, node, key)
    }

    /// Tries the branches that are left.
    fn best_of(
        &mut self,
        fitting: &[&'a Schema],
        exactly_one: bool,
        node: &'a Node,
        key: Option<Origin>,
    ) -> Choice<'a> {
        let findings: Vec<usize> = fitting.iter().map(|branch| self.probe(branch, node, key)).collect();
        let clean = findings.iter().filter(|findings| **findings == 0).count();
        let alternatives = alternatives(fitting);
        if clean > 1 && exactly_one {
            self.report(|checker| checker.ambiguous(&alternatives, node, key));
            return Choice::Judged;
        }
        if clean == 0 && !alternatives.is_empty() {
            self.report(|checker| checker.none_of(&alternatives, node, key));
            return Choice::Judged;
        }
        let best = fitting.iter().zip(findings).min_by_key(|(_, findings)| *findings);
        best.map_or(Choice::Judged, |(branch, _)| Choice::Branch(branch))
    }

    /// Keeps the branches whose `type` or `mode` (any key with literals in several branches) is the node's; false
    /// when it is of no branch, which is reported.
    fn discriminate(&mut self, fitting: &mut Vec<&'a Schema>, node: &'a Node) -> bool {
        let Value::Map(map) = &node.value else { return true };
        for (name, entry) in map {
            let of_branch: Vec<Option<Vec<&'a Schema>>> =
                fitting.iter().map(|branch| self.literals_of_key(branch, name)).collect();
            if of_branch.iter().flatten().count() < 2 {
                continue;
            }
            let matches = |literals: &Option<Vec<&Schema>>| {
                literals.as_ref().is_none_or(|literals| literals.iter().any(|literal| same(literal, &entry.node)))
            };
            let keep: Vec<bool> = of_branch.iter().map(matches).collect();
            if keep.iter().all(|keep| !keep) {
                let literals: Vec<&Schema> = of_branch.into_iter().flatten().flatten().collect();
                self.step(Step::Key(name), |checker| checker.one_of(&literals, &entry.node));
                return false;
            }
            let mut keep = keep.into_iter();
            fitting.retain(|_| keep.next().unwrap_or(true));
        }
        true
    }

    fn literals_of_key(&self, branch: &'a Schema, key: &str) -> Option<Vec<&'a Schema>> {
        let mut parts = Vec::new();
        self.open(branch, &mut parts);
        let schema = parts.iter().find_map(|part| part.table("properties")?.get(key))?;
        let mut literals = Vec::new();
        self.literals(schema, &mut literals, 0).then_some(literals)
    }

    /// Collects the values a schema lists; false when it is no list of values.
    fn literals(&self, schema: &'a Schema, literals: &mut Vec<&'a Schema>, depth: usize) -> bool {
        let mut parts = Vec::new();
        self.open(schema, &mut parts);
        let mut found = false;
        for part in &parts {
            if let Some(value) = part.get("const") {
                literals.push(value);
                found = true;
            } else if let Some(values) = part.list("enum") {
                literals.extend(values);
                found = true;
            } else if part.text("type") == Some("null") {
                literals.push(&Schema::Null);
                found = true;
            } else if let Some(branches) = part.list("anyOf").or_else(|| part.list("oneOf")) {
                found = depth < DEEPEST && branches.iter().all(|branch| self.literals(branch, literals, depth + 1));
                if !found {
                    return false;
                }
            }
        }
        found
    }

    /// Whether a node has a type that a branch accepts.
    pub(super) fn fits(&self, schema: &'a Schema, node: &Node, depth: usize) -> bool {
        let mut parts = Vec::new();
        if !self.open(schema, &mut parts) {
            return false;
        }
        if node.value == Value::Null && parts.iter().any(|part| part.is("nullable")) {
            return true;
        }
        parts.iter().all(|part| {
            let literal = |value: &Schema| kind_of(value) == kind_of_node(node);
            part.accepts_kind(node)
                && part.get("const").is_none_or(literal)
                && part.list("enum").is_none_or(|values| values.iter().any(literal))
                && [part.list("anyOf"), part.list("oneOf")].into_iter().flatten().all(|branches| {
                    depth >= DEEPEST || branches.iter().any(|branch| self.fits(branch, node, depth + 1))
                })
        })
    }

    /// The types that a schema accepts, through its unions.
    fn kinds_of(&self, schema: &'a Schema, kinds: &mut Kinds<'a>, depth: usize) {
        let mut parts = Vec::new();
        self.open(schema, &mut parts);
        for part in parts {
            let literals = part.get("const").into_iter().chain(part.list("enum").unwrap_or_default());
            let literals = literals.map(|literal| -> &'a str { kind_of(literal) });
            for kind in part.kinds().into_iter().chain(literals) {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            for branches in [part.list("anyOf"), part.list("oneOf")].into_iter().flatten() {
                for branch in branches.iter().filter(|_| depth < DEEPEST) {
                    self.kinds_of(branch, kinds, depth + 1);
                }
            }
        }
    }
}

/// The keys of branches that say nothing but which keys they need.
fn alternatives<'a>(branches: &[&'a Schema]) -> Vec<&'a str> {
    let mut keys = Vec::new();
    for branch in branches {
        let Some(object) = branch.as_object().filter(|object| object.keys().all(|key| key == "required")) else {
            return Vec::new();
        };
        keys.extend(
            Part { schema: object, name: None }.list("required").unwrap_or_default().iter().filter_map(Schema::as_str),
        );
    }
    keys
}

const fn kind_of(value: &Schema) -> &'static str {
    match value {
        Schema::Null => "null",
        Schema::Bool(_) => "boolean",
        Schema::Number(_) => "number",
        Schema::String(_) => "string",
        Schema::Array(_) => "array",
        Schema::Object(_) => "object",
    }
}

const fn kind_of_node(node: &Node) -> &'static str {
    match node.value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) | Value::Float(_) => "number",
        Value::String(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}
