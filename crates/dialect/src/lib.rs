//! The dialect of the chart's templates, as a checked program: every name resolved, and nothing in it that has no twin
//! in Helm's language.
//!
//! minijinja's tree is lowered into this form once, when the tool is built: a template that is not of the dialect fails
//! the build. `chartwright::render` runs the program, `chartwright::export` prints it as Go templates; whatever cannot
//! be lowered works in neither.

mod calls;
mod cycles;
mod expressions;
mod op;
mod pattern;
mod statements;

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

pub use op::{Op, Ty};
pub use pattern::Pattern;

/// A place in a template; lines and columns from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Place {
    /// The template's position in the program.
    pub file: u16,
    /// Line, from 1.
    pub line: u16,
    /// Column, from 1.
    pub column: u16,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Role {
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
#[derive(Debug, Deserialize, Serialize)]
pub struct Program<'s> {
    /// Their paths; [`Place::file`] points here.
    #[serde(borrow)]
    pub paths: Vec<&'s str>,
    /// All macros of all files.
    pub macros: Vec<Macro<'s>>,
    /// Every file that is not a macro file, in the order of their paths.
    pub files: Vec<File<'s>>,
}

/// A file with something to run.
#[derive(Debug, Deserialize, Serialize)]
pub struct File<'s> {
    /// Below `chart-templates/`.
    pub path: &'s str,
    /// What it is for.
    pub role: Role,
    /// What it does.
    #[serde(borrow)]
    pub body: Vec<Stmt<'s>>,
    /// How many variables it has.
    pub slots: usize,
}

/// A macro.
#[derive(Debug, Deserialize, Serialize)]
pub struct Macro<'s> {
    /// Unique among all files.
    pub name: &'s str,
    /// Where it is written.
    pub place: Place,
    /// What it takes.
    #[serde(borrow)]
    pub params: Vec<Param<'s>>,
    /// What it does.
    pub body: Vec<Stmt<'s>>,
    /// How many variables it has, its parameters among them.
    pub slots: usize,
}

/// A macro's parameter; it lives in the slot of its position.
#[derive(Debug, Deserialize, Serialize)]
pub struct Param<'s> {
    /// Its name inside the macro.
    pub name: &'s str,
    /// What it is when the call does not say.
    #[serde(borrow)]
    pub default: Option<Expr<'s>>,
}

/// A name and where its value lives while the file or macro runs.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Var<'s> {
    /// As the template calls it.
    pub name: &'s str,
    /// Its place in the frame.
    pub slot: usize,
}

/// A statement.
#[derive(Debug, Deserialize, Serialize)]
pub enum Stmt<'s> {
    /// Text as it stands.
    Text(&'s str),
    /// Prints a value whose text is the same on both sides.
    Print(#[serde(borrow)] Expr<'s>),
    /// `{{ object(text) }}`: the text becomes an object of the manifest.
    Object(Expr<'s>),
    /// `{{ fail(message) }}`.
    Fail(Expr<'s>),
    /// `{{ refuse(code, path, message) }}`.
    Refuse {
        /// Such as `CW1203`.
        code: Expr<'s>,
        /// Of the value, in `a.b[0]`.
        path: Expr<'s>,
        /// What is wrong, and on a second line what to write.
        message: Expr<'s>,
    },
    /// `{% if %}`.
    If {
        /// What decides.
        test: Expr<'s>,
        /// Runs when it is true.
        then: Vec<Self>,
        /// Runs when it is not.
        otherwise: Vec<Self>,
    },
    /// `{% for %}`.
    For {
        /// Takes the keys of a map.
        key: Option<Var<'s>>,
        /// Takes the items.
        value: Var<'s>,
        /// The map or list.
        over: Expr<'s>,
        /// Runs for each item.
        body: Vec<Self>,
        /// Runs when there is none.
        otherwise: Vec<Self>,
    },
    /// `{% set %}`; `declares` tells Go's `:=` from `=`.
    Set {
        /// What is set.
        var: Var<'s>,
        /// Whether it is new here.
        declares: bool,
        /// To what.
        value: SetValue<'s>,
    },
}

/// What may be set.
#[derive(Debug, Deserialize, Serialize)]
pub enum SetValue<'s> {
    /// An expression.
    Expr(#[serde(borrow)] Expr<'s>),
    /// `merge(a, b, …)`: in Go a sequence of statements, hence only here.
    Merge(Vec<Expr<'s>>),
}

/// An expression and where it is written.
#[derive(Debug, Deserialize, Serialize)]
pub struct Expr<'s> {
    /// What it is.
    #[serde(borrow)]
    pub kind: Kind<'s>,
    /// Where.
    pub place: Place,
}

/// What an expression is.
#[derive(Debug, Deserialize, Serialize)]
#[expect(missing_docs, reason = "the names are those of the syntax")]
pub enum Kind<'s> {
    Nil,
    Bool(bool),
    Int(i64),
    Str(Arc<str>),
    List(#[serde(borrow)] Vec<Expr<'s>>),
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[expect(missing_docs, reason = "the names are those of the syntax")]
pub enum Context {
    Values,
    ReleaseName,
    ReleaseNamespace,
    ChartName,
    ChartVersion,
    ChartAppVersion,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[expect(missing_docs, reason = "the names are those of the syntax")]
pub enum Comparison {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[expect(missing_docs, reason = "the names are those of the syntax")]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
}

impl<'s> Program<'s> {
    /// Parses and checks templates, given as (path, text) in the order of their paths.
    pub fn compile(templates: &[(&'s str, &'s str)]) -> Result<Self, TemplateError> {
        statements::compile(templates)
    }

    /// The program as bytes, for [`Self::read`] of the same build.
    pub fn write(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(self)
    }

    /// Reads what [`Self::write`] wrote.
    pub fn read(bytes: &'s [u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes(bytes)
    }

    /// An error at a place of this program.
    pub fn error(&self, place: Place, message: impl fmt::Display) -> TemplateError {
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
    pub fn ty(&self) -> Ty {
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
