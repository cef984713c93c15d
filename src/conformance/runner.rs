//! Takes checks through: what they need, their time, their order, and what they leave behind.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::check::{Mode, Stop};
use super::report::{Entry, Report, Status};
use super::scene::{Scene, SceneError, Stage, Wanted};
use super::{Check, Need, Selection};
use crate::cluster::Client;

/// What is run and how.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which release, and with what.
    pub wanted: Wanted,
    /// Which checks.
    pub selection: Selection,
    /// How many at a time.
    pub parallel: usize,
    /// Leave everything where it is.
    pub keep: bool,
}

/// What the person who waits may want to see.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// Something is under way.
    Note(String),
    /// A check has ended.
    Ended(&'a Entry),
}

/// Why nothing could be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is no such release, or no agent of it.
    #[error("{0}")]
    Scene(String),
}

impl From<SceneError> for RunError {
    fn from(err: SceneError) -> Self {
        Self::Scene(err.to_string())
    }
}

/// Runs what is selected, until all of it has ended or `interrupted`; then cleans up.
pub async fn run(
    client: Client,
    plan: &Plan,
    interrupted: impl Future<Output = ()>,
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<Report, RunError> {
    let begun = (SystemTime::now(), Instant::now());
    let mut chosen: Vec<&'static Check> =
        super::checks().into_iter().filter(|check| plan.selection.has(check)).collect();
    chosen.sort_by_key(|check| check.mode);
    let agent = chosen.iter().any(|check| check.needs.iter().any(|need| inside(*need)));
    let scene = Arc::new(Scene::set(client, &plan.wanted, agent, &mut |text| tell(Event::Note(text))).await?);
    let mut entries = Vec::new();
    let ended = tokio::select! {
        () = all(&scene, plan, &chosen, &mut entries, tell) => true,
        () = interrupted => false,
    };
    if !ended {
        tell(Event::Note("interrupted: cleaning up".to_owned()));
        for check in &chosen {
            if !entries.iter().any(|entry: &Entry| entry.id == check.id) {
                entries.push(Entry::of(
                    check,
                    Status::Skipped,
                    Duration::ZERO,
                    "the run was interrupted".to_owned(),
                    None,
                ));
            }
        }
    }
    if plan.keep {
        tell(Event::Note(format!("kept: objects with the label {}", scene.mark())));
    } else if let Err(err) = scene.clear().await {
        tell(Event::Note(format!("not everything could be removed: {err}")));
    }
    let order = |entry: &Entry| super::checks().iter().position(|check| check.id == entry.id);
    entries.sort_by_key(order);
    let mut report = Report::new(scene.facts(), begun, entries);
    report.advice = scene.advice(&report.checks);
    Ok(report)
}

/// Whether somebody inside the cluster has to see it.
fn inside(need: Need) -> bool {
    matches!(need, Need::Agent | Need::Guests | Need::Identities)
}

async fn all(
    scene: &Arc<Scene>,
    plan: &Plan,
    chosen: &[&'static Check],
    entries: &mut Vec<Entry>,
    tell: &mut (dyn FnMut(Event<'_>) + Send),
) {
    let mut end = |entry: Entry| {
        tell(Event::Ended(&entry));
        entries.push(entry);
    };
    let (together, apart): (Vec<&'static Check>, Vec<_>) =
        chosen.iter().copied().partition(|check| check.mode == Mode::Parallel);
    let seats = Arc::new(Semaphore::new(plan.parallel.max(1)));
    let mut running = JoinSet::new();
    for check in together {
        if let Some(lack) = scene.lacks(check.needs, plan.selection.features.as_deref()) {
            end(Entry::unrun(check, lack));
            continue;
        }
        let (scene, seats, keep) = (Arc::clone(scene), Arc::clone(&seats), plan.keep);
        running.spawn(async move {
            // Nobody closes the room.
            let _seat = seats.acquire_owned().await;
            one(scene, check, keep).await
        });
    }
    while let Some(joined) = running.join_next().await {
        if let Ok(entry) = joined {
            end(entry);
        }
    }
    for check in apart {
        match scene.lacks(check.needs, plan.selection.features.as_deref()) {
            Some(lack) => end(Entry::unrun(check, lack)),
            None => end(one(Arc::clone(scene), check, plan.keep).await),
        }
    }
}

/// One check, and what it leaves behind.
async fn one(scene: Arc<Scene>, check: &'static Check, keep: bool) -> Entry {
    let begun = Instant::now();
    let stage = Stage::new(scene, check.id);
    let outcome = match tokio::time::timeout(check.limit, (check.run)(stage.clone())).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Stop::failed(format!("it was not done after {} s{}", check.limit.as_secs(), stage.doing()))),
    };
    let seconds = begun.elapsed();
    if !keep {
        // What is left is found again at the end of the run.
        _ = tokio::time::timeout(Duration::from_secs(20), stage.clear()).await;
    }
    match outcome {
        Ok(seen) => Entry::of(check, Status::Passed, seconds, seen, None),
        Err(Stop::Skipped(why)) => Entry::of(check, Status::Skipped, seconds, why, None),
        Err(Stop::Failed { seen, hint }) => {
            let hint = hint.unwrap_or_else(|| check.hint.to_owned());
            Entry::of(check, Status::Failed, seconds, seen, Some(hint))
        }
    }
}
