//! Values of the upstream chart `runtime-operator` → values of ours.
//!
//! What each upstream key becomes stands in one table ([`table`]): simple keys are copied by their row, those that
//! depend on others are worked out by one module a subject. Every leaf of the input ends up in the report, whatever
//! becomes of it. Of the v1 chart `wasmcloud-platform` [`v1`] takes what has a counterpart.

mod arguments;
pub mod codes;
mod context;
mod copy;
mod environment;
mod foreign;
mod gateway;
mod groups;
mod http;
mod images;
mod labels;
mod nats;
mod page;
mod pattern;
mod paths;
mod plugins;
mod resources;
mod table;
#[cfg(test)]
mod tests;
mod v1;
mod version;
mod walk;
mod write;

use semver::Version;
use serde_json::Value as Json;

pub use codes::RULES;
pub use page::page;

use crate::diagnostics::{Diagnostic, Severity};
use crate::source::{Node, Origin, Path, Sources};
use context::Context;

/// What is known of the release besides its values.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Version of the upstream chart. Without one: 2.7.0, or what the newest key of the values came with.
    pub version: Option<Version>,
    /// Namespace of the release: some names in upstream's templates contain it.
    pub release_namespace: Option<String>,
    /// Which chart the values are for.
    pub from: From,
}

/// Which chart values are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum From {
    /// `runtime-operator`; values of the v1 chart are recognised and refused.
    #[default]
    Auto,
    /// `runtime-operator` 2.x.
    V2,
    /// `wasmcloud-platform` (v1).
    V1,
}

/// What came out.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Values of ours; of no use when a diagnostic is an error.
    pub values: Json,
    /// What the user has to know.
    pub diagnostics: Vec<Diagnostic>,
    /// One line for each leaf of the input, in the order of the input's files.
    pub report: Vec<ReportLine>,
    /// Where credentials are written in the input: a [`crate::diagnostics::redact::Redactor`] hides them.
    pub secrets: Vec<Origin>,
    /// The chart the values were read as values of.
    pub chart: String,
}

impl Imported {
    /// Whether the values must not be used.
    pub fn is_refused(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// What became of one leaf of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportLine {
    /// Its path in the upstream values.
    pub path: Path,
    /// Where it is written.
    pub origin: Origin,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is this key (or these keys) of ours.
    Mapped(String),
    /// It need not be said here, and why.
    NotNeeded(String),
    /// It had no effect upstream, and why.
    Dead(String),
    /// It has no counterpart, and why.
    Unsupported(String),
}

/// Reads upstream values, given as one tree: the user's layers merged (`Coalesced::user`), each file parsed leniently,
/// without the chart's defaults, which are known here.
pub fn import(sources: &Sources, values: &Node, options: &Options) -> Imported {
    let marker = v1::marker(values);
    match (options.from, marker) {
        (From::V1, _) => v1::import(sources, values, options),
        (From::Auto, Some(marker)) => v1::refused(sources, values, options, marker),
        _ => runtime_operator(sources, values, options),
    }
}

fn runtime_operator(sources: &Sources, values: &Node, options: &Options) -> Imported {
    let mut context = Context::new(sources, values, options);
    version::settle(&mut context);
    groups::learn(&mut context);
    walk::walk(&mut context);
    foreign::baseline(&mut context);
    images::import(&mut context);
    nats::import(&mut context);
    resources::import(&mut context);
    labels::import(&mut context);
    environment::import(&mut context);
    arguments::import(&mut context);
    groups::import(&mut context);
    plugins::import(&mut context);
    gateway::import(&mut context);
    let chart = format!("runtime-operator {}", context.version);
    context.finish(chart)
}
