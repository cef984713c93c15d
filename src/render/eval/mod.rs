//! Runs the checked program with Go's rules: what it prints is what the exported chart prints.

mod expressions;
mod ops;

use std::collections::HashMap;

use chartwright_dialect::{
    Context, Expr, File, Kind, Op, Pattern, Place, Program, Role, SetValue, Stmt, TemplateError, Var,
};
use regex_lite::Regex;

use super::{
    merge,
    object::{self, Placeholders},
    value::{Map, Value},
};

/// What the templates see.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) values: Value,
    pub(crate) release_name: Value,
    pub(crate) release_namespace: Value,
    pub(crate) chart_name: Value,
    pub(crate) chart_version: Value,
    pub(crate) chart_app_version: Value,
    pub(crate) api_versions: Vec<String>,
}

/// A finding of an error rule, as the rule words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule's code.
    pub code: String,
    /// The path in the values; may be empty.
    pub path: String,
    /// What is wrong.
    pub message: String,
}

/// One run over one set of values.
pub(crate) struct Run<'p, 's> {
    program: &'p Program<'s>,
    input: &'p Input,
    placeholders: Placeholders,
    /// Compiled when first needed.
    patterns: HashMap<String, Option<Regex>>,
    role: Role,
    /// Objects of the file that runs.
    objects: Vec<Value>,
    refusals: Vec<Refusal>,
}

/// Why a run ended early.
pub(crate) struct Failure {
    place: Place,
    message: String,
}

type Result<T> = std::result::Result<T, Failure>;
type Frame = Vec<Value>;

impl<'p, 's> Run<'p, 's> {
    pub(crate) fn new(program: &'p Program<'s>, input: &'p Input) -> Self {
        let placeholders = Placeholders::new(input);
        let (patterns, role) = (HashMap::new(), Role::Objects);
        Self { program, input, placeholders, patterns, role, objects: Vec::new(), refusals: Vec::new() }
    }

    /// A pattern, ready to be looked for; that it compiles is known since the chart was translated.
    fn regex(&mut self, pattern: &Pattern) -> Option<&Regex> {
        self.patterns.entry(pattern.as_str().to_owned()).or_insert_with_key(|text| Regex::new(text).ok()).as_ref()
    }

    /// The objects of one file.
    pub(crate) fn objects(&mut self, file: &File<'s>) -> std::result::Result<Vec<Value>, TemplateError> {
        self.file(file)?;
        Ok(std::mem::take(&mut self.objects))
    }

    /// The text of one file.
    pub(crate) fn text(&mut self, file: &File<'s>) -> std::result::Result<String, TemplateError> {
        self.file(file)
    }

    /// What the rules of one file refuse.
    pub(crate) fn refusals(&mut self, file: &File<'s>) -> std::result::Result<Vec<Refusal>, TemplateError> {
        self.file(file)?;
        Ok(std::mem::take(&mut self.refusals))
    }

    fn file(&mut self, file: &File<'s>) -> std::result::Result<String, TemplateError> {
        self.role = file.role;
        let mut out = String::new();
        let mut frame = vec![Value::Nil; file.slots];
        self.body(&file.body, &mut frame, &mut out)
            .map_err(|failure| self.program.error(failure.place, failure.message))?;
        Ok(out)
    }

    fn body(&mut self, body: &[Stmt<'s>], frame: &mut Frame, out: &mut String) -> Result<()> {
        for stmt in body {
            match stmt {
                Stmt::Text(text) => out.push_str(text),
                Stmt::Print(expr) => self.print(expr, frame, out)?,
                Stmt::Object(expr) => {
                    let mut text = String::with_capacity(2048);
                    self.print(expr, frame, &mut text)?;
                    let object = object::finish(&text, self.input, &self.placeholders)
                        .map_err(|message| Failure { place: expr.place, message })?;
                    self.objects.push(object);
                }
                Stmt::Fail(message) => {
                    let text = self.text_of(message, frame)?;
                    return Err(Failure { place: message.place, message: text });
                }
                Stmt::Refuse { code, path, message } => {
                    let refusal = Refusal {
                        code: self.text_of(code, frame)?,
                        path: self.text_of(path, frame)?,
                        message: self.text_of(message, frame)?,
                    };
                    self.refusals.push(refusal);
                }
                Stmt::If { test, then, otherwise } => {
                    let branch = if self.value(test, frame)?.is_true() { then } else { otherwise };
                    self.body(branch, frame, out)?;
                }
                Stmt::For { key, value, over, body, otherwise } => {
                    let over_value = self.value(over, frame)?;
                    self.each(*key, *value, over, &over_value, body, otherwise, frame, out)?;
                }
                Stmt::Set { var, value, .. } => frame[var.slot] = self.set(value, frame)?,
            }
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one loop")]
    fn each(
        &mut self,
        key: Option<Var<'s>>,
        value: Var<'s>,
        over: &Expr<'s>,
        collection: &Value,
        body: &[Stmt<'s>],
        otherwise: &[Stmt<'s>],
        frame: &mut Frame,
        out: &mut String,
    ) -> Result<()> {
        if !collection.is_true() {
            return self.body(otherwise, frame, out);
        }
        match (collection, key) {
            (Value::Map(map), key) => {
                for (name, item) in map.iter() {
                    if let Some(key) = key {
                        frame[key.slot] = Value::Str(name.clone());
                    }
                    frame[value.slot] = item.clone();
                    self.body(body, frame, out)?;
                }
                Ok(())
            }
            (Value::List(items), None) => {
                for item in items.iter() {
                    frame[value.slot] = item.clone();
                    self.body(body, frame, out)?;
                }
                Ok(())
            }
            (other, _) => {
                Err(Failure { place: over.place, message: format!("this loop cannot walk {}", other.kind()) })
            }
        }
    }

    fn set(&mut self, value: &SetValue<'s>, frame: &mut Frame) -> Result<Value> {
        match value {
            SetValue::Expr(expr) => self.value(expr, frame),
            SetValue::Merge(parts) => {
                let mut merged = Map::new();
                for part in parts {
                    match self.value(part, frame)? {
                        Value::Map(map) => merge::merge(&mut merged, &map),
                        other if !other.is_true() => {}
                        other => {
                            let message = format!("`merge` is for maps, this is {}", other.kind());
                            return Err(Failure { place: part.place, message });
                        }
                    }
                }
                Ok(Value::map(merged))
            }
        }
    }

    /// Writes what `{{ expr }}` prints.
    fn print(&mut self, expr: &Expr<'s>, frame: &mut Frame, out: &mut String) -> Result<()> {
        match &expr.kind {
            Kind::Call(callee, args) => self.call(*callee, args, frame, out),
            Kind::Op(Op::Indent(width), args) => self.indented(*width, args, frame, out),
            Kind::Op(Op::Nindent(width), args) => {
                out.push('\n');
                self.indented(*width, args, frame, out)
            }
            Kind::Op(Op::ToYaml, args) => {
                let value = self.arg(args, 0, frame)?;
                object::write_yaml(&value, out);
                Ok(())
            }
            Kind::Op(Op::Quote, args) => {
                match self.arg(args, 0, frame)? {
                    Value::Nil => {}
                    Value::Str(text) => super::go::write_quoted(&text, out),
                    other => super::go::write_quoted(&super::go::display(&other), out),
                }
                Ok(())
            }
            _ => {
                out.push_str(&super::go::text(&self.value(expr, frame)?));
                Ok(())
            }
        }
    }

    fn indented(&mut self, width: usize, args: &[Expr<'s>], frame: &mut Frame, out: &mut String) -> Result<()> {
        let mut text = String::new();
        if let Some(arg) = args.first() {
            self.print(arg, frame, &mut text)?;
        }
        let pad = " ".repeat(width);
        for (position, line) in text.split('\n').enumerate() {
            if position > 0 {
                out.push('\n');
            }
            out.push_str(&pad);
            out.push_str(line);
        }
        Ok(())
    }

    fn call(&mut self, callee: usize, args: &[Option<Expr<'s>>], frame: &mut Frame, out: &mut String) -> Result<()> {
        let program = self.program;
        let callee = &program.macros[callee];
        let mut inner = Vec::with_capacity(callee.slots);
        for (param, arg) in callee.params.iter().zip(args) {
            inner.push(match (arg, &param.default) {
                (Some(arg), _) => self.value(arg, frame)?,
                (None, Some(default)) => self.value(default, frame)?,
                (None, None) => Value::Nil,
            });
        }
        inner.resize(callee.slots, Value::Nil);
        self.body(&callee.body, &mut inner, out)
    }

    fn context(&self, context: Context) -> Value {
        let input = self.input;
        match context {
            Context::Values => &input.values,
            Context::ReleaseName => &input.release_name,
            Context::ReleaseNamespace => &input.release_namespace,
            Context::ChartName => &input.chart_name,
            Context::ChartVersion => &input.chart_version,
            Context::ChartAppVersion => &input.chart_app_version,
        }
        .clone()
    }
}
