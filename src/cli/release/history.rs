//! `chartwright history`.

use clap::Args;
use serde_json::json;

use super::super::cluster::ClusterArgs;
use super::super::settings::ReleaseArgs;
use super::super::{Outcome, output};
use super::Format;
use crate::release::{History, Record};

/// List the revisions of a release
#[derive(Args, Debug)]
pub(in super::super) struct HistoryArgs {
    #[command(flatten)]
    release: ReleaseArgs,
    /// How to write them
    #[arg(short, long, value_enum, default_value = "table")]
    output: Format,
    #[command(flatten)]
    cluster: ClusterArgs,
}

impl HistoryArgs {
    pub(in super::super) fn run(self) -> anyhow::Result<Outcome> {
        let release = self.release.release()?;
        let format = self.output;
        self.cluster.run(async |client| {
            let revisions = History::new(client.clone(), &release.namespace, &release.name)?.read().await?;
            if revisions.is_empty() {
                anyhow::bail!("there is no release {} in {}", release.name, release.namespace);
            }
            let records: Vec<&Record> = revisions.iter().map(|one| &one.record).collect();
            output::product(&match format {
                Format::Table => table(&records),
                Format::Json => json(&records)?,
            })?;
            Ok(Outcome::Done)
        })?
    }
}

fn table(records: &[&Record]) -> String {
    let mut text = format!(
        "{:<9} {:<21} {:<17} {:<22} {:<12} DESCRIPTION\n",
        "REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION"
    );
    for record in records {
        let chart = format!("{}-{}", record.chart_name(), record.chart_version());
        let info = &record.info;
        text.push_str(&format!(
            "{:<9} {:<21} {:<17} {chart:<22} {:<12} {}\n",
            record.version,
            info.last_deployed,
            info.status,
            record.app_version(),
            info.description.lines().next().unwrap_or_default()
        ));
    }
    text
}

fn json(records: &[&Record]) -> anyhow::Result<String> {
    let one = |record: &&Record| {
        json!({
            "revision": record.version,
            "updated": record.info.last_deployed,
            "status": record.info.status,
            "chart": format!("{}-{}", record.chart_name(), record.chart_version()),
            "app_version": record.app_version(),
            "description": record.info.description,
        })
    };
    Ok(serde_json::to_string_pretty(&records.iter().map(one).collect::<Vec<_>>())? + "\n")
}
