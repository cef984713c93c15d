//! `chartwright list`.

use clap::Args;
use serde_json::json;

use super::super::cluster::ClusterArgs;
use super::super::{Outcome, output};
use super::Format;
use crate::release::{self, Record};

/// List releases, whoever installed them
#[derive(Args, Debug)]
pub(in super::super) struct ListArgs {
    /// Of this namespace only
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// How to write them
    #[arg(short, long, value_enum, default_value = "table")]
    output: Format,
    #[command(flatten)]
    cluster: ClusterArgs,
}

impl ListArgs {
    pub(in super::super) fn run(self) -> anyhow::Result<Outcome> {
        self.cluster.run(async |client| {
            let records = release::list(client, self.namespace.as_deref()).await?;
            output::product(&match self.output {
                Format::Table => table(&records),
                Format::Json => json(&records)?,
            })?;
            Ok(Outcome::Done)
        })?
    }
}

fn table(records: &[Record]) -> String {
    let mut text =
        format!("{:<20} {:<20} {:<9} {:<21} {:<17} CHART\n", "NAME", "NAMESPACE", "REVISION", "UPDATED", "STATUS");
    for record in records {
        text.push_str(&format!(
            "{:<20} {:<20} {:<9} {:<21} {:<17} {}-{}\n",
            record.name,
            record.namespace,
            record.version,
            record.info.last_deployed,
            record.info.status,
            record.chart_name(),
            record.chart_version()
        ));
    }
    text
}

fn json(records: &[Record]) -> anyhow::Result<String> {
    let one = |record: &Record| {
        json!({
            "name": record.name,
            "namespace": record.namespace,
            "revision": record.version,
            "updated": record.info.last_deployed,
            "status": record.info.status,
            "chart": format!("{}-{}", record.chart_name(), record.chart_version()),
            "app_version": record.app_version(),
        })
    };
    Ok(serde_json::to_string_pretty(&records.iter().map(one).collect::<Vec<_>>())? + "\n")
}
