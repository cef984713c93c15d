//! Filters, tests, functions and calls of macros.

use minijinja::machinery::{
    Span,
    ast::{self, CallArg},
};

use super::{
    Expr, Kind, Op, Pattern, Ty,
    statements::{Lower, Result},
};

impl<'s> Lower<'_, 's> {
    pub(crate) fn filter(&mut self, filter: &ast::Filter<'s>) -> Result<Kind<'s>> {
        let Some(subject) = &filter.expr else {
            return Err(self.no(Span::default(), format!("the filter `{}` of what?", filter.name)));
        };
        let span = subject.span();
        if matches!(filter.name, "indent" | "nindent" | "trunc") {
            let number = match filter.args.as_slice() {
                [CallArg::Pos(ast::Expr::Const(number))] => number.value.as_usize().filter(|number| *number <= 253),
                _ => None,
            };
            let Some(op) = number.and_then(|number| Op::numbered_filter(filter.name, number)) else {
                return Err(self.no(span, format!("`{}` takes one small number written out", filter.name)));
            };
            let subject = if filter.name == "trunc" { self.value(subject)? } else { self.yaml(subject)? };
            return Ok(Kind::Op(op, vec![subject]));
        }
        if filter.name == "find" {
            let pattern = self.pattern(&filter.args, span, "find")?;
            return Ok(Kind::Op(Op::Find(pattern), vec![self.value(subject)?]));
        }
        let Some((op, count)) = Op::filter(filter.name) else {
            return Err(self.no(
                span,
                match filter.name {
                    "items" => "`items` stands in `for k, v in map|items` only".into(),
                    name => format!("the filter `{name}` has no twin in Helm"),
                },
            ));
        };
        let mut args = vec![self.value(subject)?];
        args.extend(self.args(&filter.args, count, span, filter.name)?);
        let fits = match op {
            Op::First | Op::Last | Op::Join => matches!(args[0].ty(), Ty::Any | Ty::List),
            Op::Keys => matches!(args[0].ty(), Ty::Any | Ty::Map),
            Op::Length => !matches!(args[0].ty(), Ty::Int | Ty::Bool),
            _ => true,
        };
        if !fits {
            return Err(self.no(span, format!("`{}` does not fit what stands before it", filter.name)));
        }
        Ok(Kind::Op(op, args))
    }

    pub(crate) fn test(&mut self, test: &ast::Test<'s>) -> Result<Kind<'s>> {
        let span = test.expr.span();
        if test.name == "matching" {
            let pattern = self.pattern(&test.args, span, "matching")?;
            return Ok(Kind::Op(Op::Matching(pattern), vec![self.value(&test.expr)?]));
        }
        let Some((op, count)) = Op::test(test.name) else {
            return Err(self.no(
                span,
                match test.name {
                    "defined" | "undefined" | "none" => "use `is set` or `is not set`: null and missing are one".into(),
                    name => format!("the test `{name}` has no twin in Helm"),
                },
            ));
        };
        let mut args = vec![self.value(&test.expr)?];
        args.extend(self.args(&test.args, count, span, test.name)?);
        Ok(Kind::Op(op, args))
    }

    pub(crate) fn call(&mut self, call: &ast::Call<'s>) -> Result<Kind<'s>> {
        let span = call.expr.span();
        let ast::Expr::Var(function) = &call.expr else {
            return Err(self.no(span, "a method call has no twin in Helm"));
        };
        if let Some(callee) = self.shared.ids.get(function.id).copied() {
            return self.call_macro(callee, call, span, function.id);
        }
        Ok(match function.id {
            "has_api" => Kind::Op(Op::HasApi, self.args(&call.args, 1, span, "has_api")?),
            "version_at_least" => Kind::Op(Op::VersionAtLeast, self.args(&call.args, 2, span, "version_at_least")?),
            "append" => Kind::Op(Op::Append, self.args(&call.args, 2, span, "append")?),
            "concat" => Kind::Op(Op::Concat, self.positional(call)?),
            "nulls" => Kind::Op(Op::Nulls, self.positional(call)?),
            "merge" => return Err(self.no(span, "`merge` stands in `set x = merge(…)` only")),
            "fail" | "refuse" | "object" => {
                return Err(self.no(span, format!("`{}` stands alone in `{{{{ }}}}`", function.id)));
            }
            name => return Err(self.no(span, format!("`{name}` is neither a macro nor a known function"))),
        })
    }

    /// One or more arguments by position.
    pub(crate) fn positional(&mut self, call: &ast::Call<'s>) -> Result<Vec<Expr<'s>>> {
        self.args(&call.args, call.args.len().max(1), call.expr.span(), "this function")
    }

    /// The one argument of a filter or test that is a regular expression.
    fn pattern(&self, args: &[CallArg<'s>], span: Span, name: &str) -> Result<Pattern> {
        let [CallArg::Pos(ast::Expr::Const(pattern))] = args else {
            return Err(self.no(span, format!("`{name}` takes a regular expression written out")));
        };
        Pattern::new(pattern.value.as_str().unwrap_or_default()).map_err(|problem| {
            self.no(span, format!("this regular expression differs between the two sides: {problem}"))
        })
    }

    fn args(&mut self, args: &[CallArg<'s>], count: usize, span: Span, name: &str) -> Result<Vec<Expr<'s>>> {
        if args.len() != count {
            return Err(self.no(span, format!("`{name}` takes {count} arguments, not {}", args.len())));
        }
        args.iter()
            .map(|arg| match arg {
                CallArg::Pos(expr) => self.value(expr),
                _ => Err(self.no(span, format!("`{name}` takes its arguments by position"))),
            })
            .collect()
    }

    fn call_macro(&mut self, callee: usize, call: &ast::Call<'s>, span: Span, name: &str) -> Result<Kind<'s>> {
        let params = self.shared.signatures[callee].params.clone();
        let mut args: Vec<Option<Expr<'s>>> = params.iter().map(|_| None).collect();
        for (position, arg) in call.args.iter().enumerate() {
            let (position, value) = match arg {
                CallArg::Pos(expr) => (position, expr),
                CallArg::Kwarg(keyword, expr) => match params.iter().position(|(param, _)| param == keyword) {
                    Some(position) => (position, expr),
                    None => return Err(self.no(span, format!("`{name}` has no parameter `{keyword}`"))),
                },
                CallArg::PosSplat(_) | CallArg::KwargSplat(_) => {
                    return Err(self.no(span, "a splat has no twin in Helm"));
                }
            };
            let value = self.argument(value)?;
            match args.get_mut(position) {
                Some(slot @ None) => *slot = Some(value),
                Some(Some(_)) => return Err(self.no(span, format!("`{name}` gets `{}` twice", params[position].0))),
                None => return Err(self.no(span, format!("`{name}` takes {} arguments", params.len()))),
            }
        }
        if let Some(((missing, _), _)) =
            params.iter().zip(&args).find(|((_, optional), arg)| !optional && arg.is_none())
        {
            return Err(self.no(span, format!("`{name}` needs `{missing}`")));
        }
        Ok(Kind::Call(callee, args))
    }
}
