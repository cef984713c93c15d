//! Expressions, with the meaning their Go twins have.

use super::{Failure, Frame, Result, Run};
use crate::render::{go, value::Value};
use chartwright_dialect::{Arithmetic, Comparison, Expr, Kind, Ty};

impl<'s> Run<'_, 's> {
    pub(super) fn value(&mut self, expr: &Expr<'s>, frame: &mut Frame) -> Result<Value> {
        Ok(match &expr.kind {
            Kind::Nil => Value::Nil,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Int(value) => Value::Int(*value),
            Kind::Str(text) => Value::Str(text.clone()),
            Kind::List(items) => Value::list(items.iter().map(|item| self.value(item, frame)).collect::<Result<_>>()?),
            Kind::Map(entries) => Value::map(
                entries
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), self.value(value, frame)?)))
                    .collect::<Result<_>>()?,
            ),
            Kind::Var(var) => frame[var.slot].clone(),
            Kind::Context(context) => self.context(*context),
            Kind::Field(parent, key) => {
                let parent_value = self.value(parent, frame)?;
                field(&parent_value, key, parent)?
            }
            Kind::Index(parent, key) => {
                let parent_value = self.value(parent, frame)?;
                let key = go::text(&self.value(key, frame)?);
                field(&parent_value, &key, parent)?
            }
            Kind::Not(value) => Value::Bool(!self.value(value, frame)?.is_true()),
            Kind::And(a, b) => {
                let first = self.value(a, frame)?;
                if first.is_true() { self.value(b, frame)? } else { first }
            }
            Kind::Or(a, b) => {
                let first = self.value(a, frame)?;
                if first.is_true() { first } else { self.value(b, frame)? }
            }
            Kind::Compare(op, a, b) => {
                let (left, right) = (self.value(a, frame)?, self.value(b, frame)?);
                Value::Bool(compare(*op, &left, &right, b)?)
            }
            Kind::Arithmetic(op, a, b) => {
                let (a, b) = (go::int(&self.value(a, frame)?), go::int(&self.value(b, frame)?));
                Value::Int(match op {
                    Arithmetic::Add => a.wrapping_add(b),
                    Arithmetic::Subtract => a.wrapping_sub(b),
                    Arithmetic::Multiply => a.wrapping_mul(b),
                })
            }
            Kind::Concat(parts) => {
                let mut text = String::new();
                for part in parts {
                    text.push_str(&self.text_of(part, frame)?);
                }
                Value::str(text)
            }
            Kind::Ternary(parts) => {
                let [test, yes, no] = &**parts;
                // Both branches, as in Go: an error in either is an error on both sides.
                let (yes, no) = (self.value(yes, frame)?, self.value(no, frame)?);
                if self.value(test, frame)?.is_true() { yes } else { no }
            }
            Kind::Op(op, args) => self.op(op, args, expr, frame)?,
            Kind::Call(callee, args) => {
                let mut text = String::new();
                self.call(*callee, args, frame, &mut text)?;
                Value::str(text)
            }
        })
    }

    /// The text of a value where text is wanted.
    pub(super) fn text_of(&mut self, expr: &Expr<'s>, frame: &mut Frame) -> Result<String> {
        if let Kind::Str(text) = &expr.kind {
            return Ok(text.to_string());
        }
        debug_assert!(expr.ty() != Ty::Map);
        Ok(go::text(&self.value(expr, frame)?))
    }

    pub(super) fn arg(&mut self, args: &[Expr<'s>], position: usize, frame: &mut Frame) -> Result<Value> {
        args.get(position).map_or(Ok(Value::Nil), |arg| self.value(arg, frame))
    }
}

/// `index (parent | default dict) key`.
fn field(parent: &Value, key: &str, at: &Expr<'_>) -> Result<Value> {
    match parent {
        Value::Map(map) => Ok(map.get(key).cloned().unwrap_or(Value::Nil)),
        other if !other.is_true() => Ok(Value::Nil),
        other => Err(Failure { place: at.place, message: format!("there is no `{key}` in {}", other.kind()) }),
    }
}

fn compare(op: Comparison, left: &Value, right: &Value, at: &Expr<'_>) -> Result<bool> {
    Ok(match op {
        Comparison::Equal => left.same(right),
        Comparison::Unequal => !left.same(right),
        Comparison::Less => go::int(left) < go::int(right),
        Comparison::LessOrEqual => go::int(left) <= go::int(right),
        Comparison::Greater => go::int(left) > go::int(right),
        Comparison::GreaterOrEqual => go::int(left) >= go::int(right),
        Comparison::In => contains(right, left, at)?,
        Comparison::NotIn => !contains(right, left, at)?,
    })
}

fn contains(list: &Value, item: &Value, at: &Expr<'_>) -> Result<bool> {
    match list {
        Value::List(items) => Ok(items.iter().any(|one| one.same(item))),
        other if !other.is_true() => Ok(false),
        other => Err(Failure { place: at.place, message: format!("`in` looks into a list, this is {}", other.kind()) }),
    }
}
