//! `chartwright docs`: the reference as Markdown.

use clap::{Args, ValueEnum};

use super::{Outcome, findings, output};
use crate::diagnostics;
use crate::values::reference;

/// Print reference pages as Markdown
#[derive(Args, Debug)]
pub(super) struct DocsArgs {
    /// Which page
    #[arg(value_enum, default_value = "values")]
    page: Page,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Page {
    /// All values
    Values,
    /// All codes of findings
    Rules,
}

impl DocsArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        output::product(&match self.page {
            Page::Values => reference::markdown(),
            Page::Rules => diagnostics::reference::rules_markdown(&findings::rules().iter().collect::<Vec<_>>()),
        })?;
        Ok(Outcome::Done)
    }
}
