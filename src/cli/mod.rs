//! The command line: one file a verb, its arguments and one call.

#[cfg(feature = "operator")]
mod certs;
mod chart;
#[cfg(feature = "cluster")]
mod cluster;
mod completions;
#[cfg(feature = "cluster")]
mod conformance;
#[cfg(feature = "cluster")]
mod crds;
mod docs;
mod exit;
mod explain;
#[cfg(feature = "cluster")]
mod finalizers;
mod findings;
#[cfg(any(feature = "host", feature = "cluster"))]
mod host;
mod image;
mod import;
#[cfg(feature = "operator")]
mod operator;
mod output;
#[cfg(any(feature = "host", feature = "operator"))]
mod program;
mod registry;
#[cfg(feature = "cluster")]
mod release;
mod render;
mod schema;
mod settings;
mod show_origin;
mod summary;
mod validate;
mod values;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use exit::Outcome;
pub use findings::rules;

/// From a values file to manifests, diagnostics and a genuine Helm chart for wasmCloud on Kubernetes
#[derive(Debug, Parser)]
#[command(
    name = "chartwright",
    version,
    propagate_version = true,
    max_term_width = 110,
    after_help = "Exit codes: 0 done · 1 the answer is no (findings) · 2 could not do it, and changed nothing.\n\
                  Start with: chartwright values > my.yaml · chartwright validate my.yaml · chartwright render -f my.yaml"
)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Render(render::RenderArgs),
    Validate(validate::ValidateArgs),
    Explain(explain::ExplainArgs),
    Import(import::ImportArgs),
    #[cfg(feature = "cluster")]
    Preflight(release::PreflightArgs),
    #[cfg(feature = "cluster")]
    Install(release::InstallArgs),
    #[cfg(feature = "cluster")]
    Upgrade(release::UpgradeArgs),
    #[cfg(feature = "cluster")]
    Diff(release::DiffArgs),
    #[cfg(feature = "cluster")]
    Status(release::StatusArgs),
    #[cfg(feature = "cluster")]
    History(release::HistoryArgs),
    #[cfg(feature = "cluster")]
    Rollback(release::RollbackArgs),
    #[cfg(feature = "cluster")]
    Uninstall(release::UninstallArgs),
    #[cfg(feature = "cluster")]
    Get(release::GetArgs),
    #[cfg(feature = "cluster")]
    List(release::ListArgs),
    #[cfg(feature = "cluster")]
    Sysdump(release::SysdumpArgs),
    #[cfg(feature = "cluster")]
    Adopt(Box<release::AdoptArgs>),
    Chart(chart::ChartArgs),
    Image(image::ImageArgs),
    #[cfg(feature = "cluster")]
    Conformance(conformance::ConformanceArgs),
    Values(values::ValuesCommand),
    Schema(schema::SchemaArgs),
    Docs(docs::DocsArgs),
    Completions(completions::CompletionsArgs),
    Man(completions::ManArgs),
    #[cfg(feature = "operator")]
    Certs(certs::CertsCommand),
    #[cfg(any(feature = "host", feature = "cluster"))]
    Host(host::HostArgs),
    #[cfg(feature = "operator")]
    Operator(operator::OperatorArgs),
    #[cfg(feature = "cluster")]
    Crds(crds::CrdsArgs),
    #[cfg(feature = "cluster")]
    Finalizers(finalizers::FinalizersArgs),
}

impl Cli {
    /// Does what was asked, and says how it ended.
    pub fn run(self) -> Outcome {
        let result = match self.verb {
            Verb::Render(args) => args.run(),
            Verb::Validate(args) => args.run(),
            Verb::Explain(args) => args.run(),
            Verb::Import(args) => args.run(),
            #[cfg(feature = "cluster")]
            Verb::Preflight(args) => args.run(),
            #[cfg(feature = "cluster")]
            Verb::Install(args) => args.run(),
            #[cfg(feature = "cluster")]
            Verb::Upgrade(args) => args.run(),
            #[cfg(feature = "cluster")]
            Verb::Diff(args) => args.run(),
            #[cfg(feature = "cluster")]
            Verb::Status(args) => args.run(),
            #[cfg(feature = "cluster")]
            Verb::History(args) => args.run(),
            #[cfg(feature = "cluster")]
            Verb::Rollback(args) => args.run(),
            #[cfg(feature = "cluster")]
            Verb::Uninstall(args) => args.run(),
            #[cfg(feature = "cluster")]
            Verb::Get(args) => args.run(),
            #[cfg(feature = "cluster")]
            Verb::List(args) => args.run(),
            #[cfg(feature = "cluster")]
            Verb::Sysdump(args) => args.run(),
            #[cfg(feature = "cluster")]
            Verb::Adopt(args) => args.run(),
            Verb::Chart(args) => args.run(),
            Verb::Image(args) => args.run(),
            #[cfg(feature = "cluster")]
            Verb::Conformance(args) => args.run(),
            Verb::Values(args) => args.run(),
            Verb::Schema(args) => args.run(),
            Verb::Docs(args) => args.run(),
            Verb::Completions(args) => args.run(),
            Verb::Man(args) => args.run(),
            #[cfg(feature = "operator")]
            Verb::Certs(args) => args.run(),
            #[cfg(any(feature = "host", feature = "cluster"))]
            Verb::Host(args) => args.run(),
            #[cfg(feature = "operator")]
            Verb::Operator(args) => args.run(),
            #[cfg(feature = "cluster")]
            Verb::Crds(args) => args.run(),
            #[cfg(feature = "cluster")]
            Verb::Finalizers(args) => args.run(),
        };
        result.unwrap_or_else(|err| output::unable(&err))
    }
}

/// The program.
pub fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => cli.run().into(),
        Err(err) => {
            // Help and version are answers, everything else is a wrong call. A closed pipe is no reason to complain.
            let _ = err.print();
            if err.use_stderr() { Outcome::Unable.into() } else { Outcome::Done.into() }
        }
    }
}
#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_verb_is_well_formed() {
        Cli::command().debug_assert();
    }
}
