//! A macro that ends up calling itself would never end: refused.

use super::{Expr, Kind, Macro, Op, Place, SetValue, Stmt};

/// The first call that closes a circle.
pub(crate) fn find(macros: &[Macro<'_>]) -> Option<Place> {
    let calls: Vec<Vec<(usize, Place)>> = macros
        .iter()
        .map(|one| {
            let mut found = Vec::new();
            one.params.iter().filter_map(|param| param.default.as_ref()).for_each(|expr| of_expr(expr, &mut found));
            of_body(&one.body, &mut found);
            found
        })
        .collect();
    let mut done = vec![false; macros.len()];
    (0..macros.len()).find_map(|start| visit(start, &calls, &mut done, &mut Vec::new()))
}

fn visit(one: usize, calls: &[Vec<(usize, Place)>], done: &mut [bool], way: &mut Vec<usize>) -> Option<Place> {
    if done[one] {
        return None;
    }
    way.push(one);
    for (callee, place) in &calls[one] {
        if way.contains(callee) {
            return Some(*place);
        }
        if let Some(found) = visit(*callee, calls, done, way) {
            return Some(found);
        }
    }
    way.pop();
    done[one] = true;
    None
}

fn of_body(body: &[Stmt<'_>], found: &mut Vec<(usize, Place)>) {
    for stmt in body {
        match stmt {
            Stmt::Text(_) => {}
            Stmt::Print(expr) | Stmt::Object(expr) | Stmt::Fail(expr) => of_expr(expr, found),
            Stmt::Refuse { code, path, message } => [code, path, message].into_iter().for_each(|e| of_expr(e, found)),
            Stmt::If { test, then, otherwise } => {
                of_expr(test, found);
                of_body(then, found);
                of_body(otherwise, found);
            }
            Stmt::For { over, body, otherwise, .. } => {
                of_expr(over, found);
                of_body(body, found);
                of_body(otherwise, found);
            }
            Stmt::Set { value: SetValue::Expr(expr), .. } => of_expr(expr, found),
            Stmt::Set { value: SetValue::Merge(exprs), .. } => exprs.iter().for_each(|expr| of_expr(expr, found)),
        }
    }
}

fn of_expr(expr: &Expr<'_>, found: &mut Vec<(usize, Place)>) {
    if let Kind::Call(callee, _) = &expr.kind {
        found.push((*callee, expr.place));
    }
    expr.kind.each_child(&mut |child| of_expr(child, found));
}

impl<'s> Kind<'s> {
    /// Calls `visit` with each direct part.
    pub fn each_child(&self, visit: &mut dyn FnMut(&Expr<'s>)) {
        match self {
            Self::Nil | Self::Bool(_) | Self::Int(_) | Self::Str(_) | Self::Var(_) | Self::Context(_) => {}
            Self::List(items) | Self::Concat(items) | Self::Op(_, items) => items.iter().for_each(visit),
            Self::Map(entries) => entries.iter().for_each(|(_, value)| visit(value)),
            Self::Field(a, _) | Self::Not(a) => visit(a),
            Self::Index(a, b) | Self::And(a, b) | Self::Or(a, b) => [a, b].into_iter().for_each(|e| visit(e)),
            Self::Compare(_, a, b) | Self::Arithmetic(_, a, b) => [a, b].into_iter().for_each(|e| visit(e)),
            Self::Ternary(parts) => parts.iter().for_each(visit),
            Self::Call(_, args) => args.iter().flatten().for_each(visit),
        }
    }
}

/// Which macros write YAML text: with quote or toYaml, or through a macro that does.
pub(crate) fn yaml_macros(macros: &[Macro<'_>]) -> Vec<bool> {
    let mut yaml: Vec<bool> = macros.iter().map(|one| prints_yaml(&one.body, &|_| false)).collect();
    loop {
        let next: Vec<bool> = macros.iter().map(|one| prints_yaml(&one.body, &|callee| yaml[callee])).collect();
        let next: Vec<bool> = next.iter().zip(&yaml).map(|(a, b)| *a || *b).collect();
        if next == yaml {
            return yaml;
        }
        yaml = next;
    }
}

fn prints_yaml(body: &[Stmt<'_>], yaml: &dyn Fn(usize) -> bool) -> bool {
    body.iter().any(|stmt| match stmt {
        Stmt::Print(expr) => is_yaml(expr, yaml),
        Stmt::If { then, otherwise, .. } => prints_yaml(then, yaml) || prints_yaml(otherwise, yaml),
        Stmt::For { body, otherwise, .. } => prints_yaml(body, yaml) || prints_yaml(otherwise, yaml),
        _ => false,
    })
}

fn is_yaml(expr: &Expr<'_>, yaml: &dyn Fn(usize) -> bool) -> bool {
    match &expr.kind {
        Kind::Op(Op::Quote | Op::ToYaml, _) => true,
        Kind::Op(Op::Indent(_) | Op::Nindent(_), args) => args.iter().any(|arg| is_yaml(arg, yaml)),
        Kind::Call(callee, _) => yaml(*callee),
        _ => false,
    }
}
