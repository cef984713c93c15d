//! `chartwright explain`: the reference entry of a code or a key.

use anyhow::bail;
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
        match entry {
            Some(text) => {
                output::product(&text)?;
                Ok(Outcome::Done)
            }
            None if is_code => {
                let known: Vec<&str> = rules.iter().map(|rule| rule.code.0).collect();
                match suggest::best(&self.what.to_ascii_uppercase(), known.iter().copied()) {
                    Some(near) => bail!("no rule `{}`; the nearest is `{near}`", self.what),
                    None => bail!("no rule `{}`; `chartwright docs rules` lists all", self.what),
                }
            }
            None => match reference::nearest(&self.what).as_slice() {
                [] => bail!("no key `{}`; `chartwright docs` lists all", self.what),
                near => bail!("no key `{}`; the nearest are {}", self.what, near.join(", ")),
            },
        }
    }
}
