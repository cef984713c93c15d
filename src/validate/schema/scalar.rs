//! Values, texts and numbers.

use serde_json::Value as Schema;

use super::Checker;
use super::parts::Part;
use crate::source::{Node, SourceKind, Value};

impl<'a> Checker<'a> {
    pub(super) fn scalar(&mut self, parts: &[Part<'a>], node: &'a Node) {
        for part in parts {
            self.listed(part, node);
            match &node.value {
                Value::String(text) => self.text(part, text, node),
                #[expect(clippy::cast_precision_loss, reason = "the parser keeps integers within ±2^53")]
                Value::Int(number) => self.number(part, *number as f64, node),
                Value::Float(number) => self.number(part, *number, node),
                _ => {}
            }
        }
    }

    /// `const` and `enum`.
    pub(super) fn listed(&mut self, part: &Part<'a>, node: &'a Node) {
        if let Some(value) = part.get("const") {
            self.one_of(&[value], node);
        }
        if let Some(values) = part.list("enum") {
            self.one_of(&values.iter().collect::<Vec<_>>(), node);
        }
    }

    pub(super) fn one_of(&mut self, literals: &[&'a Schema], node: &'a Node) {
        if !literals.iter().any(|literal| same(literal, node)) {
            self.report(|checker| checker.not_one_of(literals, node));
        }
    }

    fn text(&mut self, part: &Part<'a>, text: &'a str, node: &'a Node) {
        // Defaults fit, a test says so: to compile the patterns of all of them would take longer than everything else.
        if let Some(pattern) = part.text("pattern")
            && self.sources.get(node.origin.source).kind != SourceKind::Default
            && !self.matches(pattern, text)
        {
            self.report(|checker| checker.no_match(part, pattern, text, node));
        }
        let (least, most) = (count(part, "minLength"), count(part, "maxLength"));
        if least.is_some() || most.is_some() {
            let length = text.chars().count();
            if least.is_some_and(|least| length < least) || most.is_some_and(|most| length > most) {
                self.report(|checker| checker.wrong_length(length, least, most, node));
            }
        }
    }

    fn number(&mut self, part: &Part<'a>, number: f64, node: &'a Node) {
        let bound = |keyword| part.get(keyword).and_then(Schema::as_f64);
        // Draft 4 and OpenAPI 3.0 say `exclusiveMinimum: true` beside `minimum`.
        let below =
            bound("minimum").filter(|least| number < *least || (part.is("exclusiveMinimum") && number <= *least));
        let above = bound("maximum").filter(|most| number > *most || (part.is("exclusiveMaximum") && number >= *most));
        let below = below.or_else(|| bound("exclusiveMinimum").filter(|least| number <= *least));
        let above = above.or_else(|| bound("exclusiveMaximum").filter(|most| number >= *most));
        if below.is_some() || above.is_some() {
            self.report(|checker| checker.out_of_range(part, node));
        }
        if let Some(step) = bound("multipleOf").filter(|step| *step > 0.0 && (number / step).fract() != 0.0) {
            self.report(|checker| checker.not_a_multiple(step, node));
        }
    }
}

/// A keyword that counts.
pub(super) fn count(part: &Part<'_>, keyword: &str) -> Option<usize> {
    part.get(keyword)?.as_u64()?.try_into().ok()
}

/// Whether a literal of the schema is the node; `1` and `1.0` are one number.
pub(super) fn same(literal: &Schema, node: &Node) -> bool {
    match (literal, &node.value) {
        (Schema::Null, Value::Null) => true,
        (Schema::Bool(a), Value::Bool(b)) => a == b,
        (Schema::Number(a), Value::Int(b)) => {
            #[expect(clippy::cast_precision_loss, reason = "the parser keeps integers within ±2^53")]
            let b = *b as f64;
            a.as_f64() == Some(b)
        }
        (Schema::Number(a), Value::Float(b)) => a.as_f64() == Some(*b),
        (Schema::String(a), Value::String(b)) => a == b,
        (Schema::Array(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Schema::Object(a), Value::Map(b)) => {
            a.len() == b.len() && b.iter().all(|(key, b)| a.get(key).is_some_and(|a| same(a, &b.node)))
        }
        _ => false,
    }
}
