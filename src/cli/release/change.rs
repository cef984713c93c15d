//! What install, upgrade and rollback have in common: their options, and the way from a plan to its end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clap::{ArgAction, Args, ValueEnum};

use super::super::{Outcome, output};
use super::progress::Progress;
use crate::cluster::Client;
use crate::install::{self, Action, Change, Content, Goal, InstallError, Options, Plan, Verdict};
use crate::release::Revision;

/// How long a look at the nodes may hold up an install.
const LOOK: Duration = Duration::from_secs(10);

/// How a change is made.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Change")]
pub(super) struct ChangeArgs {
    /// Wait until all of it works, and say what is in the way of what does not
    #[arg(long, value_name = "BOOL", default_value_t = true, num_args = 0..=1, default_missing_value = "true",
          require_equals = true, action = ArgAction::Set)]
    wait: bool,
    /// Wait until Jobs are complete, too
    #[arg(long)]
    wait_for_jobs: bool,
    /// How long all of it together may take, the plan included: `300`, `90s`, `5m`. What --rollback-on-failure does has as long again
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    timeout: Duration,
    /// Bring back what was before if it fails; after a failed install, nothing
    #[arg(long)]
    rollback_on_failure: bool,
    /// Plan only: `client` reads the cluster, `server` has the API server try every object
    #[arg(long, value_name = "WHERE", value_enum, num_args = 0..=1, default_missing_value = "server", require_equals = true)]
    dry_run: Option<DryRun>,
    /// Take objects over that belong to another release, or to none
    #[arg(long)]
    take_ownership: bool,
    /// Take fields over that somebody else manages
    #[arg(long)]
    force_conflicts: bool,
    /// Go on from a revision whose maker died
    #[arg(long)]
    recover: bool,
    /// Leave hooks out
    #[arg(long)]
    no_hooks: bool,
    /// How many revisions are kept; 0 keeps all
    #[arg(long, value_name = "N", default_value_t = 10, env = "HELM_MAX_HISTORY")]
    history_max: usize,
    /// What `history` says of it
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DryRun {
    Client,
    Server,
}

impl ChangeArgs {
    pub(super) fn options(&self, create_namespace: Option<BTreeMap<String, String>>, skip_crds: bool) -> Options {
        Options {
            wait: self.wait,
            wait_for_jobs: self.wait_for_jobs,
            timeout: self.timeout,
            rollback_on_failure: self.rollback_on_failure,
            create_namespace,
            skip_crds,
            no_hooks: self.no_hooks,
            take_ownership: self.take_ownership,
            force_conflicts: self.force_conflicts,
            check_new: self.dry_run == Some(DryRun::Server),
            recover: self.recover,
            history_max: self.history_max,
            description: self.description.clone(),
        }
    }

    /// Whether nothing is to be changed.
    pub(super) const fn is_only_planned(&self) -> bool {
        self.dry_run.is_some()
    }

    /// Plans it, and does it unless only the plan was asked for.
    pub(super) async fn change(
        &self,
        client: &Client,
        goal: Goal,
        content: Content,
        revisions: Vec<Revision>,
        options: Options,
    ) -> anyhow::Result<Outcome> {
        let mut change = Change::prepare(client, goal, content, revisions, options).await?;
        if goal == Goal::Install {
            let begun = Instant::now();
            tell_of_room(client, &change.plan).await;
            change.put_off(begun.elapsed());
        }
        if self.dry_run.is_some() {
            output::product(&install::differences(&change.plan))?;
            output::say(&format!("{}; nothing was changed", summary(&change.plan)));
            return Ok(Outcome::Done);
        }
        let notes = change.notes().to_owned();
        let counts = done(&change.plan);
        match install::carry_out(client, change, &mut Progress::new()).await {
            Ok(record) => {
                output::say(&format!(
                    "revision {} of {} is {} ({counts})",
                    record.version, record.name, record.info.status
                ));
                output::product(&format!("{}\n", notes.trim_end()))?;
                Ok(Outcome::Done)
            }
            Err(err) => Ok(failed(&err)),
        }
    }
}

/// Says what there is no room for on the nodes. There may be later: it is installed all the same.
async fn tell_of_room(client: &Client, plan: &Plan) {
    let looked = tokio::time::timeout(LOOK, install::capacity(client, plan)).await;
    // Who may not look, or gets no answer, is told so by `preflight`.
    for one in looked.into_iter().flatten().flatten().filter(|one| one.verdict == Verdict::Warning) {
        output::say(&format!("warning: {}\n  {}", one.seen, one.hint));
    }
}

/// Something that was begun did not come to its end.
pub(super) fn failed(err: &InstallError) -> Outcome {
    for (place, line) in err.to_string().lines().enumerate() {
        output::say(&if place == 0 { format!("error: {line}") } else { format!("  {line}") });
    }
    Outcome::No
}

const ACTIONS: [Action; 5] = [Action::Create, Action::Change, Action::Delete, Action::Keep, Action::Same];

/// `3 to create, 1 to change, 40 as they are`.
pub(super) fn summary(plan: &Plan) -> String {
    let text = counts(plan, |action| match action {
        Action::Create => "to create",
        Action::Change => "to change",
        Action::Delete => "to delete",
        Action::Keep => "to keep",
        Action::Same => "as they are",
    });
    match plan.all().filter(|step| step.taken.is_some()).count() {
        0 => text,
        count => format!("{text}; {count} with conflicts"),
    }
}

/// `3 created, 1 changed, 40 unchanged`.
fn done(plan: &Plan) -> String {
    counts(plan, Action::done)
}

fn counts(plan: &Plan, word: fn(Action) -> &'static str) -> String {
    let counts = ACTIONS.iter().map(|action| (plan.count(*action), word(*action))).filter(|(count, _)| *count > 0);
    let text = counts.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(", ");
    if text.is_empty() { "nothing in it".into() } else { text }
}

/// Seconds, or a number with `s`, `m` or `h`.
pub(in super::super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: write `300`, `90s`, `5m` or `1h`");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    let unit = match text.get(digits.len()..).unwrap_or_default() {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(wrong()),
    };
    Ok(Duration::from_secs(number.checked_mul(unit).ok_or_else(wrong)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, seconds) in [("300", 300), ("90s", 90), ("5m", 300), ("1h", 3600)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)));
        }
        for text in ["", "m", "5 m", "1.5m", "-1", "3d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
