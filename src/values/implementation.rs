//! Whose program runs in a pod: it decides which flags exist.

use super::section::{choice, section};

section! {
    /// Whose program runs, and which version: no flag is rendered that this version does not know.
    pub struct Implementation {
        /// Ours, or upstream's.
        name: ImplementationName,
        /// Version, such as `2.10.3`. Without one: the chart's own for ours; for upstream's it must be given.
        #[schemars(regex(pattern = r"^([0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?)?$"))]
        version: String,
    }
}

choice! {
    /// Programs that we know the flags of.
    pub enum ImplementationName {
        /// `chartwright operator` and `chartwright host`.
        Chartwright = "chartwright",
        /// wasmCloud's `runtime-operator` and `wash host`, and what is built on them.
        Wasmcloud = "wasmcloud",
    }
}

/// The value of a flag.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum FlagValue {
    /// A switch: `true` renders the bare flag, `false` nothing (the operator: `--name=true` and `--name=false`).
    Switch(bool),
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
}
