//! `chartwright preflight`.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::super::cluster::ClusterArgs;
use super::super::settings::{ReleaseArgs, ValuesArgs};
use super::super::{Outcome, output};
use super::Format;
use super::change::duration;
use super::content::content;
use crate::install::{self, Finding, Probing, Verdict};
use crate::release::History;

/// Find what would be in the way of an install, before it
///
/// The cluster's version, namespaces, rights, definitions, pod security, room on the nodes, storage, images, NATS servers as a Pod
/// reaches them, and other installs, each with what to do about it.
/// Exit code 1: something would fail.
#[derive(Args, Debug)]
pub(in super::super) struct PreflightArgs {
    #[command(flatten)]
    values: ValuesArgs,
    #[command(flatten)]
    release: ReleaseArgs,
    /// Look at an install that leaves custom resource definitions as they are
    #[arg(long)]
    skip_crds: bool,
    /// Make no Pod: whether images can be pulled and NATS be reached stays open
    #[arg(long)]
    no_pod: bool,
    /// How long such a Pod may take: `300`, `90s`, `5m`
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = duration)]
    timeout: Duration,
    /// How to write the findings
    #[arg(short, long, value_enum, default_value = "table")]
    output: Format,
    #[command(flatten)]
    cluster: ClusterArgs,
}

impl PreflightArgs {
    pub(in super::super) fn run(self) -> anyhow::Result<Outcome> {
        let release = self.release.release()?;
        self.cluster.run(async |client| {
            let revisions = History::new(client.clone(), &release.namespace, &release.name)?.read().await?;
            let Some(content) = content(&client, &self.values, &release).await? else { return Ok(Outcome::Unable) };
            let probing = Probing { pod: !self.no_pod, skip_crds: self.skip_crds, timeout: self.timeout };
            let found = install::preflight(&client, &content, &revisions, probing).await?;
            output::product(&match self.output {
                Format::Table => found.iter().map(line).collect(),
                Format::Json => serde_json::to_string_pretty(&found.iter().map(json).collect::<Vec<_>>())? + "\n",
            })?;
            let bad = found.iter().any(|one| one.verdict == Verdict::Bad);
            Ok(if bad { Outcome::No } else { Outcome::Done })
        })?
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good => "ok",
        Verdict::Warning => "warning",
        Verdict::Bad => "FAILED",
        Verdict::Unknown => "unknown",
    }
}

fn line(finding: &Finding) -> String {
    let mut text = format!("{:<8} {:<12} {}\n", word(finding.verdict), finding.check, finding.seen);
    if !finding.hint.is_empty() {
        text.push_str(&format!("{:<21} → {}\n", "", finding.hint));
    }
    text
}

fn json(finding: &Finding) -> serde_json::Value {
    json!({
        "check": finding.check,
        "verdict": word(finding.verdict).to_lowercase(),
        "seen": finding.seen,
        "hint": finding.hint,
    })
}
