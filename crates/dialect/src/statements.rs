//! Files, macros and statements: from minijinja's tree to the checked program.

use std::collections::BTreeMap;

use minijinja::{
    machinery::{
        Span,
        ast::{self, Spanned},
        parse,
    },
    syntax::SyntaxConfig,
};

use super::{
    Expr, File, Kind, Macro, Op, Param, Place, Program, Role, SetValue, Stmt, TemplateError, Ty, Var, cycles, error,
};

/// Names that mean something else than a variable.
const RESERVED: [&str; 5] = ["values", "release", "chart", "root", "loop"];
/// How deep expressions and blocks may nest; far more than anyone reads, far less than the stack holds.
pub(crate) const DEPTH: usize = 100;

/// What a call needs to know of a macro before its body is lowered.
pub(crate) struct Signature<'s> {
    pub(crate) params: Vec<(&'s str, bool)>,
}

/// What all files share while they are lowered.
pub(crate) struct Shared<'s> {
    pub(crate) paths: Vec<&'s str>,
    pub(crate) ids: BTreeMap<&'s str, usize>,
    pub(crate) signatures: Vec<Signature<'s>>,
    /// Macros whose result is used as a value: their text must be the same on both sides.
    pub(crate) string_uses: Vec<(usize, Place)>,
}

/// Lowers the body of one file or macro.
pub(crate) struct Lower<'a, 's> {
    pub(crate) shared: &'a mut Shared<'s>,
    pub(crate) file: u16,
    role: Role,
    in_macro: bool,
    scopes: Vec<Scope<'s>>,
    slots: usize,
    pub(crate) depth: usize,
}

struct Scope<'s> {
    is_loop: bool,
    names: Vec<Var<'s>>,
    /// Names that inner blocks set; only to explain why they are unknown here.
    gone: Vec<&'s str>,
}

pub(crate) type Result<T> = std::result::Result<T, TemplateError>;

pub(crate) fn compile<'s>(templates: &[(&'s str, &'s str)]) -> Result<Program<'s>> {
    let mut shared = Shared {
        paths: templates.iter().map(|(path, _)| *path).collect(),
        ids: BTreeMap::new(),
        signatures: Vec::new(),
        string_uses: Vec::new(),
    };
    let mut trees = Vec::with_capacity(templates.len());
    for (file, (path, text)) in (0u16..).zip(templates) {
        let tree = parse(text, path, SyntaxConfig::default()).map_err(|err| TemplateError {
            file: (*path).into(),
            line: err.line().and_then(|line| u16::try_from(line).ok()).unwrap_or(1),
            column: 1,
            message: err.detail().map_or_else(|| err.kind().to_string(), str::to_owned),
        })?;
        let ast::Stmt::Template(template) = tree else {
            return Err(error(&shared.paths, Place { file, line: 1, column: 1 }, "no template"));
        };
        for child in &template.children {
            if let ast::Stmt::Macro(one) = child {
                declare_macro(&mut shared, file, one)?;
            }
        }
        trees.push((file, *path, template));
    }
    let (mut macros, mut files) = (Vec::new(), Vec::new());
    for (file, path, template) in &trees {
        let role = Role::of(path);
        let (mut rest, mut found) = (Vec::new(), Vec::new());
        for child in &template.children {
            if let ast::Stmt::Macro(one) = child { found.push(one) } else { rest.push(child) }
        }
        for one in found {
            macros.push(Lower::new(&mut shared, *file, role, true).one_macro(one)?);
        }
        let mut lower = Lower::new(&mut shared, *file, role, false);
        let body = lower.body(rest)?;
        let slots = lower.slots;
        if role == Role::Macros {
            if let Some(stray) = template.children.iter().find(|child| !only_macro_or_space(child)) {
                return Err(lower.no(span(stray), "a file whose name starts with `_` holds macros and nothing else"));
            }
        } else {
            files.push(File { path, role, body, slots });
        }
    }
    if let Some(place) = cycles::find(&macros) {
        return Err(error(&shared.paths, place, "this macro ends up calling itself"));
    }
    let yaml = cycles::yaml_macros(&macros);
    if let Some((callee, place)) = shared.string_uses.iter().find(|(callee, _)| yaml[*callee]) {
        let message = format!(
            "the text of `{}` is YAML (it uses quote or toYaml), which the two sides write differently: it can only be \
             printed, indented or made an object",
            macros[*callee].name
        );
        return Err(error(&shared.paths, *place, message));
    }
    Ok(Program { paths: shared.paths, macros, files })
}

fn only_macro_or_space(stmt: &ast::Stmt<'_>) -> bool {
    match stmt {
        ast::Stmt::Macro(_) => true,
        ast::Stmt::EmitRaw(raw) => raw.raw.trim().is_empty(),
        _ => false,
    }
}

fn declare_macro<'s>(shared: &mut Shared<'s>, file: u16, one: &Spanned<ast::Macro<'s>>) -> Result<()> {
    let place = place(file, one.span());
    let required = one.args.len().saturating_sub(one.defaults.len());
    let mut params: Vec<(&str, bool)> = Vec::new();
    for (position, arg) in one.args.iter().enumerate() {
        let ast::Expr::Var(var) = arg else {
            return Err(error(&shared.paths, place, "a macro's parameters are plain names"));
        };
        if RESERVED.contains(&var.id) || var.id.starts_with('_') || params.iter().any(|(name, _)| *name == var.id) {
            let message = format!("`{}` cannot be the name of a parameter", var.id);
            return Err(error(&shared.paths, place, message));
        }
        params.push((var.id, position >= required));
    }
    if shared.ids.insert(one.name, shared.signatures.len()).is_some() {
        return Err(error(&shared.paths, place, format!("a second macro `{}`: macros are global", one.name)));
    }
    shared.signatures.push(Signature { params });
    Ok(())
}

const fn place(file: u16, span: Span) -> Place {
    Place { file, line: span.start_line, column: span.start_col.saturating_add(1) }
}

impl<'a, 's> Lower<'a, 's> {
    fn new(shared: &'a mut Shared<'s>, file: u16, role: Role, in_macro: bool) -> Self {
        let scope = Scope { is_loop: false, names: Vec::new(), gone: Vec::new() };
        Self { shared, file, role, in_macro, scopes: vec![scope], slots: 0, depth: 0 }
    }

    pub(crate) const fn place(&self, span: Span) -> Place {
        place(self.file, span)
    }

    pub(crate) fn no(&self, span: Span, message: impl std::fmt::Display) -> TemplateError {
        error(&self.shared.paths, self.place(span), message)
    }

    fn one_macro(mut self, one: &Spanned<ast::Macro<'s>>) -> Result<Macro<'s>> {
        let required = one.args.len().saturating_sub(one.defaults.len());
        let mut params = Vec::with_capacity(one.args.len());
        // Defaults are evaluated where the macro is called: they see no parameters.
        for (position, arg) in one.args.iter().enumerate() {
            let ast::Expr::Var(var) = arg else {
                return Err(self.no(one.span(), "a macro's parameters are plain names"));
            };
            let default = match position.checked_sub(required) {
                Some(default) => Some(self.argument(&one.defaults[default])?),
                None => None,
            };
            params.push(Param { name: var.id, default });
        }
        for param in &params {
            self.declare(param.name);
        }
        let body = self.body(&one.body)?;
        Ok(Macro { name: one.name, place: self.place(one.span()), params, body, slots: self.slots })
    }

    fn declare(&mut self, name: &'s str) -> Var<'s> {
        let var = Var { name, slot: self.slots };
        self.slots += 1;
        if let Some(scope) = self.scopes.last_mut() {
            scope.names.push(var);
        }
        var
    }

    /// A known name, and whether a loop lies between its declaration and here.
    fn known(&self, name: &str) -> Option<(Var<'s>, bool)> {
        let mut through_loop = false;
        for scope in self.scopes.iter().rev() {
            if let Some(var) = scope.names.iter().rev().find(|var| var.name == name) {
                return Some((*var, through_loop));
            }
            through_loop |= scope.is_loop;
        }
        None
    }

    pub(crate) fn variable(&self, span: Span, name: &str) -> Result<Var<'s>> {
        if let Some((var, _)) = self.known(name) {
            return Ok(var);
        }
        Err(self.no(
            span,
            match name {
                "loop" => "`loop` has no twin in Helm".into(),
                "release" | "chart" => {
                    format!("`{name}` alone has no twin in Helm: name one of its fields")
                }
                _ if self.scopes.iter().any(|scope| scope.gone.contains(&name)) => {
                    format!("`{name}` was first set inside a block and is gone here: set it before the block")
                }
                _ => format!("unknown name `{name}`"),
            },
        ))
    }

    fn body<'t>(&mut self, stmts: impl IntoIterator<Item = &'t ast::Stmt<'s>>) -> Result<Vec<Stmt<'s>>>
    where
        's: 't,
    {
        let mut out = Vec::new();
        for stmt in stmts {
            if let Some(stmt) = self.stmt(stmt)? {
                out.push(stmt);
            }
        }
        Ok(out)
    }

    fn block(
        &mut self,
        is_loop: bool,
        names: &[&'s str],
        stmts: &[ast::Stmt<'s>],
    ) -> Result<(Vec<Var<'s>>, Vec<Stmt<'s>>)> {
        self.scopes.push(Scope { is_loop, names: Vec::new(), gone: Vec::new() });
        self.depth += 1;
        let vars = names.iter().map(|name| self.declare(name)).collect();
        let body = if self.depth > DEPTH { Ok(Vec::new()) } else { self.body(stmts) };
        self.depth -= 1;
        if let (Some(scope), Some(outer)) = (self.scopes.pop(), self.scopes.last_mut()) {
            outer.gone.extend(scope.names.iter().map(|var| var.name).chain(scope.gone));
        }
        Ok((vars, body?))
    }

    fn stmt(&mut self, stmt: &ast::Stmt<'s>) -> Result<Option<Stmt<'s>>> {
        if self.depth >= DEPTH {
            return Err(self.no(span(stmt), "nested too deep"));
        }
        Ok(Some(match stmt {
            ast::Stmt::EmitRaw(raw) => match self.text(raw)? {
                Some(text) => Stmt::Text(text),
                None => return Ok(None),
            },
            ast::Stmt::EmitExpr(emit) => self.emit(&emit.expr)?,
            ast::Stmt::IfCond(cond) => {
                let test = self.value(&cond.expr)?;
                let (_, then) = self.block(false, &[], &cond.true_body)?;
                let (_, otherwise) = self.block(false, &[], &cond.false_body)?;
                Stmt::If { test, then, otherwise }
            }
            ast::Stmt::ForLoop(one) => self.for_loop(one)?,
            ast::Stmt::Set(set) => self.set(set)?,
            other => return Err(self.no(span(other), refused(other))),
        }))
    }

    /// Text of a macro is kept; around objects and rules only space and `---` may stand, which come back anyway.
    fn text(&self, raw: &Spanned<ast::EmitRaw<'s>>) -> Result<Option<&'s str>> {
        if self.in_macro || self.role == Role::Notes {
            return Ok((!raw.raw.is_empty()).then_some(raw.raw));
        }
        let separators = self.role == Role::Objects;
        if raw.raw.lines().all(|line| line.trim().is_empty() || (separators && line.trim_end() == "---")) {
            return Ok(None);
        }
        Err(self.no(raw.span(), "text outside of a macro: write the object in a macro and print it with `object(…)`"))
    }

    fn emit(&mut self, expr: &ast::Expr<'s>) -> Result<Stmt<'s>> {
        let span = expr.span();
        if let ast::Expr::Call(call) = expr
            && let ast::Expr::Var(function) = &call.expr
        {
            match (function.id, call.args.as_slice()) {
                ("fail", [ast::CallArg::Pos(message)]) => return Ok(Stmt::Fail(self.value(message)?)),
                ("object", [ast::CallArg::Pos(text)]) => {
                    if self.in_macro || self.role != Role::Objects {
                        return Err(self.no(span, "`object` stands in object files only, outside of macros"));
                    }
                    return Ok(Stmt::Object(self.yaml(text)?));
                }
                ("refuse", [ast::CallArg::Pos(code), ast::CallArg::Pos(path), ast::CallArg::Pos(message)]) => {
                    if !self.shared.paths[usize::from(self.file)].starts_with("rules/") {
                        return Err(self.no(span, "`refuse` stands in files under `rules/` only"));
                    }
                    let (code, path) = (self.value(code)?, self.value(path)?);
                    return Ok(Stmt::Refuse { code, path, message: self.value(message)? });
                }
                ("fail" | "object" | "refuse", _) => {
                    return Err(self.no(span, format!("wrong arguments of `{}`", function.id)));
                }
                _ => {}
            }
        }
        let printed = self.yaml(expr)?;
        let allowed = match (&printed.kind, self.in_macro, self.role) {
            (Kind::Call(..), true, _) | (Kind::Call(..), _, Role::Rules | Role::Notes) => true,
            (Kind::Op(op, _), true, _) | (Kind::Op(op, _), _, Role::Notes) => {
                op.prints() || matches!(printed.ty(), Ty::Int | Ty::Bool)
            }
            (_, true, _) | (_, _, Role::Notes) => matches!(printed.ty(), Ty::Int | Ty::Bool),
            (_, false, Role::Objects | Role::Macros) => {
                return Err(self.no(span, "outside of macros only `object(…)` and `fail(…)` can be printed here"));
            }
            (_, false, Role::Rules) => {
                return Err(self.no(span, "a rule prints nothing: `refuse(code, path, message)` or a macro that does"));
            }
        };
        if !allowed {
            return Err(self.no(
                span,
                "a bare value prints differently in Helm: end with quote, text, int, bool, toYaml, toJson, indent or nindent",
            ));
        }
        Ok(Stmt::Print(printed))
    }

    fn for_loop(&mut self, one: &Spanned<ast::ForLoop<'s>>) -> Result<Stmt<'s>> {
        if one.recursive || one.filter_expr.is_some() {
            return Err(self.no(one.span(), "a recursive or filtered loop has no twin in Helm: put an `if` inside"));
        }
        let pair = match &one.target {
            ast::Expr::Tuple(tuple) => Some(tuple.items.as_slice()),
            ast::Expr::List(list) => Some(list.items.as_slice()),
            _ => None,
        };
        let (names, over) = match (&one.target, pair, &one.iter) {
            (_, Some([key, value]), ast::Expr::Filter(filter)) if filter.name == "items" && filter.args.is_empty() => {
                let Some(subject) = &filter.expr else { return Err(self.no(one.span(), "`items` of what?")) };
                (vec![self.new_name(key)?, self.new_name(value)?], subject)
            }
            (ast::Expr::Var(_), None, iter) => (vec![self.new_name(&one.target)?], iter),
            _ => {
                let message = "this loop has no twin in Helm: `for k, v in map|items` or `for x in list`";
                return Err(self.no(one.span(), message));
            }
        };
        let over = self.value(over)?;
        if matches!(over.ty(), Ty::Str | Ty::Int | Ty::Bool) {
            return Err(self.no(one.iter.span(), "a loop walks a map or a list"));
        }
        let (vars, body) = self.block(true, &names, &one.body)?;
        let (_, otherwise) = self.block(false, &[], &one.else_body)?;
        let (key, value) = match vars.as_slice() {
            [key, value] => (Some(*key), *value),
            [value, ..] => (None, *value),
            [] => return Err(self.no(one.span(), "a loop without a name")),
        };
        Ok(Stmt::For { key, value, over, body, otherwise })
    }

    fn new_name(&self, target: &ast::Expr<'s>) -> Result<&'s str> {
        match target {
            ast::Expr::Var(var) if RESERVED.contains(&var.id) || var.id.starts_with('_') => {
                Err(self.no(var.span(), format!("`{}` cannot be the name of a variable", var.id)))
            }
            ast::Expr::Var(var) => Ok(var.id),
            other => Err(self.no(other.span(), "only a plain name can be set")),
        }
    }

    fn set(&mut self, set: &Spanned<ast::Set<'s>>) -> Result<Stmt<'s>> {
        let name = self.new_name(&set.target)?;
        let value = match &set.expr {
            ast::Expr::Call(call) if matches!(&call.expr, ast::Expr::Var(function) if function.id == "merge") => {
                SetValue::Merge(self.positional(call)?)
            }
            expr => SetValue::Expr(self.value(expr)?),
        };
        match self.known(name) {
            None => Ok(Stmt::Set { var: self.declare(name), declares: true, value }),
            Some((var, through_loop)) => {
                if through_loop && !grows(&value, var) {
                    let message = format!(
                        "setting the outer name `{name}` inside a loop is lost in Jinja: only `append({name}, …)` and \
                         `concat({name}, …)` may do so"
                    );
                    return Err(self.no(set.span(), message));
                }
                Ok(Stmt::Set { var, declares: false, value })
            }
        }
    }
}

/// `set x = append(x, …)` or `set x = concat(x, …)`.
fn grows(value: &SetValue<'_>, var: Var<'_>) -> bool {
    let SetValue::Expr(Expr { kind: Kind::Op(Op::Append | Op::Concat, args), .. }) = value else { return false };
    matches!(args.first(), Some(Expr { kind: Kind::Var(first), .. }) if first.slot == var.slot)
}

fn refused(stmt: &ast::Stmt<'_>) -> &'static str {
    match stmt {
        ast::Stmt::Macro(_) => "a macro inside a block: macros stand at the top of a file",
        ast::Stmt::WithBlock(_) => "`with` has no twin in Helm: use `set`",
        ast::Stmt::SetBlock(_) => "a set block has no twin in Helm: write a macro",
        ast::Stmt::FilterBlock(_) => "a filter block has no twin in Helm",
        ast::Stmt::AutoEscape(_) => "autoescape has no twin in Helm",
        ast::Stmt::CallBlock(_) => "a call block has no twin in Helm",
        ast::Stmt::Do(_) => "`do` has no twin in Helm: `set x = append(x, …)`",
        _ => "this statement has no twin in Helm",
    }
}

fn span(stmt: &ast::Stmt<'_>) -> Span {
    match stmt {
        ast::Stmt::Template(s) => s.span(),
        ast::Stmt::EmitExpr(s) => s.span(),
        ast::Stmt::EmitRaw(s) => s.span(),
        ast::Stmt::ForLoop(s) => s.span(),
        ast::Stmt::IfCond(s) => s.span(),
        ast::Stmt::WithBlock(s) => s.span(),
        ast::Stmt::Set(s) => s.span(),
        ast::Stmt::SetBlock(s) => s.span(),
        ast::Stmt::AutoEscape(s) => s.span(),
        ast::Stmt::FilterBlock(s) => s.span(),
        ast::Stmt::Macro(s) => s.span(),
        ast::Stmt::CallBlock(s) => s.span(),
        ast::Stmt::Do(s) => s.span(),
    }
}
