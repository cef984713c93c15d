//! `chartwright explain`: the reference entry of a code or a key.

use clap::Args;

use super::{Outcome, findings, output};
use crate::diagnostics::{self, suggest};
use crate::values::reference;

/// Explain a code such as `CW1203`, or a key such as `hosts.edge.http.port`
#[derive(Args, Debug)]
pub(super) struct ExplainArgs {
    /// A code of a finding, or the path of a key
    #[arg(value_name = "CODE|KEY.PATH")]
    what: String,
}

impl ExplainArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let rules = findings::rules();
        let is_code = self.what.len() == 6 && self.what.to_ascii_uppercase().starts_with("CW");
        let entry = if is_code {
            diagnostics::reference::explain_rule(&rules.iter().collect::<Vec<_>>(), &self.what.to_ascii_uppercase())
        } else {
            reference::explain(&self.what)
        };
        if let Some(text) = entry {
            output::product(&text)?;
            return Ok(Outcome::Done);
        }
        let what = &self.what;
        output::say(&if is_code {
            let known = rules.iter().map(|rule| rule.code.0);
            match suggest::best(&what.to_ascii_uppercase(), known) {
                Some(near) => format!("no rule `{what}`; the nearest is `{near}`"),
                None => format!("no rule `{what}`; `chartwright docs rules` lists all"),
            }
        } else {
            match reference::nearest(what).as_slice() {
                [] => format!("no key `{what}`; `chartwright docs` lists all"),
                near => format!("no key `{what}`; the nearest are {}", near.join(", ")),
            }
        });
        Ok(Outcome::No)
    }
}
