//! Coalesced values → objects.
//!
//! The crate `dialect` checks, when this tool is built, that each template has an exact twin in Helm's language, and
//! makes a program of all; [`eval`] runs that program with Go's rules (what is true, how numbers print, what null
//! means). The exporter prints the very same program as Go templates: a template that lowers works in both worlds, one
//! that does not works in neither.

mod emit;
mod eval;
mod go;
mod manifest;
mod merge;
mod object;
mod quantity;
mod templates;
mod text;
mod value;

use std::sync::LazyLock;

use chartwright_dialect::Program;
pub use chartwright_dialect::TemplateError;
pub use emit::{to_yaml, write_yaml};
pub use eval::Refusal;
pub use manifest::{Object, Release, Rendered, install_rank, sort_for_install, to_stream};
pub use quantity::thousandths;
pub use templates::TEMPLATES;

/// What is known of the chart itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chart {
    /// Its name.
    pub name: &'static str,
    /// Its version, that of this tool.
    pub version: &'static str,
    /// The version of the platform: this very tool is its image.
    pub app_version: &'static str,
}

/// The chart of this build.
pub const CHART: Chart =
    Chart { name: "chartwright", version: env!("CARGO_PKG_VERSION"), app_version: env!("CARGO_PKG_VERSION") };

/// Checked templates, ready to run.
#[derive(Debug)]
pub struct Engine<'s>(pub(crate) Program<'s>);

impl<'s> Engine<'s> {
    /// Parses and checks templates, given as (path below `chart-templates/`, text), sorted by path.
    pub fn compile(templates: &[(&'s str, &'s str)]) -> Result<Self, TemplateError> {
        Program::compile(templates).map(Self)
    }
}

impl Engine<'static> {
    /// The templates of this binary.
    pub fn builtin() -> Result<&'static Self, TemplateError> {
        static ENGINE: LazyLock<Result<Engine<'static>, TemplateError>> = LazyLock::new(|| {
            Program::read(templates::PROGRAM).map(Engine).map_err(|err| TemplateError {
                file: "chart-templates".into(),
                line: 1,
                column: 1,
                message: format!("the program of this build cannot be read: {err}"),
            })
        });
        ENGINE.as_ref().map_err(Clone::clone)
    }
}

/// Renders the templates of this binary.
pub fn render(
    values: &serde_json::Map<String, serde_json::Value>,
    release: &Release,
    api_versions: &[String],
) -> Result<Rendered, TemplateError> {
    Engine::builtin()?.render(values, release, api_versions)
}

/// Runs the error rules of this binary.
pub fn refusals(
    values: &serde_json::Map<String, serde_json::Value>,
    release: &Release,
    api_versions: &[String],
) -> Result<Vec<Refusal>, TemplateError> {
    Engine::builtin()?.refusals(values, release, api_versions)
}

/// Reads one YAML document that every YAML version reads alike; the reader of the templates' own output.
pub fn read_yaml(text: &str) -> Result<serde_json::Value, String> {
    text::parse(text).map(|value| value.to_json())
}
