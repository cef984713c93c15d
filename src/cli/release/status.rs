//! `chartwright status`.

use clap::Args;
use serde_json::json;

use super::super::cluster::ClusterArgs;
use super::super::settings::ReleaseArgs;
use super::super::{Outcome, output};
use super::Format;
use crate::install::{self, InstallError, Readiness, State};
use crate::release::{History, Record, Status};

/// Say how a release stands, and each of its objects
///
/// Exit code 1: it is not in force, or something of it does not work.
#[derive(Args, Debug)]
pub(in super::super) struct StatusArgs {
    #[command(flatten)]
    release: ReleaseArgs,
    /// How to write it
    #[arg(short, long, value_enum, default_value = "table")]
    output: Format,
    #[command(flatten)]
    cluster: ClusterArgs,
}

impl StatusArgs {
    pub(in super::super) fn run(self) -> anyhow::Result<Outcome> {
        let release = self.release.release()?;
        let format = self.output;
        self.cluster.run(async |client| {
            let revisions = History::new(client.clone(), &release.namespace, &release.name)?.read().await?;
            let Some(last) = revisions.last() else {
                return Err(InstallError::Missing { release: release.name, namespace: release.namespace }.into());
            };
            let record = &last.record;
            let objects = match record.info.status {
                Status::Uninstalled => Vec::new(),
                _ => install::read_manifest(&record.manifest, &format!("revision {}", record.version))?,
            };
            let states = install::look(&client, objects, &release.namespace).await?;
            let interrupted = install::interrupted(&revisions).map(|one| one.to_string());
            output::product(&match format {
                Format::Table => table(record, interrupted.as_deref(), &states),
                Format::Json => json(record, interrupted.as_deref(), &states)?,
            })?;
            let works = states.iter().all(|state| state.readiness == Readiness::Ready);
            Ok(if works && record.info.status == Status::Deployed { Outcome::Done } else { Outcome::No })
        })?
    }
}

fn table(record: &Record, interrupted: Option<&str>, states: &[State]) -> String {
    let info = &record.info;
    let mut text = format!(
        "release    {} in {}\nrevision   {}, {} since {}\nchart      {}-{}\n",
        record.name,
        record.namespace,
        record.version,
        info.status,
        info.last_deployed,
        record.chart_name(),
        record.chart_version()
    );
    if info.status != Status::Deployed {
        // Helm's records hold all of an error; which objects are not ready follows as it is now.
        text.push_str(&format!("said       {}\n", info.description.lines().next().unwrap_or_default()));
    }
    if let Some(interrupted) = interrupted {
        text.push_str(&format!("unfinished {interrupted}\n"));
    }
    let ready = states.iter().filter(|state| state.readiness == Readiness::Ready).count();
    text.push_str(&format!("objects    {ready} of {} ready\n", states.len()));
    for state in states.iter().filter(|state| state.readiness != Readiness::Ready) {
        text.push_str(&format!("  {}\n", state.line()));
    }
    text
}

fn json(record: &Record, interrupted: Option<&str>, states: &[State]) -> anyhow::Result<String> {
    let one = |state: &State| {
        let (word, what) = match &state.readiness {
            Readiness::Ready => ("ready", None),
            Readiness::Waiting(what) => ("waiting", Some(what)),
            Readiness::Failed(what) => ("failed", Some(what)),
        };
        json!({ "object": state.title, "state": word, "what": what, "because": state.because })
    };
    let value = json!({
        "name": record.name,
        "namespace": record.namespace,
        "revision": record.version,
        "status": record.info.status,
        "updated": record.info.last_deployed,
        "description": record.info.description,
        "chart": record.chart_name(),
        "chart_version": record.chart_version(),
        "app_version": record.app_version(),
        "unfinished": interrupted,
        "objects": states.iter().map(one).collect::<Vec<_>>(),
    });
    Ok(serde_json::to_string_pretty(&value)? + "\n")
}
