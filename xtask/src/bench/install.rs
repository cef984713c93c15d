//! How long an install takes until all of it works: ours, and Helm's of the chart we export.

use anyhow::{Result, bail};

use crate::Verdict;
use crate::cluster;
use crate::command::run as run_command;
use crate::tools::{self, Found};

/// Installs of each.
pub(crate) const TIMES: u32 = 5;

/// Measures on a cluster that is started for it.
pub(crate) fn run(times: u32) -> Result<Verdict> {
    let helm = match tools::helm_4()? {
        Found::At(place) => place,
        Found::Missing(why) => bail!("{why}"),
    };
    cluster::with_one(|program| run_command(cluster::script("bench").arg(program).arg(&helm).arg(times.to_string())))?;
    Ok(Verdict::Yes)
}
