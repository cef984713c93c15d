//! The checked program → Go templates. Nothing is refused here but a regular expression that does not compile: what
//! has no twin never became part of the program.

mod expressions;
mod statements;

use chartwright_dialect::{Expr, Kind, Macro, Op, Program, Role, SetValue, Stmt};
use std::fmt::Write as _;

use regex_lite::Regex;

use super::File;
use crate::render::{Engine, TemplateError};
use statements::Go;

const PRELUDE: &str = include_str!("prelude.tpl");

/// Translates checked templates to the files below `templates/` of a Helm chart.
///
/// Macros become named templates in `_<file>.tpl`, objects `<folder>-<name>.yaml`, rules named templates in
/// `_rules.tpl`. `rules/check.yaml` runs the rules: it stands deeper than the others because Helm renders deeper
/// files first, so a refusal is said before an object stumbles over the same values.
pub fn translate(engine: &Engine<'_>) -> Result<Vec<File>, TemplateError> {
    let program = &engine.0;
    check_patterns(program)?;
    let mut files = vec![File::text("templates/_prelude.tpl", PRELUDE)];
    let mut rules = (String::new(), String::new());
    for (file, path) in (0u16..).zip(&program.paths) {
        let mut defines = String::new();
        for one in program.macros.iter().filter(|one| one.place.file == file) {
            defines.push_str(&Go::new(program).define(one));
        }
        let body = program.files.iter().find(|file| file.path == *path);
        match body {
            None => files.push(File::text(format!("templates/{}.tpl", flat(path, "_")), &defines)),
            Some(file) if file.role == Role::Rules => {
                let name = format!("cw.rules.{}", stem(path));
                rules.0.push_str(&defines);
                rules.0.push_str(&Go::new(program).rules(&name, &file.body));
                let _ = writeln!(rules.1, "{{{{- $_ := include \"{name}\" . }}}}");
            }
            Some(file) => {
                let text = defines + &Go::new(program).file(&file.body, file.role);
                let name =
                    if file.role == Role::Notes { "NOTES.txt".into() } else { format!("{}.yaml", flat(path, "")) };
                files.push(File::text(format!("templates/{name}"), &text));
            }
        }
    }
    if !rules.1.is_empty() {
        files.push(File::text("templates/_rules.tpl", &rules.0));
        files.push(File::text("templates/rules/check.yaml", &rules.1));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Translates one text that nobody checked; for the fuzzer: whatever it is, this returns.
pub fn translate_untrusted(text: &str) {
    for path in ["_fuzz.yaml.j2", "fuzz/object.yaml.j2", "rules/fuzz.j2", "NOTES.txt.j2"] {
        let _ = Engine::compile(&[(path, text)]).and_then(|engine| translate(&engine));
    }
}

/// `operator/deployment.yaml.j2` → `operator-deployment`; macro files keep their underscore in front.
fn flat(path: &str, prefix: &str) -> String {
    format!("{prefix}{}", stem(path).replace("/_", "-").trim_start_matches('_').replace('/', "-"))
}

fn stem(path: &str) -> &str {
    let path = path.strip_suffix(".j2").unwrap_or(path);
    path.strip_suffix(".yaml").unwrap_or(path)
}

fn check_patterns(program: &Program<'_>) -> Result<(), TemplateError> {
    let bodies = program.files.iter().map(|file| &file.body).chain(program.macros.iter().map(|one| &one.body));
    for body in bodies {
        for stmt in body {
            check_stmt(program, stmt)?;
        }
    }
    for param in program.macros.iter().flat_map(|one: &Macro<'_>| &one.params) {
        param.default.iter().try_for_each(|default| check_expr(program, default))?;
    }
    Ok(())
}

fn check_stmt(program: &Program<'_>, stmt: &Stmt<'_>) -> Result<(), TemplateError> {
    match stmt {
        Stmt::Text(_) => Ok(()),
        Stmt::Print(expr) | Stmt::Object(expr) | Stmt::Fail(expr) => check_expr(program, expr),
        Stmt::Refuse { code, path, message } => {
            [code, path, message].into_iter().try_for_each(|expr| check_expr(program, expr))
        }
        Stmt::If { test: expr, then: body, otherwise } | Stmt::For { over: expr, body, otherwise, .. } => {
            check_expr(program, expr)?;
            body.iter().chain(otherwise).try_for_each(|stmt| check_stmt(program, stmt))
        }
        Stmt::Set { value: SetValue::Expr(expr), .. } => check_expr(program, expr),
        Stmt::Set { value: SetValue::Merge(parts), .. } => parts.iter().try_for_each(|part| check_expr(program, part)),
    }
}

fn check_expr(program: &Program<'_>, expr: &Expr<'_>) -> Result<(), TemplateError> {
    let mut result = Ok(());
    if let Kind::Op(Op::Matching(pattern) | Op::Find(pattern), _) = &expr.kind
        && Regex::new(pattern.as_str()).is_err()
    {
        return Err(program.error(expr.place, "this regular expression does not compile"));
    }
    expr.kind.each_child(&mut |child| {
        if result.is_ok() {
            result = check_expr(program, child);
        }
    });
    result
}
