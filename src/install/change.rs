//! An install, an upgrade or a rollback: they differ in where their content comes from and in the words of the record.

use std::collections::BTreeMap;

use kube::Client;
use kube::api::DeleteParams;
use tokio::time::{Duration, Instant, timeout_at};

use crate::cluster::{AsCluster, ClusterError, Kinds, patiently};
use crate::release::{History, HistoryError, Info, Record, Revision, Status, now};
use crate::render::Object;

use super::uninstall::{self, Removal};
use super::wait::Awaited;
use super::{
    Action, Content, InstallError, Plan, Planner, Reporter, apply, crds, hooks, manifest, namespace, recover, wait,
};

/// After a failure, so long is tried to write it down.
const CLOSING: Duration = Duration::from_mins(1);

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The first revision.
    Install,
    /// The next one.
    Upgrade,
    /// The next one, with the content of an old one.
    Rollback(u32),
}

impl Goal {
    const fn pending(self) -> (Status, &'static str) {
        match self {
            Self::Install => (Status::PendingInstall, "Initial install underway"),
            Self::Upgrade => (Status::PendingUpgrade, "Preparing upgrade"),
            Self::Rollback(_) => (Status::PendingRollback, "Rollback underway"),
        }
    }

    fn done(self) -> String {
        match self {
            Self::Install => "Install complete".into(),
            Self::Upgrade => "Upgrade complete".into(),
            Self::Rollback(to) => format!("Rollback to {to}"),
        }
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::Install => "Release",
            Self::Upgrade => "Upgrade",
            Self::Rollback(_) => "Rollback",
        }
    }

    const fn events(self) -> (&'static str, &'static str) {
        match self {
            Self::Install => ("pre-install", "post-install"),
            Self::Upgrade => ("pre-upgrade", "post-upgrade"),
            Self::Rollback(_) => ("pre-rollback", "post-rollback"),
        }
    }
}

/// How it is done.
#[derive(Clone, Debug)]
pub struct Options {
    /// Until all of it works.
    pub wait: bool,
    /// And until its Jobs are complete.
    pub wait_for_jobs: bool,
    /// For all of it together, from the plan on. What brings back what was before has as long again.
    pub timeout: Duration,
    /// A failed upgrade is rolled back, a failed install taken away.
    pub rollback_on_failure: bool,
    /// Makes namespaces that are missing, with these labels.
    pub create_namespace: Option<BTreeMap<String, String>>,
    /// Leaves definitions as they are.
    pub skip_crds: bool,
    /// Leaves hooks out.
    pub no_hooks: bool,
    /// Takes objects that no release has.
    pub take_ownership: bool,
    /// Takes fields that others manage.
    pub force_conflicts: bool,
    /// The API server checks new objects before the first write.
    pub check_new: bool,
    /// Goes on from a revision whose maker died.
    pub recover: bool,
    /// So many revisions are kept; 0: all.
    pub history_max: usize,
    /// What `history` shows, in place of our own words.
    pub description: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            wait: true,
            wait_for_jobs: false,
            timeout: Duration::from_mins(5),
            rollback_on_failure: false,
            create_namespace: None,
            skip_crds: false,
            no_hooks: false,
            take_ownership: false,
            force_conflicts: false,
            check_new: false,
            recover: false,
            history_max: 10,
            description: None,
        }
    }
}

/// A change that was planned; nothing was written yet.
pub struct Change {
    /// What it will do.
    pub plan: Plan,
    goal: Goal,
    content: Content,
    options: Options,
    history: History,
    revisions: Vec<Revision>,
    kinds: Kinds,
    end: Instant,
}

impl Change {
    /// Plans a change. Whatever is in its way is said here, before anything is written.
    pub async fn prepare(
        client: &Client,
        goal: Goal,
        content: Content,
        revisions: Vec<Revision>,
        options: Options,
    ) -> Result<Self, InstallError> {
        let end = Instant::now() + options.timeout;
        let release = &content.release;
        if let Some(interrupted) = super::interrupted(&revisions)
            && (!options.recover || interrupted.alive == Some(true))
        {
            return Err(InstallError::Interrupted(interrupted));
        }
        let standing = revisions.iter().rfind(|one| one.record.info.status != Status::Uninstalled);
        let goal = match (goal, standing) {
            // What an interrupted install left is finished by the next revision.
            (Goal::Install, Some(_)) if options.recover => Goal::Upgrade,
            (Goal::Install, Some(last)) => {
                return Err(InstallError::Exists {
                    release: release.name.clone(),
                    namespace: release.namespace.clone(),
                    version: last.record.version,
                    status: last.record.info.status.word(),
                });
            }
            (Goal::Upgrade | Goal::Rollback(_), None) => {
                return Err(InstallError::Missing {
                    release: release.name.clone(),
                    namespace: release.namespace.clone(),
                });
            }
            (goal, _) => goal,
        };
        let history = History::new(client.clone(), &release.namespace, &release.name)?;
        let kinds = Kinds::new(client.clone());
        let planner = Planner {
            client,
            kinds: &kinds,
            take_ownership: options.take_ownership,
            force_conflicts: options.force_conflicts,
            skip_crds: options.skip_crds,
            check_new: options.check_new,
        };
        let old = in_place(&revisions)?;
        // An API server that takes requests and does not answer them ends this, too.
        let planned = timeout_at(end, planner.plan(&content, &old)).await;
        let plan = planned.unwrap_or_else(|_| Err(late("the plan", &options)))?;
        if !plan.namespaces.is_empty() && options.create_namespace.is_none() {
            return Err(InstallError::NoNamespace(plan.namespaces));
        }
        let change = Self { plan, goal, content, options, history, revisions, kinds, end };
        // What would be too large is said now, and not when half of it is applied.
        change.history.measure(&change.content.record(change.version(), Info::default()))?;
        Ok(change)
    }

    /// Gives it so much longer: what was done beside it takes nothing of its time.
    pub fn put_off(&mut self, by: Duration) {
        self.end += by;
    }

    /// What is printed when it is done.
    pub fn notes(&self) -> &str {
        self.content.notes()
    }

    /// The number of the revision that it makes.
    pub fn version(&self) -> u32 {
        self.revisions.last().map_or(0, |last| last.record.version) + 1
    }
}

/// The objects that may be there: those of the revision in force, and of every later one, which may have made some and failed.
pub(super) fn in_place(revisions: &[Revision]) -> Result<Vec<Object>, InstallError> {
    let in_force = revisions.iter().rposition(|one| one.record.info.status == Status::Deployed);
    let first = in_force.unwrap_or_else(|| revisions.len().saturating_sub(1));
    let mut all: Vec<Object> = Vec::new();
    for one in revisions.get(first..).unwrap_or_default().iter().rev() {
        let whose = format!("revision {} of {}", one.record.version, one.record.name);
        for object in manifest::read(&one.record.manifest, &whose)? {
            let same = |known: &Object| {
                (&known.kind, &known.name, &known.namespace) == (&object.kind, &object.name, &object.namespace)
                    && known.api_version == object.api_version
            };
            if !all.iter().any(same) {
                all.push(object);
            }
        }
    }
    Ok(all)
}

/// Does what was planned, and writes down how it went. On a failure the record says so; with `rollback_on_failure` what was
/// before is brought back.
pub async fn carry_out(
    client: &Client,
    mut change: Change,
    reporter: &mut dyn Reporter,
) -> Result<Record, InstallError> {
    let (goal, release, end) = (change.goal, change.content.release.clone(), change.end);
    let labels = change.options.create_namespace.clone().unwrap_or_default();
    for name in &change.plan.namespaces {
        patiently(end, async || namespace::create(client, name, &labels, &release).await).await?;
        reporter.step(&format!("created Namespace {name}"));
    }
    close_interrupted(&mut change, end).await?;
    change.history.prune(&change.revisions, change.options.history_max).await?;
    let (status, description) = goal.pending();
    let first_deployed = change.revisions.first().map_or_else(now, |first| first.record.info.first_deployed);
    let info =
        Info { first_deployed, last_deployed: now(), status, description: description.into(), ..Info::default() };
    let record = change.content.record(change.version(), info);
    let holder = recover::holder();
    let mut revision = patiently(end, async || change.history.create(record.clone(), &holder).await).await?;

    let outcome = tokio::select! {
        done = timeout_at(end + Duration::from_secs(5), work(client, &mut change, end, reporter)) => {
            done.unwrap_or_else(|_| Err(late(&format!("the {}", goal.noun().to_lowercase()), &change.options)))
        }
        () = signal() => Err(InstallError::Signal),
    };
    let closing = Instant::now() + CLOSING;
    revision.record.hooks = change.content.record(revision.record.version, Info::default()).hooks;
    match outcome {
        Ok(()) => {
            let in_force = change.revisions.iter_mut().filter(|one| one.record.info.status == Status::Deployed);
            for old in in_force {
                old.record.info.status = Status::Superseded;
                patiently(closing, async || change.history.update(old).await).await?;
            }
            revision.record.info.status = Status::Deployed;
            revision.record.info.description = change.options.description.clone().unwrap_or_else(|| goal.done());
            patiently(closing, async || change.history.update(&mut revision).await).await?;
            Ok(revision.record)
        }
        Err(err) => {
            revision.record.info.status = Status::Failed;
            revision.record.info.description = format!("{} {:?} failed: {err}", goal.noun(), release.name);
            patiently(closing, async || change.history.update(&mut revision).await).await?;
            if change.options.rollback_on_failure && !matches!(err, InstallError::Signal) {
                Box::pin(undo(client, &change, revision, reporter)).await?;
            }
            Err(err)
        }
    }
}

async fn work(
    client: &Client,
    change: &mut Change,
    end: Instant,
    reporter: &mut dyn Reporter,
) -> Result<(), InstallError> {
    let Change { plan, goal, content, options, kinds, .. } = change;
    crds::carry_out(client, &plan.crds, options.force_conflicts, end).await?;
    for step in plan.crds.iter().filter(|step| step.action != Action::Same) {
        reporter.step(&format!("{} {}", step.action.done(), step.title()));
    }
    kinds.forget();
    let (before, after) = goal.events();
    if !options.no_hooks {
        hooks::run(client, kinds, content, before, end, reporter).await?;
    }
    for step in &plan.steps {
        match step.action {
            Action::Create | Action::Change => {
                patiently(end, async || apply::apply(client, step, options.force_conflicts).await).await?;
            }
            Action::Delete => {
                patiently(end, async || apply::delete(client, step, DeleteParams::background()).await).await?;
            }
            Action::Same | Action::Keep => continue,
        }
        reporter.step(&format!("{} {}", step.action.done(), step.title()));
    }
    if options.wait {
        let stays = plan.steps.iter().filter(|step| !matches!(step.action, Action::Delete | Action::Keep));
        wait::until_ready(client, stays.map(Awaited::of).collect(), options.wait_for_jobs, end, reporter).await?;
    }
    if !options.no_hooks {
        hooks::run(client, kinds, content, after, end, reporter).await?;
    }
    Ok(())
}

fn late(doing: &str, options: &Options) -> InstallError {
    InstallError::TimedOut { doing: doing.to_owned(), seconds: options.timeout.as_secs() }
}

/// A revision whose maker died is marked as failed: from then on Helm, too, can go on.
async fn close_interrupted(change: &mut Change, end: Instant) -> Result<(), InstallError> {
    let Some(last) = change.revisions.last_mut() else { return Ok(()) };
    if last.record.info.status.is_pending() {
        last.record.info.description = format!("Interrupted while {}; recovered", last.record.info.status);
        last.record.info.status = Status::Failed;
        patiently(end, async || change.history.update(last).await).await?;
    }
    Ok(())
}

/// Brings back what was before. It has as long as what failed had, as Helm's has: of the time of that, nothing may be left.
async fn undo(
    client: &Client,
    change: &Change,
    failed: Revision,
    reporter: &mut dyn Reporter,
) -> Result<(), InstallError> {
    let before = change.revisions.iter().rfind(|one| one.record.info.status == Status::Deployed);
    let mut revisions = change.revisions.clone();
    let version = failed.record.version;
    revisions.push(failed);
    match before {
        None => {
            reporter.step(&format!("revision {version} failed: taking it away"));
            let removal = Removal { timeout: change.options.timeout, ..Removal::default() };
            uninstall::uninstall(client, &change.content.release, revisions, &removal, reporter).await?;
        }
        Some(before) => {
            let to = before.record.version;
            reporter.step(&format!("revision {version} failed: rolling back to revision {to}"));
            let options = Options {
                rollback_on_failure: false,
                description: None,
                force_conflicts: true,
                ..change.options.clone()
            };
            let content = Content::recorded(&before.record)?;
            let back = Change::prepare(client, Goal::Rollback(to), content, revisions, options).await?;
            carry_out(client, back, reporter).await?;
        }
    }
    Ok(())
}

/// Ends when somebody wants us to stop.
pub(super) async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

impl AsCluster for InstallError {
    fn as_cluster(&self) -> Option<&ClusterError> {
        match self {
            Self::Cluster(err) | Self::History(HistoryError::Cluster(err)) => Some(err),
            _ => None,
        }
    }
}
