//! `chartwright certs`: the certificates of the platform.

use std::path::PathBuf;

use chartwright_operator::certificates::{self, Asked, OVERLAP};
use clap::{Args, Subcommand, ValueEnum, ValueHint};

use super::{Outcome, output};

/// Show and renew the certificates that the platform makes itself
///
/// The operator does it by itself (`tls.provider: operator`), or a Job (`job`), which runs `certs renew`. A cluster is found
/// as kubectl finds it; in a pod by its service account.
#[derive(Args, Debug)]
pub(super) struct CertsCommand {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Status(StatusArgs),
    Renew(RenewArgs),
}

/// List certificates: Secret, names, issuer, days left, next renewal
///
/// The answer is no (exit code 1) when one has ended, cannot be read or is more than a day late.
#[derive(Args, Debug)]
struct StatusArgs {
    /// Namespace of the release
    #[arg(short, long, env = "CHARTWRIGHT_NAMESPACE")]
    namespace: Option<String>,
    /// How to write them
    #[arg(long, short = 'o', value_enum, default_value = "text")]
    format: Format,
    /// The answer is no, too, when one ends in less than so many days
    #[arg(long, value_name = "DAYS")]
    within: Option<i64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Make the certificates that are missing, due or wrong
#[derive(Args, Debug)]
struct RenewArgs {
    /// The list of certificates: `certificates.yaml` of the release's ConfigMap
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    config: PathBuf,
    /// Namespace of the release
    #[arg(short, long, env = "CHARTWRIGHT_NAMESPACE")]
    namespace: Option<String>,
    /// Renews every certificate now, whatever age it has
    #[arg(long)]
    force: bool,
    /// Begins to replace the authority now: the new one signs when everybody has had time to trust it
    #[arg(long)]
    rotate_ca: bool,
    /// How long everybody has to read what is to be trusted, in minutes
    #[arg(long, value_name = "MINUTES")]
    overlap: Option<u64>,
}

impl CertsCommand {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        match self.verb {
            Verb::Status(args) => args.run(),
            Verb::Renew(args) => args.run(),
        }
    }
}

impl StatusArgs {
    fn run(self) -> anyhow::Result<Outcome> {
        let status = certificates::status(self.namespace.as_deref(), self.within)?;
        match self.format {
            Format::Text => output::product(&status.table())?,
            Format::Json => output::product(&format!("{}\n", serde_json::to_string_pretty(&status)?))?,
        }
        Ok(if status.is_well() { Outcome::Done } else { Outcome::No })
    }
}

impl RenewArgs {
    fn run(self) -> anyhow::Result<Outcome> {
        let overlap = self.overlap.map_or(OVERLAP, |minutes| std::time::Duration::from_secs(minutes * 60));
        let asked = Asked { renew: self.force, rotate: self.rotate_ca, overlap };
        let report = certificates::renew(&self.config, self.namespace.as_deref(), &asked)?;
        for change in &report.changes {
            output::say(change);
        }
        for problem in &report.problems {
            output::say(&format!("error: {problem}"));
        }
        if report.changes.is_empty() && report.problems.is_empty() {
            output::say("nothing is due");
        }
        Ok(if report.problems.is_empty() { Outcome::Done } else { Outcome::No })
    }
}
