//! The checked program: what the templates mean, with every name resolved and nothing in it that one half lacks.
//!
//! minijinja's tree is lowered into this form once. The evaluator ([`super::eval`]) runs it, the exporter
//! (`crate::export`) prints it as a Go template; whatever cannot be lowered works in neither.

mod calls;
mod cycles;
mod expressions;
mod op;
mod pattern;
mod statements;

use std::{fmt, sync::Arc};

pub(crate) use op::{Op, Ty};
pub(crate) use pattern::Pattern;

/// A place in a template; lines and columns from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The template's position in the program.
    pub(crate) file: u16,
    /// Line, from 1.
    pub(crate) line: u16,
    /// Column, from 1.
    pub(crate) column: u16,
}

/// A template that is not of the dialect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct TemplateError {
    /// The template's path.
    pub file: String,
    /// Line, from 1.
    pub line: u16,
    /// Column, from 1.
    pub column: u16,
    /// What is wrong and what to write instead.
    pub message: String,
}

/// What a file is for; told from its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// `_*.j2`: macros only.
    Macros,
    /// `rules/*.j2`: error rules.
    Rules,
    /// `NOTES.txt.j2`: text for people.
    Notes,
    /// Any other: objects only.
    Objects,
}

impl Role {
    fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        if name.starts_with('_') {
            Self::Macros
        } else if path.starts_with("rules/") {
            Self::Rules
        } else if name == "NOTES.txt.j2" {
            Self::Notes
        } else {
            Self::Objects
        }
    }
}

/// All templates, checked.
#[derive(Debug)]
pub(crate) struct Program<'s> {
    /// Their paths; [`Place::file`] points here.
    pub(crate) paths: Vec<&'s str>,
    /// All macros of all files.
    pub(crate) macros: Vec<Macro<'s>>,
    /// Every file that is not a macro file, in the order of their paths.
    pub(crate) files: Vec<File<'s>>,
}

/// A file with something to run.
#[derive(Debug)]
pub(crate) struct File<'s> {
    pub(crate) path: &'s str,
    pub(crate) role: Role,
    pub(crate) body: Vec<Stmt<'s>>,
    pub(crate) slots: usize,
}

/// A macro.
#[derive(Debug)]
pub(crate) struct Macro<'s> {
    pub(crate) name: &'s str,
    pub(crate) place: Place,
    pub(crate) params: Vec<Param<'s>>,
    pub(crate) body: Vec<Stmt<'s>>,
    pub(crate) slots: usize,
}

/// A macro's parameter; it lives in the slot of its position.
#[derive(Debug)]
pub(crate) struct Param<'s> {
    pub(crate) name: &'s str,
    pub(crate) default: Option<Expr<'s>>,
}

/// A name and where its value lives while the file or macro runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Var<'s> {
    pub(crate) name: &'s str,
    pub(crate) slot: usize,
}

/// A statement.
#[derive(Debug)]
pub(crate) enum Stmt<'s> {
    /// Text as it stands.
    Text(&'s str),
    /// Prints a value whose text is the same on both sides.
    Print(Expr<'s>),
    /// `{{ object(text) }}`: the text becomes an object of the manifest.
    Object(Expr<'s>),
    /// `{{ fail(message) }}`.
    Fail(Expr<'s>),
    /// `{{ refuse(code, path, message) }}`.
    Refuse { code: Expr<'s>, path: Expr<'s>, message: Expr<'s> },
    /// `{% if %}`.
    If { test: Expr<'s>, then: Vec<Self>, otherwise: Vec<Self> },
    /// `{% for %}`.
    For { key: Option<Var<'s>>, value: Var<'s>, over: Expr<'s>, body: Vec<Self>, otherwise: Vec<Self> },
    /// `{% set %}`; `declares` tells Go's `:=` from `=`.
    Set { var: Var<'s>, declares: bool, value: SetValue<'s> },
}

/// What may be set.
#[derive(Debug)]
pub(crate) enum SetValue<'s> {
    /// An expression.
    Expr(Expr<'s>),
    /// `merge(a, b, …)`: in Go a sequence of statements, hence only here.
    Merge(Vec<Expr<'s>>),
}

/// An expression and where it is written.
#[derive(Debug)]
pub(crate) struct Expr<'s> {
    pub(crate) kind: Kind<'s>,
    pub(crate) place: Place,
}

/// What an expression is.
#[derive(Debug)]
pub(crate) enum Kind<'s> {
    Nil,
    Bool(bool),
    Int(i64),
    Str(Arc<str>),
    List(Vec<Expr<'s>>),
    Map(Vec<(Arc<str>, Expr<'s>)>),
    Var(Var<'s>),
    Context(Context),
    /// `a.b`, `a["b"]`; a missing parent is no error.
    Field(Box<Expr<'s>>, Arc<str>),
    /// `a[b]` with a key that is computed.
    Index(Box<Expr<'s>>, Box<Expr<'s>>),
    Not(Box<Expr<'s>>),
    And(Box<Expr<'s>>, Box<Expr<'s>>),
    Or(Box<Expr<'s>>, Box<Expr<'s>>),
    Compare(Comparison, Box<Expr<'s>>, Box<Expr<'s>>),
    Arithmetic(Arithmetic, Box<Expr<'s>>, Box<Expr<'s>>),
    /// `a ~ b ~ c`.
    Concat(Vec<Expr<'s>>),
    /// `a if test else b`; both branches are evaluated.
    Ternary(Box<[Expr<'s>; 3]>),
    /// A filter, test or function; the subject comes first.
    Op(Op, Vec<Expr<'s>>),
    /// A macro by its position, with one argument for each parameter; `None` takes the default.
    Call(usize, Vec<Option<Expr<'s>>>),
}

/// What every template sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    Values,
    ReleaseName,
    ReleaseNamespace,
    ChartName,
    ChartVersion,
    ChartAppVersion,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

/// Arithmetic on whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
}

impl<'s> Program<'s> {
    /// Parses and checks templates, given as (path, text) in the order of their paths.
    pub(crate) fn compile(templates: &[(&'s str, &'s str)]) -> Result<Self, TemplateError> {
        statements::compile(templates)
    }

    /// An error at a place of this program.
    pub(crate) fn error(&self, place: Place, message: impl fmt::Display) -> TemplateError {
        error(&self.paths, place, message)
    }
}

fn error(paths: &[&str], place: Place, message: impl fmt::Display) -> TemplateError {
    TemplateError {
        file: paths.get(usize::from(place.file)).copied().unwrap_or("?").into(),
        line: place.line,
        column: place.column,
        message: message.to_string(),
    }
}

impl Expr<'_> {
    /// What is known of its value without running it.
    pub(crate) fn ty(&self) -> Ty {
        match &self.kind {
            Kind::Nil | Kind::Var(_) | Kind::Field(..) | Kind::Index(..) => Ty::Any,
            Kind::And(..) | Kind::Or(..) => Ty::Any,
            Kind::Bool(_) | Kind::Not(_) | Kind::Compare(..) => Ty::Bool,
            Kind::Int(_) | Kind::Arithmetic(..) => Ty::Int,
            Kind::Str(_) | Kind::Concat(_) | Kind::Call(..) => Ty::Str,
            Kind::List(_) => Ty::List,
            Kind::Map(_) | Kind::Context(Context::Values) => Ty::Map,
            Kind::Context(_) => Ty::Str,
            Kind::Ternary(parts) => {
                let (yes, no) = (parts[1].ty(), parts[2].ty());
                if yes == no { yes } else { Ty::Any }
            }
            Kind::Op(op, _) => op.ty(),
        }
    }
}
