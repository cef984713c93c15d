//! `chartwright conformance`: does the platform work?

use std::path::PathBuf;

use anyhow::{Context as _, bail};
#[cfg(feature = "conformance")]
use clap::Subcommand;
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueHint};

use super::cluster::ClusterArgs;
use super::{Outcome, output};
use crate::conformance::{self, Event, Format, Need, Plan, Report, Selection, Status, Wanted};

/// Judge an installed release by checks, each with what was seen and what to do
///
/// Whatever has to be seen from inside the cluster is seen by a Pod of our image in the namespace of the release. All that a run
/// makes goes with it.
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Exit codes: 0 all passed or skipped · 1 a check failed, or with --fail-on-skip was skipped · 2 nothing could be \
                  run."
)]
pub(super) struct ConformanceArgs {
    #[cfg(feature = "conformance")]
    #[command(subcommand)]
    inside: Option<Inside>,
    /// Namespace of the release
    #[arg(short, long, default_value = "default")]
    namespace: String,
    /// Its name, where a namespace has several
    #[arg(long, value_name = "NAME")]
    release: Option<String>,
    /// Only these: families, ids, or patterns of ids
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    only: Vec<String>,
    /// All but these
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    skip: Vec<String>,
    /// What the platform must have, in place of what it is found to have: checks that need more are skipped, and those that need
    /// what is not there fail
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = features())]
    features: Vec<String>,
    /// Let skipped checks fail the run as well: all but those that --only, --skip, --features or the lack of --disruptive leave out
    #[arg(long)]
    fail_on_skip: bool,
    /// How many checks at a time
    #[arg(long, value_name = "N", default_value_t = 6)]
    parallel: usize,
    /// Also the checks that end Pods of the release, one after the other
    #[arg(long)]
    disruptive: bool,
    /// Write a report besides: json, junit or html
    #[arg(long = "report", value_name = "FORMAT=PATH", value_hint = ValueHint::FilePath)]
    reports: Vec<String>,
    /// The report on stdout: text, json, junit or html
    #[arg(short = 'o', long = "output", value_name = "FORMAT", default_value = "text")]
    output: String,
    /// Image of the Pod inside the cluster, where neither operator nor host is ours
    #[arg(long, value_name = "REFERENCE")]
    image: Option<String>,
    /// Leave what the checks made
    #[arg(long)]
    keep: bool,
    /// Print all checks with what they claim, and run none
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    cluster: ClusterArgs,
}

#[cfg(feature = "conformance")]
#[derive(Debug, Subcommand)]
enum Inside {
    /// The Pod inside the cluster; the runner starts it
    #[command(hide = true)]
    Agent(AgentArgs),
}

/// What the runner tells its agent
#[cfg(feature = "conformance")]
#[derive(Args, Debug)]
struct AgentArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:5000")]
    listen: std::net::SocketAddr,
    /// A flag of a connection to NATS, `operator:--nats-url=…` or `host:--data-nats-url=…`
    #[arg(long = "identity", value_name = "PART:FLAG")]
    identities: Vec<String>,
    /// Connect once as this one, say how it went and end: `operator`, `control` or `data`
    #[arg(long = "connect", value_name = "WHO")]
    connect: Vec<String>,
}

/// How long one connection may take.
#[cfg(feature = "conformance")]
const CONNECT: std::time::Duration = std::time::Duration::from_secs(10);

#[cfg(feature = "conformance")]
impl AgentArgs {
    fn run(self) -> anyhow::Result<Outcome> {
        _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start a runtime")?;
        if !self.connect.is_empty() {
            let lines = conformance::agent::introduce(&self.identities, &self.connect, CONNECT);
            output::product(&(runtime.block_on(lines)?.join("\n") + "\n"))?;
            return Ok(Outcome::Done);
        }
        let options = conformance::agent::Options { address: self.listen, identities: self.identities };
        match runtime.block_on(conformance::agent::serve(options, told_to_end())) {
            Ok(()) => Ok(Outcome::Done),
            Err(err) => bail!(err),
        }
    }
}

impl ConformanceArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        #[cfg(feature = "conformance")]
        if let Some(Inside::Agent(agent)) = self.inside {
            return agent.run();
        }
        let reports: Vec<(Format, PathBuf)> = self.reports.iter().map(|text| report(text)).collect::<Result<_, _>>()?;
        let shown = format(&self.output)?;
        let selection = Selection::new(self.only, self.skip, &self.features).map_err(anyhow::Error::msg)?;
        if self.list {
            for check in conformance::checks().into_iter().filter(|check| selection.has(check)) {
                output::product(&format!("{:<40} {}\n", check.id, check.claim))?;
            }
            return Ok(Outcome::Done);
        }
        let wanted =
            Wanted { namespace: self.namespace, release: self.release, image: self.image, disruptive: self.disruptive };
        let plan = Plan { wanted, selection, parallel: self.parallel, keep: self.keep };
        let run = async |client| conformance::run(client, &plan, told_to_end(), &mut told).await;
        let report = self.cluster.run(run)??;
        for (format, path) in &reports {
            fs_err::write(path, report.render(*format)?)?;
        }
        output::product(&report.render(shown)?)?;
        if let (Some(advice), true) = (&report.advice, shown != Format::Text) {
            output::say(advice);
        }
        Ok(outcome(&report, self.fail_on_skip))
    }
}

/// What `--features` takes.
fn features() -> PossibleValuesParser {
    PossibleValuesParser::new(Need::ALL.map(|need| PossibleValue::new(need.name()).help(need.about())))
}

fn outcome(report: &Report, fail_on_skip: bool) -> Outcome {
    let unjudged = if fail_on_skip { report.unjudged() } else { Vec::new() };
    if !unjudged.is_empty() {
        output::say(&format!("skipped, which --fail-on-skip takes for failed: {}", unjudged.join(", ")));
    }
    if report.failed > 0 || !unjudged.is_empty() { Outcome::No } else { Outcome::Done }
}

/// Progress.
fn told(event: Event<'_>) {
    match event {
        Event::Note(text) => output::say(&text),
        Event::Ended(entry) => {
            let mark = match entry.status {
                Status::Passed => "ok  ",
                Status::Failed => "FAIL",
                Status::Skipped => "skip",
            };
            output::say(&format!("{mark} {:<40} {:>6.2} s", entry.id, entry.seconds));
        }
    }
}

fn report(text: &str) -> anyhow::Result<(Format, PathBuf)> {
    let (name, path) = text.split_once('=').with_context(|| format!("--report {text}: write `json=PATH`"))?;
    Ok((format(name)?, PathBuf::from(path)))
}

fn format(name: &str) -> anyhow::Result<Format> {
    Ok(match name {
        "text" => Format::Text,
        "json" => Format::Json,
        "junit" => Format::Junit,
        "html" => Format::Html,
        other => bail!("`{other}` is no format of reports: text, json, junit or html"),
    })
}

/// The first SIGINT or SIGTERM.
async fn told_to_end() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let terminate = async {
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(mut signal) => signal.recv().await,
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt => {}
            _ = terminate => {}
        }
    }
    #[cfg(not(unix))]
    {
        _ = interrupt.await;
    }
}
