//! What a change will do, object by object, before it does anything.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use kube::Client;
use serde_json::Value;

use crate::cluster::{ClusterError, Kind, Kinds};
use crate::render::{Object, Release, install_rank};

use super::{Content, InstallError, apply, crds, marks, namespace};

/// Requests at a time: a plan of forty objects is read in a moment, and no API server notices it.
const AT_ONCE: usize = 8;

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is not there.
    Create,
    /// It is there and differs.
    Change,
    /// It is there as it should be.
    Same,
    /// It left the release.
    Delete,
    /// It left the release and is marked to stay.
    Keep,
}

impl Action {
    /// As it is told when it was done.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Change => "changed",
            Self::Same => "unchanged",
            Self::Delete => "deleted",
            Self::Keep => "kept",
        }
    }
}

/// One object of a plan.
#[derive(Clone, Debug)]
pub struct Step {
    /// What happens.
    pub action: Action,
    /// The object as it is applied, with its marks; of one that goes, what the old revision had.
    pub object: Object,
    /// What is there.
    pub before: Option<Value>,
    /// What will be there, as the API server says.
    pub after: Option<Value>,
    /// Fields of somebody else that are taken over, and whose they are.
    pub taken: Option<String>,
    pub(super) kind: Kind,
}

impl Step {
    /// `Deployment shop/web`.
    pub fn title(&self) -> String {
        title(&self.object)
    }
}

/// `Deployment shop/web`.
pub(super) fn title(object: &Object) -> String {
    match &object.namespace {
        Some(namespace) => format!("{} {namespace}/{}", object.kind, object.name),
        None => format!("{} {}", object.kind, object.name),
    }
}

/// All of it, in the order in which it is carried out.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Namespaces that are made first.
    pub namespaces: Vec<String>,
    /// Custom resource definitions.
    pub crds: Vec<Step>,
    /// The objects of the release; then those that leave it.
    pub steps: Vec<Step>,
}

impl Plan {
    /// Definitions and objects.
    pub fn all(&self) -> impl Iterator<Item = &Step> {
        self.crds.iter().chain(&self.steps)
    }

    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.namespaces.is_empty() && self.all().all(|step| matches!(step.action, Action::Same | Action::Keep))
    }

    /// How many steps do that.
    pub fn count(&self, action: Action) -> usize {
        self.all().filter(|step| step.action == action).count()
    }
}

/// Makes plans on one cluster.
pub struct Planner<'c> {
    /// The cluster.
    pub client: &'c Client,
    /// Its kinds.
    pub kinds: &'c Kinds,
    /// Objects that nobody's release has are taken into this one.
    pub take_ownership: bool,
    /// Fields that others manage are taken over.
    pub force_conflicts: bool,
    /// Definitions are left as they are.
    pub skip_crds: bool,
    /// The API server checks new objects too, by a dry run; those that are there it always checks.
    pub check_new: bool,
}

impl Planner<'_> {
    /// What it takes from the objects of the revisions before (`old`) to what `content` brings.
    pub async fn plan(&self, content: &Content, old: &[Object]) -> Result<Plan, InstallError> {
        let namespaces = self.missing_namespaces(content).await?;
        let crds = if self.skip_crds {
            crds::check_installed(self.client, &content.crds).await?;
            Vec::new()
        } else {
            crds::plan(self.client, &content.crds, self.force_conflicts).await?
        };
        let steps = stream::iter(&content.objects)
            .map(|object| self.step(object, content, &namespaces))
            .buffered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let mut steps = all_or_faults(steps)?;
        let stays = |gone: &Object| steps.iter().any(|step| same(&step.object, gone, &content.release));
        let mut gone: Vec<&Object> = old.iter().filter(|object| !stays(object)).collect();
        // Last in is first out.
        gone.sort_by(|a, b| install_rank(&b.kind).cmp(&install_rank(&a.kind)));
        let leaving: Vec<Option<Step>> = stream::iter(gone)
            .map(|object| self.leaving(object, &content.release))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        steps.extend(leaving.into_iter().flatten());
        Ok(Plan { namespaces, crds, steps })
    }

    /// Namespaces of the release and of its objects that are neither there nor among the objects.
    async fn missing_namespaces(&self, content: &Content) -> Result<Vec<String>, InstallError> {
        let named = content.objects.iter().filter_map(|object| object.namespace.clone());
        let wanted: BTreeSet<String> = named.chain([content.release.namespace.clone()]).collect();
        let mut missing = Vec::new();
        for name in wanted {
            let made = content.objects.iter().any(|object| object.kind == "Namespace" && object.name == name);
            if !made && !namespace::exists(self.client, &name).await? {
                missing.push(name);
            }
        }
        Ok(missing)
    }

    async fn step(&self, object: &Object, content: &Content, empty: &[String]) -> Result<Step, InstallError> {
        let release = &content.release;
        let mut object = object.clone();
        marks::mark(&mut object.value, release);
        let (kind, served) = match self.kinds.find(&object.api_version, &object.kind).await {
            Ok(kind) => (kind, true),
            // Its definition is among those that are applied first.
            Err(missing) => (crds::kind_of(&content.crds, &object).ok_or(missing)?, false),
        };
        if kind.namespaced {
            object.namespace.get_or_insert_with(|| release.namespace.clone());
        }
        let new = |object| Step {
            action: Action::Create,
            object,
            before: None,
            after: None,
            taken: None,
            kind: kind.clone(),
        };
        if object.namespace.as_ref().is_some_and(|own| kind.namespaced && empty.contains(own)) {
            return Ok(new(object));
        }
        let live = apply::get(self.client, &kind, &object).await?;
        let Some(live) = live else {
            // An API server that does not know the kind has nothing to say about it.
            if self.check_new && served {
                apply::try_out(self.client, &kind, &object, None, self.force_conflicts).await?;
            }
            return Ok(new(object));
        };
        if let Some(why) = marks::foreign(&live, release).filter(|_| !self.take_ownership) {
            return Err(InstallError::Owned(format!(
                "the {} {why}; say --take-ownership to take it over",
                title(&object)
            )));
        }
        let (after, taken) = match apply::try_out(self.client, &kind, &object, Some(&live), false).await {
            Err(InstallError::Conflict { fields, .. }) if self.force_conflicts => {
                (apply::try_out(self.client, &kind, &object, Some(&live), true).await?, Some(fields))
            }
            tried => (tried?, None),
        };
        let action = if apply::settled(&live) == apply::settled(&after) { Action::Same } else { Action::Change };
        Ok(Step { action, object, before: Some(live), after: Some(after), taken, kind })
    }

    async fn leaving(&self, object: &Object, release: &Release) -> Result<Option<Step>, InstallError> {
        // A kind that is gone took its objects along.
        let Ok(kind) = self.kinds.find(&object.api_version, &object.kind).await else { return Ok(None) };
        let mut object = object.clone();
        if kind.namespaced {
            object.namespace.get_or_insert_with(|| release.namespace.clone());
        }
        let live = apply::get(self.client, &kind, &object).await?;
        let Some(live) = live.filter(|live| marks::is_of(live, release)) else { return Ok(None) };
        let action = if marks::is_kept(&live) { Action::Keep } else { Action::Delete };
        Ok(Some(Step { action, object, before: Some(live), after: None, taken: None, kind }))
    }
}

/// Whether two revisions mean one object, whatever version of its group they write it in.
fn same(a: &Object, b: &Object, release: &Release) -> bool {
    let group = |object: &Object| object.api_version.split_once('/').map(|(group, _)| group.to_owned());
    let place = |object: &Object| object.namespace.clone().unwrap_or_else(|| release.namespace.clone());
    a.kind == b.kind && a.name == b.name && group(a) == group(b) && place(a) == place(b)
}

/// All steps; or all that is in their way, so that it can be put right in one go.
fn all_or_faults(steps: Vec<Result<Step, InstallError>>) -> Result<Vec<Step>, InstallError> {
    let (mut good, mut faults) = (Vec::new(), Vec::new());
    for step in steps {
        match step {
            Ok(step) => good.push(step),
            Err(fault) if is_of_the_object(&fault) => faults.push(fault),
            // Of a cluster that does not answer the others would say the same.
            Err(err) => return Err(err),
        }
    }
    match faults.len() {
        0 => Ok(good),
        1 => Err(faults.remove(0)),
        _ => Err(InstallError::Several(faults.iter().map(ToString::to_string).collect())),
    }
}

/// Whether others may go through where one has that fault.
fn is_of_the_object(fault: &InstallError) -> bool {
    match fault {
        InstallError::Owned(_) | InstallError::Conflict { .. } => true,
        InstallError::Cluster(err) => matches!(err, ClusterError::Refused { .. }) && !err.is_passing(),
        _ => false,
    }
}
