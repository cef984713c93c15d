//! Expressions: from minijinja's tree to the checked program.

use std::sync::Arc;

use minijinja::{
    Value as Constant,
    machinery::{Span, ast},
    value::ValueKind,
};

use super::{
    Arithmetic, Comparison, Context, Expr, Kind, Op, Ty,
    statements::{DEPTH, Lower, Result},
};

impl<'s> Lower<'_, 's> {
    /// An expression that is used as a value.
    pub(crate) fn value(&mut self, expr: &ast::Expr<'s>) -> Result<Expr<'s>> {
        let value = self.argument(expr)?;
        if matches!(value.kind, Kind::Nil) {
            return Err(self.no(expr.span(), "`none` can only be an argument, a default or one side of `==`"));
        }
        Ok(value)
    }

    /// An expression that is handed on; may be `none`.
    pub(crate) fn argument(&mut self, expr: &ast::Expr<'s>) -> Result<Expr<'s>> {
        let value = self.yaml(expr)?;
        match &value.kind {
            Kind::Op(Op::Quote | Op::ToYaml | Op::Indent(_) | Op::Nindent(_), _) => Err(self.no(
                expr.span(),
                "quote and toYaml make YAML text, which the two sides write differently: it can only be printed or indented",
            )),
            Kind::Call(callee, _) => {
                self.shared.string_uses.push((*callee, value.place));
                Ok(value)
            }
            _ => Ok(value),
        }
    }

    /// An expression whose text is YAML that will be printed or read.
    pub(crate) fn yaml(&mut self, expr: &ast::Expr<'s>) -> Result<Expr<'s>> {
        self.depth += 1;
        let kind = if self.depth > DEPTH { Err(self.no(expr.span(), "nested too deep")) } else { self.kind(expr) };
        self.depth -= 1;
        Ok(Expr { kind: kind?, place: self.place(expr.span()) })
    }

    fn boxed(&mut self, expr: &ast::Expr<'s>) -> Result<Box<Expr<'s>>> {
        self.value(expr).map(Box::new)
    }

    fn kind(&mut self, expr: &ast::Expr<'s>) -> Result<Kind<'s>> {
        Ok(match expr {
            ast::Expr::Const(constant) => self.constant(&constant.value, expr.span())?,
            ast::Expr::Var(var) if var.id == "values" => Kind::Context(Context::Values),
            ast::Expr::Var(var) => Kind::Var(self.variable(var.span(), var.id)?),
            ast::Expr::GetAttr(get) => match &get.expr {
                ast::Expr::Var(var) if matches!(var.id, "release" | "chart") => {
                    self.context(get.span(), var.id, get.name)?
                }
                parent => Kind::Field(self.parent(parent)?, get.name.into()),
            },
            ast::Expr::GetItem(get) => self.item(get)?,
            ast::Expr::UnaryOp(unary) => match (unary.op.is_not(), expr.as_const()) {
                (true, _) => Kind::Not(self.boxed(&unary.expr)?),
                (false, Some(number)) => self.constant(&number, expr.span())?,
                (false, None) => return Err(self.no(expr.span(), "a minus sign stands before a number only")),
            },
            ast::Expr::BinOp(op) => self.binary(op.op, &op.left, &op.right, expr.span())?,
            ast::Expr::Compare(compare) => match compare.ops.as_slice() {
                [one] => self.compare(comparison(one.op), &compare.expr, &one.expr)?,
                _ => return Err(self.no(expr.span(), "a chain of comparisons has no twin in Helm: use `and`")),
            },
            ast::Expr::IfExpr(choice) => {
                let Some(no) = &choice.false_expr else {
                    return Err(self.no(expr.span(), "an inline `if` needs an `else`"));
                };
                let test = self.value(&choice.test_expr)?;
                Kind::Ternary(Box::new([test, self.argument(&choice.true_expr)?, self.argument(no)?]))
            }
            ast::Expr::Filter(filter) => self.filter(filter)?,
            ast::Expr::Test(test) => self.test(test)?,
            ast::Expr::Call(call) => self.call(call)?,
            ast::Expr::List(list) => {
                Kind::List(list.items.iter().map(|item| self.argument(item)).collect::<Result<_>>()?)
            }
            ast::Expr::Map(map) => Kind::Map(self.map(map)?),
            ast::Expr::Tuple(_) => return Err(self.no(expr.span(), "a tuple has no twin in Helm: write a list")),
            ast::Expr::Slice(_) => return Err(self.no(expr.span(), "a slice has no twin in Helm")),
        })
    }

    fn constant(&self, value: &Constant, span: Span) -> Result<Kind<'s>> {
        Ok(match value.kind() {
            ValueKind::None => Kind::Nil,
            ValueKind::Bool => Kind::Bool(value.is_true()),
            ValueKind::Number if value.is_integer() => match value.as_i64() {
                Some(number) => Kind::Int(number),
                None => return Err(self.no(span, "a number beyond 64 bits")),
            },
            ValueKind::String => match value.as_str() {
                Some(text) => Kind::Str(text.into()),
                None => return Err(self.no(span, "text that is no string")),
            },
            _ => return Err(self.no(span, "this constant has no twin in Helm (whole numbers, strings, booleans)")),
        })
    }

    fn context(&self, span: Span, object: &str, field: &str) -> Result<Kind<'s>> {
        Ok(Kind::Context(match (object, field) {
            ("release", "name") => Context::ReleaseName,
            ("release", "namespace") => Context::ReleaseNamespace,
            ("chart", "name") => Context::ChartName,
            ("chart", "version") => Context::ChartVersion,
            ("chart", "appVersion") => Context::ChartAppVersion,
            _ => return Err(self.no(span, format!("`{object}.{field}` is not known here"))),
        }))
    }

    fn parent(&mut self, expr: &ast::Expr<'s>) -> Result<Box<Expr<'s>>> {
        let parent = self.boxed(expr)?;
        match parent.ty() {
            Ty::Any | Ty::Map => Ok(parent),
            _ => Err(self.no(expr.span(), "only a map has fields")),
        }
    }

    fn item(&mut self, get: &ast::GetItem<'s>) -> Result<Kind<'s>> {
        if let ast::Expr::Const(key) = &get.subscript_expr {
            if key.value.as_i64() == Some(0) {
                return Ok(Kind::Op(Op::First, vec![self.value(&get.expr)?]));
            }
            let Some(name) = key.value.as_str() else {
                return Err(self.no(get.subscript_expr.span(), "of the positions only `[0]` has a twin in Helm"));
            };
            return Ok(Kind::Field(self.parent(&get.expr)?, name.into()));
        }
        let parent = self.parent(&get.expr)?;
        Ok(Kind::Index(parent, self.boxed(&get.subscript_expr)?))
    }

    fn map(&mut self, map: &ast::Map<'s>) -> Result<Vec<(Arc<str>, Expr<'s>)>> {
        let mut entries = Vec::with_capacity(map.keys.len());
        for (key, value) in map.keys.iter().zip(&map.values) {
            let ast::Expr::Const(constant) = key else {
                return Err(self.no(key.span(), "the keys of a map are strings written out"));
            };
            let Some(text) = constant.value.as_str() else {
                return Err(self.no(key.span(), "the keys of a map are strings"));
            };
            let text: Arc<str> = text.into();
            if entries.iter().any(|(known, _)| *known == text) {
                return Err(self.no(key.span(), "the same key twice"));
            }
            entries.push((text, self.argument(value)?));
        }
        Ok(entries)
    }

    fn binary(
        &mut self,
        op: ast::BinOpKind,
        left: &ast::Expr<'s>,
        right: &ast::Expr<'s>,
        span: Span,
    ) -> Result<Kind<'s>> {
        use ast::BinOpKind as B;
        Ok(match op {
            B::ScAnd => Kind::And(self.boxed(left)?, self.boxed(right)?),
            B::ScOr => Kind::Or(self.boxed(left)?, self.boxed(right)?),
            B::Add => self.arithmetic(Arithmetic::Add, left, right)?,
            B::Sub => self.arithmetic(Arithmetic::Subtract, left, right)?,
            B::Mul => self.arithmetic(Arithmetic::Multiply, left, right)?,
            B::Concat => {
                let mut parts = Vec::new();
                for side in [left, right] {
                    let part = self.value(side)?;
                    match part.kind {
                        Kind::Concat(inner) => parts.extend(inner),
                        _ => parts.push(part),
                    }
                }
                Kind::Concat(parts)
            }
            B::Eq => self.compare(Comparison::Equal, left, right)?,
            B::Ne => self.compare(Comparison::Unequal, left, right)?,
            B::Lt => self.compare(Comparison::Less, left, right)?,
            B::Lte => self.compare(Comparison::LessOrEqual, left, right)?,
            B::Gt => self.compare(Comparison::Greater, left, right)?,
            B::Gte => self.compare(Comparison::GreaterOrEqual, left, right)?,
            B::In => self.compare(Comparison::In, left, right)?,
            B::Div | B::FloorDiv | B::Rem | B::Pow => {
                return Err(self.no(span, "this operator has no twin in Helm (+, - and * have)"));
            }
        })
    }

    fn arithmetic(&mut self, op: Arithmetic, left: &ast::Expr<'s>, right: &ast::Expr<'s>) -> Result<Kind<'s>> {
        let (a, b) = (self.value(left)?, self.value(right)?);
        for (side, at) in [(&a, left), (&b, right)] {
            if !matches!(side.ty(), Ty::Any | Ty::Int) {
                return Err(self.no(at.span(), "arithmetic is for whole numbers; strings are joined with `~`"));
            }
        }
        Ok(Kind::Arithmetic(op, Box::new(a), Box::new(b)))
    }

    fn compare(&mut self, op: Comparison, left: &ast::Expr<'s>, right: &ast::Expr<'s>) -> Result<Kind<'s>> {
        let (a, b) = (self.argument(left)?, self.argument(right)?);
        let ordered = !matches!(op, Comparison::Equal | Comparison::Unequal);
        for (side, at) in [(&a, left), (&b, right)] {
            if ordered && matches!(side.kind, Kind::Nil) {
                return Err(self.no(at.span(), "`none` has no order"));
            }
        }
        match op {
            Comparison::In | Comparison::NotIn if !matches!(b.ty(), Ty::Any | Ty::List) => {
                return Err(self.no(right.span(), "`in` looks into a list (for text: `is containing(…)`)"));
            }
            Comparison::Less | Comparison::LessOrEqual | Comparison::Greater | Comparison::GreaterOrEqual
                if [&a, &b].iter().any(|side| !matches!(side.ty(), Ty::Any | Ty::Int)) =>
            {
                return Err(self.no(left.span(), "order is for whole numbers"));
            }
            _ => {}
        }
        Ok(Kind::Compare(op, Box::new(a), Box::new(b)))
    }
}

/// minijinja's operator type is not comparable.
trait IsNot {
    fn is_not(&self) -> bool;
}

impl IsNot for ast::UnaryOpKind {
    fn is_not(&self) -> bool {
        matches!(self, Self::Not)
    }
}

const fn comparison(op: ast::CompareOpKind) -> Comparison {
    use ast::CompareOpKind as C;
    match op {
        C::Eq => Comparison::Equal,
        C::Ne => Comparison::Unequal,
        C::Lt => Comparison::Less,
        C::Lte => Comparison::LessOrEqual,
        C::Gt => Comparison::Greater,
        C::Gte => Comparison::GreaterOrEqual,
        C::In => Comparison::In,
        C::NotIn => Comparison::NotIn,
    }
}
