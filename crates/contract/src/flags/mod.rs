//! What the operator and the host can be told, ours and upstream's, version by version.
//!
//! Data, not parsers. Whoever renders arguments asks whether a program of a certain version [`knows`] a flag, because a program
//! refuses a flag it does not know and then restarts for ever. Our own programs are tested against the same tables.

use serde::{Deserialize, Serialize};

mod chartwright_host;
mod chartwright_operator;
mod flag;
mod ours;
mod variables;
mod versions;
mod wasmcloud_host;
mod wasmcloud_operator;

#[cfg(test)]
mod tests;

pub use flag::{Flag, FlagKind, Style};
pub use variables::{Variable, knows_variable, variables};
pub use versions::{newest, versions};

/// The two halves of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Program {
    /// Places workloads on hosts.
    Operator,
    /// Runs workloads.
    Host,
}

/// Whose program it is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Implementation {
    /// Ours: `chartwright operator`, `chartwright host`.
    #[default]
    Chartwright,
    /// Upstream's: `runtime-operator`, `wash host`.
    Wasmcloud,
}

/// Every flag of a program in any version, sorted by name. A flag that changed its kind stands there once for each.
pub fn flags(program: Program, implementation: Implementation) -> &'static [Flag] {
    match (program, implementation) {
        (Program::Operator, Implementation::Chartwright) => &chartwright_operator::FLAGS,
        (Program::Operator, Implementation::Wasmcloud) => wasmcloud_operator::FLAGS,
        (Program::Host, Implementation::Chartwright) => &chartwright_host::FLAGS,
        (Program::Host, Implementation::Wasmcloud) => wasmcloud_host::FLAGS,
    }
}

/// The flag as a program of this version takes it; `name` is without dashes and may be an alias. `None`: the program refuses it.
///
/// Only the three numbers of the version count. A candidate (`2.10.0-rc.1`) and a variant (`2.10.0-all-features`) know what
/// their release knows; a version newer than [`newest`] knows what the newest one knows.
pub fn knows(
    program: Program,
    implementation: Implementation,
    version: &semver::Version,
    name: &str,
) -> Option<&'static Flag> {
    flags(program, implementation).iter().find(|flag| flag.is_called(name) && within(version, flag.since, flag.until))
}

/// How a program wants its arguments written.
pub fn style(program: Program, implementation: Implementation) -> Style {
    match (program, implementation) {
        (Program::Operator, Implementation::Wasmcloud) => Style::Go,
        _ => Style::Gnu,
    }
}

/// Whether a version is `since` or later and before `until`. Texts that are no versions contain nothing.
fn within(version: &semver::Version, since: &str, until: Option<&str>) -> bool {
    let numbers = |version: &semver::Version| (version.major, version.minor, version.patch);
    let reached = |text: &str| semver::Version::parse(text).is_ok_and(|bound| numbers(version) >= numbers(&bound));
    reached(since) && !until.is_some_and(reached)
}
