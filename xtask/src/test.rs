//! `cargo xtask test`: every stage in order, and a table at the end.

use std::fmt::Write as _;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::Verdict;
use crate::command::in_ci;
use crate::stages::STAGES;

/// Flags of `cargo xtask test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only what an edit needs: format, generated files, lints, arrows, tests
    #[arg(long)]
    fast: bool,
    /// Only these stages, by name; all others are left out of the table
    #[arg(long = "only", value_name = "STAGE", conflicts_with = "fast")]
    only: Vec<String>,
}

/// One check.
pub(crate) struct Stage {
    /// A short name, as the table shows it and `--only` takes it.
    pub name: &'static str,
    /// Whether `--fast` runs it.
    pub fast: bool,
    /// The check itself; an error is a failure.
    pub run: fn() -> Result<Outcome>,
}

/// The stages that a pipeline may skip: slow lanes that a variable asks for, and the cluster where a variable or a cold machine's hour leaves
/// it out. Any other that did not run is a failure there, and so is a cluster that does not come up.
pub(crate) const MAY_BE_SKIPPED: [&str; 6] = ["advisories", "bench", "cluster", "dist", "fuzz", "generated sets"];

/// How a stage ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// What it checks holds.
    Passed,
    /// It does not.
    Failed(String),
    /// It was not checked, and that is allowed here.
    Skipped(String),
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Yes => Self::Passed,
            Verdict::No => Self::Failed("see above".to_owned()),
        }
    }
}

/// One line of the table.
struct Row {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

/// When the first stage began.
static BEGAN: OnceLock<Instant> = OnceLock::new();

/// How long the stages have been running.
pub(crate) fn elapsed() -> Duration {
    BEGAN.get().map(Instant::elapsed).unwrap_or_default()
}

/// Runs the chore.
pub(crate) fn run(args: &Args) -> Result<Verdict> {
    if let Some(unknown) = args.only.iter().find(|name| !STAGES.iter().any(|stage| stage.name == name.as_str())) {
        let names: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
        anyhow::bail!("no stage `{unknown}`: there are {}", names.join(", "));
    }
    let chosen = STAGES.iter().filter(|stage| args.only.is_empty() || args.only.iter().any(|name| name == stage.name));
    let mut rows = Vec::new();
    _ = BEGAN.set(Instant::now());
    for stage in chosen {
        let start = Instant::now();
        let outcome = if args.fast && !stage.fast {
            Outcome::Skipped("left out by --fast".to_owned())
        } else {
            println!("\n=== {} ===", stage.name);
            let outcome = (stage.run)().unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")));
            if args.only.is_empty() { judged(stage.name, outcome, in_ci()) } else { outcome }
        };
        let row = Row { name: stage.name, outcome, took: start.elapsed() };
        println!("{}: {} in {:.1} s", row.name, words(&row.outcome), row.took.as_secs_f64());
        rows.push(row);
    }
    let failed = rows.iter().any(|row| matches!(row.outcome, Outcome::Failed(_)));
    println!("\n{}", table(&rows));
    Ok(if failed { Verdict::No } else { Verdict::Yes })
}

/// A pipeline in which something did not run must not look green.
fn judged(name: &str, outcome: Outcome, ci: bool) -> Outcome {
    match outcome {
        Outcome::Skipped(why) if ci && !MAY_BE_SKIPPED.contains(&name) => {
            Outcome::Failed(format!("it was skipped, and is not among those that may be: {why}"))
        }
        outcome => outcome,
    }
}

fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed => "passed".to_owned(),
        Outcome::Failed(why) => format!("failed: {why}"),
        Outcome::Skipped(why) => format!("skipped: {why}"),
    }
}

/// The closing table; its last line is the one that pipelines read.
fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0).max("stage".len());
    let mut text = format!("{:width$}  {:>7}  result\n", "stage", "seconds");
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for row in rows {
        match row.outcome {
            Outcome::Passed => passed += 1,
            Outcome::Failed(_) => failed += 1,
            Outcome::Skipped(_) => skipped += 1,
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:width$}  {:>7.1}  {}", row.name, row.took.as_secs_f64(), words(&row.outcome));
    }
    let _ = write!(text, "\n{passed} passed, {failed} failed, {skipped} skipped");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_closes_with_a_count_alone_on_its_line() {
        let row = |name, outcome| Row { name, outcome, took: Duration::from_millis(1250) };
        let rows = [
            row("fmt", Outcome::Passed),
            row("clippy", Outcome::Failed("two lints".to_owned())),
            row("helm", Outcome::Skipped("no go".to_owned())),
        ];
        assert_eq!(
            table(&rows),
            "stage   seconds  result\n\
             fmt         1.2  passed\n\
             clippy      1.2  failed: two lints\n\
             helm        1.2  skipped: no go\n\
             \n\
             1 passed, 1 failed, 1 skipped"
        );
    }

    #[test]
    fn in_a_pipeline_only_what_is_listed_may_be_skipped() {
        let skipped = || Outcome::Skipped("no go".to_owned());
        assert_eq!(judged("fuzz", skipped(), true), skipped());
        assert_eq!(judged("helm", skipped(), false), skipped());
        assert!(matches!(judged("helm", skipped(), true), Outcome::Failed(why) if why.ends_with(": no go")));
        assert_eq!(judged("helm", Outcome::Passed, true), Outcome::Passed);
        assert!(MAY_BE_SKIPPED.iter().all(|name| STAGES.iter().any(|stage| stage.name == *name)));
    }

    #[test]
    fn every_stage_has_its_own_name() {
        let mut names: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STAGES.len());
    }
}
